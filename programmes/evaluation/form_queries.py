"""Reads about versions of the form: which there are, which slips are printed with, which a box asks."""

from uuid import UUID

import msgspec

from programmes.core.db import fetch, fetchrow, fetchval
from programmes.evaluation.form_rules import LANGUAGES as LANGUAGES
from programmes.evaluation.form_rules import LONGEST_QUESTION as LONGEST_QUESTION
from programmes.evaluation.form_rules import MOST_OWN as MOST_OWN
from programmes.evaluation.form_rules import STANDARD, STANDARD_VERSION
from programmes.evaluation.form_rules import OwnQuestion as OwnQuestion
from programmes.evaluation.form_rules import Questions as Questions


def read_questions(version: int | None, questions: str | None) -> Questions:
    """The version of a row of `ballot` or `release` joined with `evaluation_form`: the standard form has no row there.

    Raises:
        LookupError: the version has a number, and no questions.
    """
    if questions is None:
        if version not in {None, STANDARD_VERSION}:
            raise LookupError(f"version {version} of a form is not there")
        return STANDARD
    return Questions(version or STANDARD_VERSION, tuple(msgspec.json.decode(questions, type=list[OwnQuestion])))


async def versions(section: str) -> list[Questions]:
    """Every version with own questions that a programme has had, oldest first."""
    rows = await fetch("select version, questions from evaluation_form where section = $1 order by version", section)
    return [read_questions(row["version"], row["questions"]) for row in rows]


async def chosen(section: str) -> Questions:
    """The version that slips are printed with now."""
    row = await fetchrow(
        """select c.version, f.questions from form_choice c
           left join evaluation_form f on f.section = c.section and f.version = c.version where c.section = $1""",
        section,
    )
    return read_questions(row["version"], row["questions"]) if row else STANDARD


async def of_ballot(ballot_id: UUID | None) -> Questions:
    """What a box asks. No box costs as much as one, and asks the standard form."""
    row = await fetchrow(
        """select b.form_version as version, f.questions from ballot b
           left join evaluation_form f on f.section = b.section and f.version = b.form_version where b.id = $1""",
        ballot_id,
    )
    return read_questions(row["version"], row["questions"]) if row else STANDARD


async def of_slip(slip: bytes) -> tuple[UUID | None, Questions]:
    """The open box of a slip, by the digest of its code, and what it asks; no box for an unknown one.
    For a used one it is the same: who holds codes would count votes by it."""
    row = await fetchrow(
        """select b.id, b.form_version as version, f.questions from (select slip_ballot($1) as box) s
           left join ballot b on b.id = s.box
           left join evaluation_form f on f.section = b.section and f.version = b.form_version""",
        slip,
    )
    return (row["id"], read_questions(row["version"], row["questions"])) if row else (None, STANDARD)


async def boxes_open(section: str) -> int:
    """How many open boxes of the programme have their slips already, and so keep their questions. Nothing of it depends on
    any answer."""
    return int(
        await fetchval(
            "select count(*) from ballot where section = $1 and state in ('preparing', 'open') and slips > 0", section
        )
    )
