"""What was sent to whom: kind and time, never text. Rows go with the enrolment."""

from piccolo.columns import UUID, Boolean, ForeignKey, Integer, Serial, SmallInt, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check
from piccolo.table import Table

from programmes.cohorts.tables import CohortSession
from programmes.enrolment.tables import Enrolment, VisitSlot
from programmes.people.tables import Staff


class Notice(Table, tablename="notice"):
    """One message to one person. `id` is also in its Message-ID, so that a repeat can be told apart."""

    id: UUID = UUID(primary_key=True, default=None)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=True, default=None)
    kind = Text(default=None)
    state = Text(default="waiting")
    created_at = Timestamptz(default=None)
    sent_at = Timestamptz(null=True, default=None)
    # Held for a time at which it may go: when that is looked at again; never that time itself, which tells of the person.
    look_again_at = Timestamptz(null=True, default=None)
    # Since when the person may have received it, or one that it outruns, although nobody knows: it was handed over, and no
    # answer said that it was not taken. Nothing while neither can have been received.
    handed_over_at = Timestamptz(null=True, default=None)
    # Since when they may have heard of it by a call: their number was shown to who was to ring, and nobody has said that
    # there was no answer. Apart from what servers answer, which takes back `handed_over_at` alone.
    shown_at = Timestamptz(null=True, default=None)
    # Of a change of sessions: of which, and how the person knew them before; numbers and times as JSON (`belief_rules`).
    believed = Text(null=True, default=None)
    notice_kind_is_a_name = Check("kind ~ '^[a-z_]{1,60}$'")
    known_notice_state = Check("state in ('waiting', 'sent', 'failed', 'no_channel')")


class NoticeAttempt(Table, tablename="notice_attempt"):
    """A try that failed, by the class of its error (never the server's words, which may repeat an address)."""

    id: Serial = Serial(primary_key=True)
    notice_id = ForeignKey(Notice, on_delete=OnDelete.cascade, null=False)
    failed_at = Timestamptz(default=None)
    error = Text(default=None)
    error_is_the_name_of_a_class = Check("error ~ '^[A-Za-z_]{1,80}[0-9]{0,3}$'")


class TextGateway(Table, tablename="text_gateway"):
    """Since when the gateway for texts has not answered as agreed, how many texts it was tried with since, and when last. No
    row while it answers as it should."""

    id = SmallInt(primary_key=True, default=None)
    since = Timestamptz(default=None)
    tries = Integer(default=None)
    last_try = Timestamptz(default=None)
    one_gateway = Check("id = 1")
    tried_at_least_once = Check("tries > 0")


class CarrierTrace(Table, tablename="carrier_trace"):
    """When the mail server, and when the gateway for texts, last took a message; of whom stands nowhere."""

    medium = Text(primary_key=True, default=None)
    took_at = Timestamptz(default=None)
    known_medium = Check("medium in ('mail', 'text')")


class NoticeCall(Table, tablename="notice_call"):
    """Staff rang about a message, or told the person at the door: whether they were reached. Goes with the message."""

    id: Serial = Serial(primary_key=True)
    notice_id = ForeignKey(Notice, on_delete=OnDelete.cascade, null=False, index=True)
    at = Timestamptz(default=None)
    reached = Boolean(default=False)


class StaffMessage(Table, tablename="staff_message"):
    """What a member of staff is told at once about a session or a study visit: kind and time, never text. Kept for 30 days.

    `outrun`: it was no longer so before it could go. `id` is also in its Message-ID.
    """

    id: UUID = UUID(primary_key=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=True, default=None)
    slot_id = ForeignKey(VisitSlot, on_delete=OnDelete.cascade, null=True, default=None, index=True)
    kind = Text(default=None)
    state = Text(default="waiting")
    created_at = Timestamptz(default=None)
    failures = Integer(default=0)
    last_failure = Timestamptz(null=True, default=None)
    # Since when they may have received it, or one that it outruns, although nobody knows; as of a notice.
    handed_over_at = Timestamptz(null=True, default=None)
    # Of which sessions it says how they are, and what each was to them before; numbers and times as JSON
    # (`staff_belief_rules`). Then `kind` is only what the release before calls the first of it.
    believed = Text(null=True, default=None)
    kind_of_staff_message_is_known = Check("""kind in ('asked', 'not_needed', 'found', 'nobody', 'alone', 'moved',
        'cancelled', 'called_off', 'new_time', 'brought_back', 'off_duty', 'on_duty', 'lost', 'expected', 'on_again',
        'fewer')""")
    staff_message_is_of_one_thing = Check("num_nonnulls(session_id, slot_id) = 1")
    known_staff_message_state = Check("state in ('waiting', 'sent', 'failed', 'outrun')")
