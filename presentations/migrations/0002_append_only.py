from django.db import migrations

from seminar.lib.append_only import triggers


class Migration(migrations.Migration):
    dependencies = [("presentations", "0001_initial")]
    operations = [
        triggers("presentations_queueevent"),
    ]
