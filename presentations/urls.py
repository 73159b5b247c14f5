from typing import Any

app_name = "presentations"
urlpatterns: list[Any] = []
