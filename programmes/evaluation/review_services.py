"""A coordinator goes through free texts: asks for them, decides what is shown instead of each, signs that off.

Web reads them under the review's key, which lies in the key folder for as long as the review is open (decision 31). The
worker releases what was signed off.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.evaluation.text_keys import open_for_review, seal_for_review
from programmes.evaluation.text_rules import ReviewedText, ReviewFacts, seen_digest


async def ask(review: ReviewFacts, staff_id: int, now: datetime) -> None:
    """Ask the worker for the texts. One that is asked for, or open, already stays so."""
    async with transaction():
        asked = await execute(
            "update text_review set state = 'asked' where id = $1 and state in ('ready', 'paused') returning 1",
            review.review_id,
        )
        if asked:
            await audit.note("evaluation:review", f"section/{review.section}", staff_id, now)


async def texts(review: ReviewFacts, staff_id: int, key_folder: Path) -> list[ReviewedText]:
    """The texts of an open review, by question, in the order of their random ids; none to who does not coordinate it.

    Raises:
        KeyGone: the review has just ended.
        KeysAway: its key can't be read.
    """

    def opened(row_id: UUID, sealed: bytes) -> str:
        return open_for_review(key_folder, review.review_id, row_id, sealed)

    rows = await fetch("select id, question, blob, draft from review_texts($1, $2)", review.review_id, staff_id)
    found = [
        ReviewedText(
            row["id"],
            row["question"],
            opened(row["id"], row["blob"]),
            opened(row["id"], row["draft"]) if row["draft"] is not None else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda text: review.asked.texts.index(text.question))


async def keep(
    review: ReviewFacts, shown: Mapping[UUID, str], seen: str, staff_id: int, key_folder: Path
) -> Literal["kept", "changed", "over"]:
    """Keep what is to be shown instead of these texts; empty is nothing.

    `changed`: since they were shown (`seen_digest`) somebody has decided otherwise, and nothing is kept. `over`: the review
    is no longer open.

    Raises:
        KeyGone: the review has just ended.
    """
    drafts = {
        text_id: seal_for_review(key_folder, review.review_id, text_id, words) for text_id, words in sorted(shown.items())
    }
    async with transaction():
        await _lock(review)
        now = [text for text in await texts(review, staff_id, key_folder) if text.text_id in shown]
        if seen_digest(now) != seen and any(text.shown not in (None, shown[text.text_id]) for text in now):
            return "changed"
        kept = await fetchval(
            "select keep_drafts($1, $2, $3, $4)", review.review_id, staff_id, list(drafts), list(drafts.values())
        )
        return "kept" if kept else "over"


async def _lock(review: ReviewFacts) -> bool:
    """Whether it is open; then nobody else keeps drafts or signs until this transaction ends."""
    return bool(
        await execute("update text_review set state = 'open' where id = $1 and state = 'open' returning 1", review.review_id)
    )


async def sign_off(review: ReviewFacts, seen: str, staff_id: int, key_folder: Path, now: datetime) -> bool:
    """Sign off what was seen side by side (`seen_digest`). False when anything has changed since, or is not decided.

    Raises:
        KeyGone: the review has just ended.
    """
    async with transaction():
        signed = await _lock(review)
        found = await texts(review, staff_id, key_folder)
        if not signed or not found or any(text.shown is None for text in found) or seen_digest(found) != seen:
            return False
        await execute("update text_review set state = 'signed' where id = $1", review.review_id)
        await audit.note("evaluation:comments", f"section/{review.section}", staff_id, now)
    return True
