"""Every write about rounds, lists, allocations and talks."""

from presentations.actions.allocations import allocate_round, publish_allocation
from presentations.actions.finals import cancel_final_talk, schedule_final_talk
from presentations.actions.imports import import_preferences, plan_of_preferences
from presentations.actions.lists import change_list, prepare_list, submit_list, withdraw_list
from presentations.actions.talks import assign_presenter, reassign_presentation

__all__ = [
    "allocate_round",
    "assign_presenter",
    "cancel_final_talk",
    "change_list",
    "import_preferences",
    "plan_of_preferences",
    "prepare_list",
    "publish_allocation",
    "reassign_presentation",
    "schedule_final_talk",
    "submit_list",
    "withdraw_list",
]
