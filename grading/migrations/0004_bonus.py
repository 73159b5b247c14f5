from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grading", "0003_attendance_taken_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="gradeitem",
            name="bonus",
            field=models.BooleanField(
                default=False,
                help_text="It comes on top: no part of the sum of its component.",
            ),
        ),
    ]
