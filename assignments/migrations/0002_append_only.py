from django.db import migrations

from seminar.lib.append_only import triggers


class Migration(migrations.Migration):
    dependencies = [("assignments", "0001_initial")]
    operations = [
        triggers("assignments_storedfile"),
        triggers("assignments_submission"),
    ]
