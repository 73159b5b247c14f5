from typing import Any

app_name = "grading"
urlpatterns: list[Any] = []
