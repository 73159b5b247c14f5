from django.urls import path

from assignments import views

app_name = "assignments"
urlpatterns = [
    path("work", views.work, name="work"),
    path("work/<slug:key>", views.task, name="task"),
    path("work/<slug:key>/papers", views.choose_papers, name="choose_papers"),
    path("work/<slug:key>/edit", views.edit, name="edit"),
    path("work/<slug:key>/fields", views.save_field, name="save_field"),
    path("work/<slug:key>/draft", views.save_draft, name="save_draft"),
    path("work/<slug:key>/check", views.check, name="check"),
    path("work/<slug:key>/submissions", views.submit_report, name="submit_report"),
    path("work/<slug:key>/upload", views.upload, name="upload"),
    path("work/<slug:key>/files", views.submit_file, name="submit_file"),
    path("work/<slug:key>/files/<slug:code>", views.download, name="download"),
    path("work/<slug:key>/receipt/<slug:code>", views.receipt, name="receipt"),
    path("receipt/<slug:code>", views.verify_receipt, name="verify_receipt"),
    path("manage/tasks/<slug:key>", views.manage_task, name="manage_task"),
    path("manage/tasks/<slug:key>/extensions", views.grant_extension, name="grant_extension"),
]
