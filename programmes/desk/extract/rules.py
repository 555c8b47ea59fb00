"""What a person's own extract holds (GDPR art. 15), what it leaves out and why, and who may be handed one. Pure.

Every column of every table that hangs on a person stands in one of two lists here, and a test holds them to the schema: a
new one fails it until somebody has decided. The queries are made from the first list, so what stands there is handed out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from programmes.core.clock import local_date
from programmes.core.retention_rules import years_after

FORMAT, VERSION = "registerutdrag", 1
# How staff made sure who asks: they were shown an identity document, they know the person, or it is sent by post to the
# address where the person is registered, whoever asked.
How = Literal["shown", "known", "sent_home"]
HOWS: tuple[How, ...] = get_args(How)
# So long after the check the file can be taken out.
GOOD_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Candidate:
    """An enrolment that looks like the same person's, and is in the extract only when its own page says so. `number_read`:
    somebody has read its number off a document; else it is only what was typed."""

    label: str
    group: str
    cohort_id: int
    enrolment_id: UUID
    number_read: bool


# Columns that are handed out under their own names, table by table. `sealed` of a record is opened first.
HANDED_OUT: Mapping[str, tuple[str, ...]] = {
    "participant": ("protected_identity", "created_at", "changed_at", "contact_changed_at", "sealed"),
    "retention_hold": ("reason", "until", "set_at", "lifted_at"),
    "identity_check": ("how", "at", "number_read"),
    "record_look": ("at", "page", "reason"),
    "enrolment": (
        "state", "arrival", "turn", "order_reason", "passed_at", "applied_at", "confirmed_at", "offer_expires_at",
        "ended_at", "skip_reason", "proof_checked_at", "proof_ticked", "guardian_ticked", "partner_consent", "language",
        "declared_for", "age_checked_for", "only_waited", "visit_cancelled_at", "place_since", "visit_anew_since",
        "undo_until", "left_from",
        "asked_to_come", "contact_bounced",
    ),
    "seat": ("number",),
    "queue_event": ("at", "kind", "reason", "turn_before", "turn_after"),
    "condition_met": ("condition", "met_at", "counted_for"),
    "condition_unmet": ("condition",),
    "study_visit": ("state", "person_goes_on", "staff_goes_on", "booked_at", "marked_at"),
    "agreement": ("accepted_at", "how"),
    "place_session": ("ends_at",),
    "can_then": ("asked_at", "can"),
    "attendance": ("mark", "marked_at"),
    "notice": ("kind", "state", "created_at", "sent_at"),
    "notice_attempt": ("failed_at",),
    "notice_call": ("at",),
    "feed": ("created_at", "revoked_at", "titled_at", "sealed_title"),
}  # fmt: skip

_ROW = "only ties rows together, and says nothing about the person"
_STAFF = "who of staff it was is not data about the person (C-579/21); they are told when, where and for what"
_SECRET = "a secret or a hash by which something is found; what it leads to is handed out"  # noqa: S105
_PARTNER = "another person's data, and whether there is a contact at all must not be learnt from the extract (2.14)"
_CALENDAR = "how the calendar is served, not what it says"
_APART = "about somebody else, too: that the two must not meet would tell each of the other (OSL 10:3)"
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "participant": {
        "id": _ROW,
        "protection_asked_at": "another record with the number asks; that there is one is nobody's to learn",
    },
    "retention_hold": {"id": _ROW, "participant_id": _ROW, "set_by": _STAFF, "lifted_by": _STAFF},
    "archive_item": {
        "id": _ROW,
        "batch_id": "in which file for the archive a record is that is about to go; the file goes with it",
        "participant_id": _ROW,
    },
    "person_lookup": {"id": _ROW, "participant_id": _ROW, "kind": _SECRET, "digest": _SECRET, "made_under": _SECRET},
    "identity_check": {"id": _ROW, "participant_id": _ROW, "staff_id": _STAFF},
    "record_look": {
        "id": _ROW,
        "participant_id": _ROW,
        "cohort_id": "handed out as the group's name",
        "staff_id": _STAFF,
        "protected": "repeats the record's own mark",
        "own_name": "about who looked: whether their name is alike",
    },
    "enrolment": {
        "id": _ROW,
        "cohort_id": "handed out as the group's name",
        "participant_id": _ROW,
        "key_id": _SECRET,
        "sealed": "the code to Min plats, which opens it for whoever holds the paper; alias and contact are empty here",
        "code_digest": _SECRET,
        "once_digest": _SECRET,
        "proof_checked_by": _STAFF,
        "consent_withdrawn_at": "whether staff have seen something; the person's own answer is handed out",
        "left_slot_id": "the booked visit that comes back if leaving is undone within the hour; it is said on the page",
        "together_id": "of siblings whom nobody documents: never set beside a record",
    },
    "partner_record": {"id": _PARTNER, "enrolment_id": _PARTNER, "sealed": _PARTNER, "kept_at": _PARTNER},
    "seat": {"id": _ROW, "cohort_id": _ROW, "maximum": "the group's", "enrolment_id": _ROW},
    "kept_apart": {"id": _ROW, "enrolment_id": _APART, "other_id": _APART},
    "queue_event": {"id": _ROW, "enrolment_id": _ROW, "staff_id": _STAFF},
    "condition_met": {"id": _ROW, "enrolment_id": _ROW},
    "condition_unmet": {"id": _ROW, "enrolment_id": _ROW},
    "study_visit": {"id": _ROW, "slot_id": "handed out as time and place", "enrolment_id": _ROW},
    "agreement": {"id": _ROW, "enrolment_id": _ROW, "text_id": "handed out as kind and version"},
    "can_then": {"id": _ROW, "enrolment_id": _ROW},
    "place_session": {"id": _SECRET, "enrolment_id": _ROW},
    "attendance": {"id": _ROW, "session_id": "handed out as its time", "enrolment_id": _ROW},
    "notice": {
        "id": _ROW,
        "enrolment_id": _ROW,
        "session_id": "handed out as its time",
        "handed_over_at": "how sending is kept in order: that a server did not say whether it had taken it",
        "shown_at": "how calls are kept in order: that somebody was to ring and has not said what came of it",
        "look_again_at": "how sending is kept in order, within a quarter of an hour",
        "believed": "when sessions of the group were before a message about them, not about the person",
    },
    "notice_attempt": {"id": _ROW, "notice_id": _ROW, "error": "a class of technical error, not about the person"},
    "notice_call": {
        "id": _ROW,
        "notice_id": _ROW,
        "reached": "calls in vain are handed out; that somebody was reached stands with the message",
    },
    "feed": {
        "id": _ROW,
        "enrolment_id": _ROW,
        "cohort_id": "empty in a person's calendar",
        "staff_id": "empty in a person's calendar",
        "group_id": "empty in a person's calendar",
        "member_id": "empty in a person's calendar",
        "kind": _CALENDAR,
        "generation": _CALENDAR,
        "token_digest": _SECRET,
        "revised_at": _CALENDAR,
        "body_digest": _SECRET,
        "title_revision": _CALENDAR,
    },
}
# Tables that tell of a person by an id in a text or a column without a foreign key, and stay out as a whole.
OUTSIDE: Mapping[str, str] = {
    "audit_entry": "what staff and the service did, by ids; what became of the person is handed out where it is kept",
    "key_destruction": "keys on their way out; gone within seconds",
}


@dataclass(frozen=True)
class Kept:
    """One enrolment as the rule of retention sees it."""

    ended: bool
    only_waited: bool


Rule = Literal["in_use", "end_of_queue", "years_after_last_note"]


def ways_for(protected: bool) -> tuple[How, ...]:
    """How identity may be checked: somebody of protected identity comes in person and shows who they are. Their record has
    no address that it may be sent to, and who says that they know them may be who looks for them."""
    return ("shown",) if protected else HOWS


def still_good(checked_at: datetime, now: datetime) -> bool:
    """Whether a check was made so lately that the extract may be handed out."""
    return timedelta(0) <= now - checked_at < GOOD_FOR


def kept_until(ways: Iterable[Kept], noted: datetime | None, years: int) -> tuple[Rule, date | None]:
    """By which rule a record goes, and the local day until which it is kept, if that is known: not while a place is alive,
    nor for who only waited. `noted`: the last note about the person; `years`: how long records are kept after it."""
    found = list(ways)
    if not found or noted is None or not all(way.ended for way in found):
        return "in_use", None
    if all(way.only_waited for way in found):
        return "end_of_queue", None
    return "years_after_last_note", years_after(local_date(noted), years)


def columns(table: str) -> str:
    """The columns of a table that are handed out, for a query that calls it `t`."""
    return ", ".join(f"t.{name}" for name in HANDED_OUT[table])


def plain(value: Any) -> Any:
    """A value as JSON holds it: moments in UTC and days as ISO 8601, numbers as numbers."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else float(value)
