"""What a line of the access log can say: on which page, and for which reason. Pure, and fixed: there is nowhere to write."""

from typing import Literal, get_args
from uuid import UUID

# Every page that shows documented people to staff. A new one needs a name here and in the constraint `known_page_looked_at`.
LookPage = Literal[
    "group",
    "person",
    "correct",
    "age",
    "refuse",
    "transfer",
    "roll_call",
    "print",
    "ring",
    "today",
    "queue",
    "queue_export",
    "visits",
    "readings",
    "search",
    "retention",
    "archive",
    "partner",
    "extract",
    "people_file",
    "retention_file",
]
LOOK_PAGES: tuple[LookPage, ...] = get_args(LookPage)
# Where people of protected identity stand by a number only, and nothing that is sealed about them is shown.
BY_NUMBER: frozenset[LookPage] = frozenset(
    {
        "group",
        "roll_call",
        "print",
        "ring",
        "today",
        "queue",
        "queue_export",
        "visits",
        "readings",
        "search",
        "retention",
        "people_file",
        "retention_file",
    }
)

# Whom a line names that found nobody: no record has this id.
NOBODY = UUID(int=0)

# Why somebody of a group that is over is looked at, and why a contact on a working list is shown.
LookReason = Literal["extract", "handover", "correction", "question"]
LOOK_REASONS: tuple[LookReason, ...] = get_args(LookReason)
RevealReason = Literal["changed", "absent", "offer", "asked"]
REVEAL_REASONS: tuple[RevealReason, ...] = get_args(RevealReason)

# For what the service itself reads a record while nobody of staff sees it: to write to the person or say how they can be
# reached, to know a form that is sent again, to hold an age to a rule, to write a record anew, to know on which day of a
# month somebody was born before their record is erased.
Purpose = Literal["reach", "same_form", "rule", "rewrite", "retention"]


def names_alike(staff: str, person: str) -> bool:
    """Whether somebody's record bears the name, or the last name, of who looks. An initial is no last name."""
    ours, theirs = (" ".join(name.casefold().split()) for name in (staff, person))
    if not ours or not theirs:
        return False
    last, other = ours.split()[-1], theirs.split()[-1]
    whole = len(ours.split()) > 1 and len(theirs.split()) > 1
    return ours == theirs or (whole and last == other and len(last.strip(".")) > 1)
