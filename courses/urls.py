from typing import Any

app_name = "courses"
urlpatterns: list[Any] = []
