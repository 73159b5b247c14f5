from django.db import migrations

from seminar.lib.append_only import triggers


class Migration(migrations.Migration):
    dependencies = [("grading", "0001_initial")]
    operations = [
        triggers("grading_gradeentry"),
        triggers("grading_release"),
        triggers("grading_participationpoint"),
        triggers("grading_result"),
    ]
