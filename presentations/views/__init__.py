"""Pages of preferences and talks."""

from presentations.views.finals import cancel_final_talk, finals
from presentations.views.pages import allocation, preferences, presentation, presentations, rounds

__all__ = [
    "allocation",
    "cancel_final_talk",
    "finals",
    "preferences",
    "presentation",
    "presentations",
    "rounds",
]
