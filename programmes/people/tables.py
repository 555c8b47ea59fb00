"""Staff, their roles and sessions, and participants' protected records."""

from piccolo.columns import UUID, BigSerial, Boolean, Bytea, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Staff(Table, tablename="staff"):
    """Somebody who signs in."""

    id: Serial = Serial(primary_key=True)
    username = Text(default=None, unique=True)
    display_name = Text(default=None)
    password_hash = Text(default=None)
    active = Boolean(default=True)
    email = Text(null=True, default=None)
    created_at = Timestamptz(default=None)


class StaffRole(Table, tablename="staff_role"):
    """A role, for one programme (its section) or, with an empty section, for all."""

    id: Serial = Serial(primary_key=True)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False)
    role = Text(default=None)
    section = Text(default="")
    known_role = Check("role in ('leader', 'coordinator', 'manager', 'administrator')")
    one_role_per_section = Unique(["staff_id", "role", "section"])


class StaffSession(Table, tablename="staff_session"):
    """A signed-in browser. The id is the SHA-256 of the cookie's token; a fresh one at every sign-in."""

    id: Bytea = Bytea(primary_key=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz(default=None)
    seen_at = Timestamptz(default=None)


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """Failed sign-ins by a keyed hash of the name that was typed, to slow down guessing; emptied on success."""

    id: Bytea = Bytea(primary_key=True, default=None)
    failures = Integer(default=0)
    wait_until = Timestamptz(null=True, default=None)


class Participant(Table, tablename="participant"):
    """A protected record (individual-level programmes only): everything about the person is inside `sealed`."""

    id: UUID = UUID(primary_key=True, default=None)
    sealed = Bytea(default=None)
    protected_identity = Boolean(default=False)
    created_at = Timestamptz(default=None)


class PersonLookup(Table, tablename="person_lookup"):
    """What a protected record is found by: a keyed hash of one exact term (`people/lookup_rules.py`). Goes with it."""

    id: BigSerial = BigSerial(primary_key=True)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.cascade, null=False)
    kind = Text(default=None)
    digest = Bytea(default=None)
    known_kind_of_term = Check("kind in ('number', 'name', 'contact')")
    one_term_of_a_kind = Unique(["participant_id", "kind"])
