"""Pages of preferences and talks."""

from presentations.views.finals import cancel_final_talk, finals
from presentations.views.imports import import_preferences, import_preferences_file
from presentations.views.pages import allocation, preferences, presentation, presentations, rounds

__all__ = [
    "allocation",
    "cancel_final_talk",
    "finals",
    "import_preferences",
    "import_preferences_file",
    "preferences",
    "presentation",
    "presentations",
    "rounds",
]
