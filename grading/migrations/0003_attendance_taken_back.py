
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0001_initial'),
        ('grading', '0002_append_only'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='attendancemark',
            name='grading_attendance_status_known',
        ),
        migrations.AlterField(
            model_name='attendancemark',
            name='status',
            field=models.CharField(blank=True, choices=[('in_room', 'In room'), ('online', 'Online'), ('late', 'Late'), ('excused', 'Excused'), ('absent', 'Absent')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='attendancemark',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['', 'in_room', 'online', 'late', 'excused', 'absent'])), name='grading_attendance_status_known'),
        ),
    ]
