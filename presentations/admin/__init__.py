"""The allocation board and the talks in the admin: read here, changed through the same actions.

Every button is a POST with a nonce. What a person of another course asks for does not exist.
"""

from presentations.admin.rounds import PreferenceRoundAdmin
from presentations.admin.rows import AllocationAdmin, PreferenceListAdmin, PresenterAdmin
from presentations.admin.talks import PresentationAdmin

__all__ = [
    "AllocationAdmin",
    "PreferenceListAdmin",
    "PreferenceRoundAdmin",
    "PresentationAdmin",
    "PresenterAdmin",
]
