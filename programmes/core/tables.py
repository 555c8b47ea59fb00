"""Tables that no feature owns: the audit trail, the access log, keys to be destroyed, and what is kept how long."""

from piccolo.columns import UUID, BigInt, BigSerial, Boolean, Bytea, Integer, Serial, SmallInt, Text, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table


class AuditEntry(Table, tablename="audit_entry"):
    """Who did what to what, when. Only ids: no name, no text of a person. Web may insert, not change."""

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(default=None)
    staff_id = Integer(null=True, default=None)
    action = Text(default=None)
    subject = Text(default=None)
    action_is_a_name = Check("action ~ '^[a-z_]+(:[a-z0-9_]+)+$'")
    subject_is_an_id = Check("subject ~ '^[a-z_]+/[a-z0-9.-]+(/[a-z0-9_]+)*$'")


class KeyDestruction(Table, tablename="key_destruction"):
    """The intent to destroy a key, committed with what makes it due; replayed until the receipt is written, then gone."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Text(default=None)
    key_id = UUID(default=None, unique=True)
    why = Text(default=None)
    intended_at = Timestamptz(default=None)
    kind_of_key_is_a_name = Check("kind ~ '^[a-z]{1,20}$'")
    why_is_a_rule = Check("why ~ '^[a-z0-9_ :,]{1,100}$' and why !~ '[0-9]{3}'")


class RecordLook(Table, tablename="record_look"):
    """A line of the access log: somebody of staff was shown a documented person's record. Only ever added to.

    A search that found nobody names the id that no record has (`people.look_rules.NOBODY`), and cohort 0.
    A look at a partner's record names that record, by its own id, not the participant's.
    `own_name`: the record bears the last name of who looked. Nothing refers to staff, person or cohort by a foreign key:
    a line outlives them all.
    """

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(default=None)
    staff_id = Integer(default=None)
    participant_id = UUID(default=None, index=True)
    cohort_id = Integer(default=None)
    page = Text(default=None)
    reason = Text(null=True, default=None)
    protected = Boolean(default=False)
    own_name = Boolean(default=False)
    known_page_looked_at = Check(
        "page in ('group', 'person', 'correct', 'age', 'refuse', 'transfer', 'roll_call', 'print', 'ring', 'today', 'queue',"
        " 'queue_export', 'visits', 'readings', 'search', 'retention', 'archive', 'partner', 'extract',"
        " 'people_file', 'retention_file')"
    )
    known_reason = Check("reason in ('extract', 'handover', 'correction', 'question')")


class KeyFolderMark(Table, tablename="key_folder"):
    """Which folders of keys the rows belong to: a digest of a file that only the right folder has (`folder_marks`)."""

    name = Text(primary_key=True, default=None)
    mark = Bytea(default=None)
    noted_at = Timestamptz(default=None)
    known_folder_of_keys = Check("name in ('keys', 'ballots')")


class RestoreMark(Table, tablename="restore_mark"):
    """Tells this database from one that was put back, and the receipts of destroyed keys from an older file of them
    (`database_marks`). One row."""

    mark: UUID = UUID(primary_key=True, default=None)
    receipts = Bytea(default=None)


class ClockTrace(Table, tablename="clock_trace"):
    """The last moment at which the worker believed its clock, how long the machine had run then, and since when it is
    doubted (`clock_trace`). One row."""

    id = SmallInt(primary_key=True, default=None)
    at = Timestamptz(default=None)
    boot = Text(default=None)
    seconds = BigInt(default=None)
    doubted_since = Timestamptz(null=True, default=None)
    doubt = Text(null=True, default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    one_trace = Check("id = 1")
    boot_is_an_id = Check("boot ~ '^[0-9a-f-]{0,36}$'")
    known_doubt = Check("doubt in ('database', 'step', 'gap')")


class BackupTrace(Table, tablename="backup_trace"):
    """When the newest backup, rehearsal and restore of each kind was tried, and when one last succeeded (`backup_trace`)."""

    name = Text(primary_key=True, default=None)
    tried_at = Timestamptz(default=None)
    done_at = Timestamptz(null=True, default=None)
    known_backup_trace = Check("name in ('backup', 'drill', 'restore')")


class RetentionChoice(Table, tablename="retention_choice"):
    """How long a class of data is kept where the office has decided otherwise than the default (`retention_rules.RULES`),
    by which decision, who entered it and when; the newest counts. Only ever added to."""

    id: Serial = Serial(primary_key=True)
    subject = Text(default=None)
    amount = Integer(default=None)
    decision = Text(default=None)
    staff_id = Integer(default=None)
    chosen_at = Timestamptz(default=None)
    chosen_subject_is_a_code = Check("subject ~ '^[a-z_]{1,40}$'")
    sensible_amount = Check("amount between 1 and 400")
    # `core/retention_rules.py:RULES`, a second time: what web may add, a program error or an intruder can too.
    amount_within_law = Check(
        """case subject when 'protected_record' then amount between 5 and 30
    when 'working_list' then amount between 30 and 30 when 'ballots_unread' then amount between 1 and 24
    when 'access_log' then amount between 2 and 70 when 'audit_entry' then amount between 5 and 70
    when 'notice' then amount between 6 and 60 else false end"""
    )
