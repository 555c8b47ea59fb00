"""The chain over the access log, its days and checks, the monthly review, and retention. What web may add says so."""

from piccolo.columns import UUID, Array, BigInt, Boolean, Bytea, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from programmes.people.tables import Participant, Staff


class LookLink(Table, tablename="look_link"):
    """A link of the chain: the line `look_id` of the access log stands at this place, under an HMAC over it and the link
    before. `lost_from` instead says that the places from there up to this one were lost when a database was restored.
    The worker adds; nobody changes."""

    position: BigInt = BigInt(primary_key=True, default=None)
    look_id = BigInt(null=True, default=None, unique=True)
    lost_from = BigInt(null=True, default=None)
    mac = Bytea(default=None)
    a_line_or_a_loss = Check("(look_id is null) <> (lost_from is null)")
    places_count_from_one = Check("position > 0")


class LookCheckpoint(Table, tablename="look_checkpoint"):
    """Stands for lines that have gone by the rule of retention: which places, and the chain's head at the last of them,
    under an HMAC of its own. `before`: every line was older than this day."""

    through_position: BigInt = BigInt(primary_key=True, default=None)
    from_position = BigInt(default=None)
    head = Bytea(default=None)
    before = Date(default=None)
    made_at = Timestamptz(default=None)
    mac = Bytea(default=None)


class LookDay(Table, tablename="look_day"):
    """The head of the chain when a local day had ended, to be printed and compared. `lines` were chained since the one
    before."""

    day: Date = Date(primary_key=True, default=None)
    position = BigInt(default=None)
    head = Bytea(default=None)
    lines = Integer(default=0)
    made_at = Timestamptz(default=None)


class ChainCheck(Table, tablename="chain_check"):
    """What the worker last found: of the `newest` part, and of `all`. `waiting_since`: the oldest line without a link."""

    scope: Text = Text(primary_key=True, default=None)
    at = Timestamptz(default=None)
    through = BigInt(default=None)
    head = Bytea(default=None)
    broken_at = BigInt(null=True, default=None)
    fault = Text(null=True, default=None)
    waiting_since = Timestamptz(null=True, default=None)
    known_scope = Check("scope in ('newest', 'all')")
    broken_somehow = Check("(broken_at is null) = (fault is null)")
    fault_of_chain_is_known = Check(
        "fault in ('changed', 'line_gone', 'link_gone', 'checkpoint', 'end_gone', 'other_end', 'other_day',"
        " 'no_key', 'no_end')"
    )


class RetentionRule(Table, tablename="retention_rule"):
    """How many years the access log is kept, where the chain looks it up. It follows the newest `RetentionChoice`, by a
    trigger; what else is kept how long is told by `retention_rules.RULES` and the choices."""

    subject: Text = Text(primary_key=True, default=None)
    years = Integer(default=None)
    sensible_years = Check("years between 1 and 100")
    subject_is_a_code = Check("subject ~ '^[a-z_]{1,40}$'")


class LookReview(Table, tablename="look_review"):
    """A month of the access log to go through (its first day). The seed has chosen the sample, once."""

    month: Date = Date(primary_key=True, default=None)
    seed = Text(default=None)
    lines = Integer(default=0)
    made_at = Timestamptz(default=None)
    seed_is_a_number = Check("seed ~ '^[0-9a-f]{1,64}$'")


class LookReviewLine(Table, tablename="look_review_line"):
    """What the manager judges: a sampled line, or lines that are unusual in one way. `cohort_id` is None for several.

    Of contacts on working lists shown often (`reveals`) there are no lines here: it goes with the list.
    """

    id: Serial = Serial(primary_key=True)
    month = ForeignKey(LookReview, on_delete=OnDelete.cascade, null=False)
    kind = Text(default=None)
    staff_id = Integer(default=None)
    cohort_id = Integer(null=True, default=None)
    look_ids = Array(base_column=BigInt(), default=list)
    known_kind = Check("kind in ('sample', 'night', 'day_off', 'own_name', 'many', 'protected', 'left', 'reveals')")


class LookReviewMark(Table, tablename="look_review_mark"):
    """How a manager judged a line. Web adds; the last one counts."""

    id: Serial = Serial(primary_key=True)
    line_id = ForeignKey(LookReviewLine, on_delete=OnDelete.cascade, null=False)
    outcome = Text(default=None)
    staff_id = Integer(default=None)
    at = Timestamptz(default=None)
    known_outcome = Check("outcome in ('in_order', 'ask')")


class LookReviewSigned(Table, tablename="look_review_signed"):
    """A month that a manager has signed off: once, and for good. Web adds."""

    id: Serial = Serial(primary_key=True)
    month = ForeignKey(LookReview, on_delete=OnDelete.cascade, null=False, unique=True)
    staff_id = Integer(default=None)
    at = Timestamptz(default=None)


class LogDigest(Table, tablename="log_digest"):
    """The mail that tells a manager a day's head; its id is its Message-ID."""

    id: UUID = UUID(primary_key=True, default=None)
    day = Date(default=None)
    staff_id = Integer(default=None)
    state = Text(default="waiting")
    failures = Integer(default=0)
    last_failure = Timestamptz(null=True, default=None)
    known_state = Check("state in ('waiting', 'sent', 'failed')")
    one_mail_a_day = Unique(["day", "staff_id"])


class StaffDigest(Table, tablename="staff_digest"):
    """The daily mail to a member of staff whom something waits for; its id is its Message-ID."""

    id: UUID = UUID(primary_key=True, default=None)
    day = Date(default=None)
    staff_id = Integer(default=None)
    state = Text(default="waiting")
    failures = Integer(default=0)
    last_failure = Timestamptz(null=True, default=None)
    known_digest_state = Check("state in ('waiting', 'sent', 'failed', 'nothing')")
    one_digest_a_day = Unique(["day", "staff_id"])


class RetentionRun(Table, tablename="retention_run"):
    """A nightly run, or one by hand: its local day and how it stands. `due` records were due when it began, `gone` have
    been erased, `failed` could not be. The worker writes."""

    id: Serial = Serial(primary_key=True)
    night = Date(default=None)
    by_hand = Boolean(default=False)
    state = Text(default="running")
    started_at = Timestamptz(default=None)
    finished_at = Timestamptz(null=True, default=None)
    due = Integer(default=0)
    gone = Integer(default=0)
    failed = Integer(default=0)
    known_run_state = Check("state in ('running', 'done', 'no_keys', 'restoring', 'clock')")
    a_run_that_is_over_has_an_end = Check("(state = 'running') = (finished_at is null)")


class RetentionReceipt(Table, tablename="retention_receipt"):
    """What was erased in a run: which class, by which rule in force (amount and unit), the local day, and how many records
    where that is no secret. Names no one. `run_id` is empty for what a restored backup had brought back."""

    id: UUID = UUID(primary_key=True, default=None)
    run_id = ForeignKey(RetentionRun, on_delete=OnDelete.restrict, null=True, default=None)
    subject = Text(default=None)
    amount = Integer(null=True, default=None)
    unit = Text(null=True, default=None)
    gone = Integer(null=True, default=None)
    day = Date(default=None)
    receipt_subject_is_a_code = Check("subject ~ '^[a-z_]{1,40}$'")
    known_unit = Check("unit in ('days', 'months', 'years')")


class ArchiveBatch(Table, tablename="archive_batch"):
    """A file of records for the archive: the SHA-256 of the file, and when the archive was said to have received it."""

    id: UUID = UUID(primary_key=True, default=None)
    made_at = Timestamptz(default=None)
    made_by = Integer(default=None)
    records = Integer(default=0)
    digest = Bytea(default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    confirmed_by = Integer(null=True, default=None)
    confirmed_by_somebody = Check("(confirmed_at is null) = (confirmed_by is null)")


class ArchiveItem(Table, tablename="archive_item"):
    """Whose record is in which file. Goes with the record."""

    id: Serial = Serial(primary_key=True)
    batch_id = ForeignKey(ArchiveBatch, on_delete=OnDelete.cascade, null=False)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.cascade, null=False, index=True)
    once_in_a_file = Unique(["batch_id", "participant_id"])


class AnnualReport(Table, tablename="annual_report"):
    """The report of a year that is over, as it was established: words and numbers that may leave the house (decision 42).
    Written once; `content` is `report_rules.Report` as JSON."""

    id: Serial = Serial(primary_key=True)
    year = Integer(default=None, unique=True)
    content = Text(default=None)
    established_at = Timestamptz(default=None)
    established_by = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    report_year_is_a_year = Check("year between 2000 and 9999")
    report_has_content = Check("length(content) between 2 and 1000000")
