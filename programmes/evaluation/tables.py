"""The locked ballot box. Web has no right on slips, answers and free texts; it goes by functions.

Neither slips nor answers refer to their ballot by a foreign key: that would lock its row at each vote (see the migration).
"""

from piccolo.columns import JSONB, UUID, Bytea, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from programmes.cohorts.tables import Cohort


class EvaluationForm(Table, tablename="evaluation_form"):
    """A version of a programme's form with own questions, written once. Version 1 is the standard form and has no row.

    `questions` is a list of `{"kind", "words": {language: question}}`; no row of it belongs to anybody who answers.
    """

    id: Serial = Serial(primary_key=True)
    section = Text(default=None)
    version = Integer(default=2)
    questions = JSONB(default="[]")
    written_on = Date(default=None)
    after_the_standard_form = Check("version >= 2")
    eight_questions_at_most = Check("jsonb_typeof(questions) = 'array' and jsonb_array_length(questions) between 1 and 2")
    one_form_per_version = Unique(["section", "version"])


class FormChoice(Table, tablename="form_choice"):
    """Which version slips of a programme are printed with. Without a row it is the standard form."""

    section: Text = Text(primary_key=True, default=None)
    version = Integer(default=1)
    a_version = Check("version >= 1")


class Release(Table, tablename="release"):
    """A released atom, never changed afterwards (DESIGN 7). `results` is per question a list of five counts, or a rounded
    mean where no head count is listed (there `answers` is 5, for "five or more"). `cohort_id` is null for a pool."""

    id: Serial = Serial(primary_key=True)
    section = Text(default=None)
    form_version = Integer(default=1)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.restrict, null=True, default=None)
    half_year = Text(default=None)
    answers = Integer(default=0)
    slips = Integer(default=0)
    results = JSONB(default="{}")
    released_on = Date(default=None)
    at_least_five = Check("answers >= 5")


class Ballot(Table, tablename="ballot"):
    """A box: of one cohort, or of one individual form and half-year. Its public key is a file in the key folder; the
    private half is the worker's alone. `slips` is how many were printed (0 again where no head count is listed).

    `form_version` is set when slips are printed, and stays from the first answer (trigger `ballot_keeps_its_form`).
    `release_id` is the atom that it was counted in, with which `own_words` are kept; struck, they are empty
    (`strike_own_words`)."""

    id: UUID = UUID(primary_key=True, default=None)
    section = Text(default=None)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.restrict, null=True, default=None, unique=True)
    half_year = Text(null=True, default=None)
    form_version = Integer(default=1)
    state = Text(default="preparing")
    slips = Integer(default=0)
    created_on = Date(default=None)
    closed_on = Date(null=True, default=None)
    own_words = Text(null=True, default=None)
    release_id = ForeignKey(Release, on_delete=OnDelete.restrict, null=True, default=None, index=True)
    known_ballot_state = Check(
        "state in ('preparing', 'open', 'closing', 'released', 'waiting', 'pooled', 'destroyed', 'empty')"
    )


class Slip(Table, tablename="slip"):
    """An unused slip: the digest of its code. No serial, no time."""

    id: Bytea = Bytea(primary_key=True, default=None)
    ballot_id = UUID(default=None)


class PrintedSlip(Table, tablename="printed_slip"):
    """A mark of every slip that was printed, made from its digest. It is the same before and after a vote, and goes when the
    box is counted: so a form opens alike for a used slip, and who holds codes can't count by looking."""

    id: Bytea = Bytea(primary_key=True, default=None)
    ballot_id = UUID(default=None)


class SealedAnswer(Table, tablename="sealed_answer"):
    """One sealed, padded answer. No time, address, language, session or order."""

    id: UUID = UUID(primary_key=True, default=None)
    ballot_id = UUID(default=None)
    blob = Bytea(default=None)


class HeldText(Table, tablename="held_text"):
    """Free text sealed again under a key of the worker's (`key_id`; none: an earlier release's), shuffled, without cohort.

    `group_tag` is one per box and question, and another one at every closing: it tells how many groups have written, not
    which. A batch under review stays the same until it is signed off (`state`, `review_id`). `shown` is written by nobody.
    """

    id: UUID = UUID(primary_key=True, default=None)
    section = Text(default=None)
    question = Text(default=None)
    group_tag = UUID(default=None)
    blob = Bytea(default=None)
    state = Text(default="held")
    shown = Text(null=True, default=None)
    form_version = Integer(default=1)
    key_id = UUID(null=True, default=None)
    review_id = UUID(null=True, default=None)
    known_state_of_a_text = Check("state in ('held', 'review', 'shown', 'dropped')")


class TextReview(Table, tablename="text_review"):
    """A coordinator's look through the free texts of a programme and a version of its form.

    `ready` when there are enough, `asked` for by a coordinator, `open` until `ends_at`, else `paused` until it is asked for
    again; `signed` off, and then `released`. Which texts belong to it never changes once it has been open.
    """

    id: UUID = UUID(primary_key=True, default=None)
    section = Text(default=None)
    form_version = Integer(default=1)
    state = Text(default="ready")
    ends_at = Timestamptz(null=True, default=None)
    released_on = Date(null=True, default=None)
    known_review_state = Check("state in ('ready', 'asked', 'open', 'paused', 'signed', 'released')")
    open_until = Check("(state in ('open', 'signed')) = (ends_at is not null)")
    over_on = Check("(state = 'released') = (released_on is not null)")


class ReviewText(Table, tablename="review_text"):
    """A text under review, sealed under the review's key, and sealed likewise what is to be shown (empty: nothing)."""

    id: UUID = UUID(primary_key=True, default=None)
    review_id = UUID(default=None)
    question = Text(default=None)
    group_tag = UUID(default=None)
    blob = Bytea(default=None)
    draft = Bytea(null=True, default=None)


class ReleaseText(Table, tablename="release_text"):
    """A comment as a coordinator has shown it, never changed afterwards; struck, it is empty (`strike_comment`). Its id is
    random, and so the order of ids."""

    id: UUID = UUID(primary_key=True, default=None)
    review_id = UUID(default=None)
    section = Text(default=None)
    form_version = Integer(default=1)
    question = Text(default=None)
    words = Text(default=None)
    half_year = Text(default=None)
    released_on = Date(default=None)
    words_fit = Check("length(words) <= 500")
