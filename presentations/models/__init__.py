"""Who wants to present what, in which order they asked, who presents, and what changed since."""

from presentations.models.allocations import Allocation, Pin
from presentations.models.changes import PlaceOffer, Swap
from presentations.models.preferences import (
    PreferenceChoice,
    PreferenceList,
    PreferenceRound,
    QueueEvent,
    UnavailableMeeting,
    UnwantedPaper,
)
from presentations.models.projects import FinalProject, ProjectMember, Proposal, ProposalDecision
from presentations.models.talks import Presentation, Presenter, PresenterQuerySet, Slides

__all__ = [
    "Allocation",
    "FinalProject",
    "Pin",
    "PlaceOffer",
    "PreferenceChoice",
    "PreferenceList",
    "PreferenceRound",
    "Presentation",
    "Presenter",
    "PresenterQuerySet",
    "ProjectMember",
    "Proposal",
    "ProposalDecision",
    "QueueEvent",
    "Slides",
    "Swap",
    "UnavailableMeeting",
    "UnwantedPaper",
]
