"""Pages of preferences and talks."""

from presentations.views.capacity import change_capacity
from presentations.views.finals import cancel_final_talk, finals
from presentations.views.imports import import_preferences, import_preferences_file
from presentations.views.offers import accept_offer, decline_offer, offer
from presentations.views.pages import allocation, presentations
from presentations.views.ranking import preferences, rounds
from presentations.views.swaps import (
    accept_swap,
    decline_swap,
    propose_swap,
    swap,
    swap_presenters,
    withdraw_swap,
)
from presentations.views.talks import (
    confirm_presence,
    presentation,
    withdraw_from_talk,
    withdraw_presenter,
)

__all__ = [
    "accept_offer",
    "accept_swap",
    "allocation",
    "cancel_final_talk",
    "change_capacity",
    "confirm_presence",
    "decline_offer",
    "decline_swap",
    "finals",
    "import_preferences",
    "import_preferences_file",
    "offer",
    "preferences",
    "presentation",
    "presentations",
    "propose_swap",
    "rounds",
    "swap",
    "swap_presenters",
    "withdraw_from_talk",
    "withdraw_presenter",
    "withdraw_swap",
]
