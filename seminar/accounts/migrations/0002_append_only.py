from django.db import migrations

from seminar.lib.append_only import triggers


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        triggers("accounts_auditentry"),
        triggers("accounts_nonce"),
    ]
