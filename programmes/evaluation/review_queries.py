"""Reads about reviews of free texts, and what they have released. None of it tells how many texts wait."""

from collections.abc import Sequence

from programmes.core.db import fetch, fetchrow
from programmes.evaluation.form_queries import read_questions
from programmes.evaluation.text_rules import LONGEST_SHOWN as LONGEST_SHOWN
from programmes.evaluation.text_rules import CommentFacts
from programmes.evaluation.text_rules import ReviewedText as ReviewedText
from programmes.evaluation.text_rules import ReviewFacts as ReviewFacts
from programmes.evaluation.text_rules import seen_digest as seen_digest


async def review_of(section: str) -> ReviewFacts | None:
    """The programme's review that is to be done, of the earliest version of its form if there are several; None without."""
    row = await fetchrow(
        """select r.id, r.section, r.state, r.ends_at, r.form_version, f.questions from text_review r
           left join evaluation_form f on f.section = r.section and f.version = r.form_version
           where r.section = $1 and r.state <> 'released' order by r.form_version limit 1""",
        section,
    )
    if row is None:
        return None
    asked = read_questions(row["form_version"], row["questions"])
    return ReviewFacts(row["id"], row["section"], row["state"], row["ends_at"], asked)


async def to_review(sections: Sequence[str]) -> set[str]:
    """Those of the sections in which a review is to be done."""
    rows = await fetch(
        "select distinct section from text_review where state <> 'released' and section = any($1::text[])", list(sections)
    )
    return {row["section"] for row in rows}


async def comments(sections: Sequence[str]) -> list[CommentFacts]:
    """Every comment that is shown, each review's together, newest first; within it in the order of random ids."""
    rows = await fetch(
        """select t.review_id, t.section, t.question, t.words, t.half_year, t.released_on, t.form_version, f.questions
           from release_text t left join evaluation_form f on f.section = t.section and f.version = t.form_version
           where t.section = any($1::text[]) order by t.released_on desc, t.review_id, t.id""",
        list(sections),
    )
    return [
        CommentFacts(
            row["review_id"],
            row["section"],
            row["question"],
            row["words"],
            row["half_year"],
            row["released_on"],
            read_questions(row["form_version"], row["questions"]),
        )
        for row in rows
    ]
