"""Every write about rounds, lists, allocations and talks."""

from presentations.actions.allocations import allocate_round, publish_allocation
from presentations.actions.capacity import change_capacity
from presentations.actions.finals import cancel_final_talk, schedule_final_talk
from presentations.actions.imports import import_preferences, plan_of_preferences
from presentations.actions.late import enter_late_list
from presentations.actions.leaving import confirm_presence, leave_talks, withdraw_from_talk
from presentations.actions.lists import (
    change_list,
    check_list,
    prepare_list,
    submit_list,
    withdraw_list,
)
from presentations.actions.offers import (
    accept_offer,
    decline_offer,
    offer_all_free_places,
    offer_free_places,
)
from presentations.actions.pins import lift_pin, pin_student
from presentations.actions.swaps import (
    accept_swap,
    decline_swap,
    propose_swap,
    swap_presenters,
    withdraw_swap,
)
from presentations.actions.talks import assign_presenter, reassign_presentation

__all__ = [
    "accept_offer",
    "accept_swap",
    "allocate_round",
    "assign_presenter",
    "cancel_final_talk",
    "change_capacity",
    "change_list",
    "check_list",
    "confirm_presence",
    "decline_offer",
    "decline_swap",
    "enter_late_list",
    "import_preferences",
    "leave_talks",
    "lift_pin",
    "offer_all_free_places",
    "offer_free_places",
    "pin_student",
    "plan_of_preferences",
    "prepare_list",
    "propose_swap",
    "publish_allocation",
    "reassign_presentation",
    "schedule_final_talk",
    "submit_list",
    "swap_presenters",
    "withdraw_from_talk",
    "withdraw_list",
    "withdraw_swap",
]
