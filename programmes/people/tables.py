"""Staff, their roles and sessions, and participants' protected records."""

from piccolo.columns import UUID, BigInt, BigSerial, Boolean, Bytea, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Staff(Table, tablename="staff"):
    """Somebody who signs in: with a password of their own, or by single sign-on as a subject of an issuer, never both.

    Without a password `password_hash` is empty, and nothing verifies against it.
    """

    id: Serial = Serial(primary_key=True)
    username = Text(default=None, unique=True)
    display_name = Text(default=None)
    password_hash = Text(default=None)
    active = Boolean(default=True)
    email = Text(null=True, default=None)
    created_at = Timestamptz(default=None)
    oidc_issuer = Text(null=True, default=None)
    oidc_subject = Text(null=True, default=None)
    subject_of_an_issuer = Check("(oidc_issuer is null) = (oidc_subject is null)")
    single_sign_on_without_password = Check("oidc_subject is null or password_hash = ''")
    one_account_per_subject = Unique(["oidc_issuer", "oidc_subject"])


class StaffRole(Table, tablename="staff_role"):
    """A role, for one programme (its section) or, with an empty section, for all."""

    id: Serial = Serial(primary_key=True)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False)
    role = Text(default=None)
    section = Text(default="")
    known_role = Check("role in ('leader', 'coordinator', 'manager', 'administrator')")
    one_role_per_section = Unique(["staff_id", "role", "section"])


class GroupRole(Table, tablename="group_role"):
    """A role that groups of single sign-on may give, as `programmes migrate` read it from the settings: nobody gets another
    one that way, whatever a web process says (`admit_subject`)."""

    id: Serial = Serial(primary_key=True)
    role = Text(default=None)
    section = Text(default="")
    known_role_of_a_group = Check("role in ('leader', 'coordinator', 'manager', 'administrator')")
    one_line_per_role = Unique(["role", "section"])


class StaffSession(Table, tablename="staff_session"):
    """A signed-in browser. The id is the SHA-256 of the cookie's token; a fresh one at every sign-in and change of rights.

    `device` is a word for browser and system (`firefox/windows`), nothing else of what the browser says. `sealed_hint` is
    there when they came by single sign-on: the provider's ID token, for signing out there too.
    """

    id: Bytea = Bytea(primary_key=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz(default=None)
    seen_at = Timestamptz(default=None)
    device = Text(default="other/other")
    shared = Boolean(default=False)
    confirmed_at = Timestamptz(null=True, default=None)
    sealed_hint = Bytea(null=True, default=None)
    session_device_is_a_word = Check("device ~ '^[a-z]+/[a-z]+$'")


class HalfSignIn(Table, tablename="half_sign_in"):
    """Somebody whose password was right and whose second factor is still to come (`code`) or to be set up (`enrol`).

    No session, so it opens nothing: not even a programme that knows only `staff_session` takes it for one.
    """

    id: Bytea = Bytea(primary_key=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False)
    kind = Text(default=None)
    device = Text(default="other/other")
    shared = Boolean(default=False)
    created_at = Timestamptz(default=None)
    known_half = Check("kind in ('code', 'enrol')")
    half_device_is_a_word = Check("device ~ '^[a-z]+/[a-z]+$'")


class SecondFactor(Table, tablename="second_factor"):
    """The secret of somebody's code app, sealed under a service key. A time step counts once: `last_step` only grows."""

    id: Serial = Serial(primary_key=True)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False, unique=True)
    sealed = Bytea(default=None)
    last_step = BigInt(default=0)
    enrolled_at = Timestamptz(default=None)


class RecoveryCode(Table, tablename="recovery_code"):
    """A code that stands in for the app once: the SHA-256 of its 80 random bits. Used, the row goes."""

    id: Serial = Serial(primary_key=True)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=False, index=True)
    digest = Bytea(default=None, unique=True)


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """Tries to sign in, by a keyed hash of the name that was typed and of where from (`attempt_rules`), to slow down
    guessing; forgotten on success and after a day."""

    id: Bytea = Bytea(primary_key=True, default=None)
    failures = Integer(default=0)
    wait_until = Timestamptz(null=True, default=None)


class Participant(Table, tablename="participant"):
    """A protected record (individual-level programmes only): everything about the person is inside `sealed`.

    `changed_at`: when what is kept was last put right; its retention is counted from the last note (`oversight`).
    `contact_changed_at`: when another address or number was last given.
    `protection_asked_at`: a record with the same number became protected, so this one is shown as if it were until its own
    coordinator has decided; its contact is kept meanwhile, and shown to nobody (decision 34).
    """

    id: UUID = UUID(primary_key=True, default=None)
    sealed = Bytea(default=None)
    protected_identity = Boolean(default=False)
    created_at = Timestamptz(default=None)
    changed_at = Timestamptz(null=True, default=None)
    contact_changed_at = Timestamptz(null=True, default=None)
    protection_asked_at = Timestamptz(null=True, default=None)
    asked_is_protected = Check("protection_asked_at is null or protected_identity")


class IdentityCheck(Table, tablename="identity_check"):
    """That somebody asked for what is kept about them: how staff made sure who it was, by whom, when, and whether the
    record's number was read off the document; when the record gets another number, that is taken back.

    Goes with the record.
    """

    id: UUID = UUID(primary_key=True, default=None)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.cascade, null=False, index=True)
    staff_id = Integer(default=None)
    how = Text(default=None)
    at = Timestamptz(default=None)
    number_read = Boolean(default=False)
    known_way_to_check = Check("how in ('shown', 'known', 'sent_home')")


class PersonLookup(Table, tablename="person_lookup"):
    """What a protected record is found by: a keyed hash of one exact term (`people/lookup_rules.py`). Goes with it.

    `made_under` is a fingerprint of the key: under another one nothing is found, and it is made anew.
    """

    id: BigSerial = BigSerial(primary_key=True)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.cascade, null=False)
    kind = Text(default=None)
    digest = Bytea(default=None)
    made_under = Bytea(null=True, default=None)
    known_kind_of_term = Check("kind in ('number', 'name', 'contact')")
    one_term_of_a_kind = Unique(["participant_id", "kind"])


class RetentionHold(Table, tablename="retention_hold"):
    """That a record must not be erased (gallringsstopp): why, by a code of a fixed list, and until which day, that day too,
    or until it is lifted. Who set and lifted it stands here as long as the record does."""

    id: Serial = Serial(primary_key=True)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.cascade, null=False, index=True)
    reason = Text(default=None)
    until = Date(null=True, default=None)
    set_at = Timestamptz(default=None)
    set_by = Integer(default=None)
    lifted_at = Timestamptz(null=True, default=None)
    lifted_by = Integer(null=True, default=None)
    known_reason_to_hold = Check("reason in ('request', 'complaint', 'court', 'supervision', 'error', 'archive')")
    lifted_by_somebody = Check("(lifted_at is null) = (lifted_by is null)")
