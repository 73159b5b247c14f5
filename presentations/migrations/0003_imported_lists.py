from django.db import migrations, models

from seminar.lib.append_only import triggers

# SQLite makes the table anew for a new column, and the trigger would go with the old one.
guard = triggers("presentations_queueevent")


class Migration(migrations.Migration):
    dependencies = [("presentations", "0002_append_only")]
    operations = [
        migrations.RunPython(guard.reverse_code, guard.code),
        migrations.AddField(
            model_name="queueevent",
            name="imported",
            field=models.BooleanField(db_default=False),
        ),
        triggers("presentations_queueevent"),
    ]
