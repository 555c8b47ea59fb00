"""Versions of conditions and rules, written and withdrawn by a coordinator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts.agreement_rules import NewText, WhyNotAdd, may_withdraw, why_not_add


@dataclass(frozen=True)
class NotAdded:
    """Nothing was saved; what stands against it, by field."""

    reasons: Mapping[str, WhyNotAdd]


async def _lock(section: str) -> None:
    await execute("select pg_advisory_xact_lock(hashtext($1))", f"agreement_text/{section}")


async def add_text(
    section: str,
    kind: Literal["conditions", "rules"],
    valid_from: date,
    lines_sv: Sequence[str],
    lines_en: Sequence[str],
    staff_id: int,
    now: datetime,
) -> int | NotAdded:
    """A new version of a programme's conditions or rules, in both languages; returns its version number, or why not."""
    new = NewText(section, kind, valid_from, tuple(lines_sv), tuple(lines_en))
    async with transaction():
        await _lock(section)
        known = await agreement_queries.versions(section)
        reasons = why_not_add(new, known, local_date(now))
        if reasons:
            return NotAdded(reasons)
        version: int = await fetchval(
            """insert into agreement_text (section, kind, version, valid_from, lines_sv, lines_en)
               values ($1, $2, $3, $4, $5, $6) returning version""",
            section,
            kind,
            new.after(known).version,
            valid_from,
            "\n".join(lines_sv),
            "\n".join(lines_en),
        )
        await audit.note(f"agreement:{kind}:{version}", f"section/{section}", staff_id, now)
        return version


async def withdraw_text(text_id: int, staff_id: int, now: datetime) -> None:
    """Take back a version that is not in force yet and that nobody has accepted.

    Raises:
        NotFound: there is no such version; perhaps it has been withdrawn already.
        Conflict: `text_in_force`.
    """
    async with transaction():
        section, _text, _accepted = await agreement_queries.text_by_id(text_id)
        await _lock(section)
        section, text, accepted_by = await agreement_queries.text_by_id(text_id)
        today = local_date(now)
        gone = may_withdraw(text, accepted_by, today) and await fetchval("select withdraw_text($1, $2)", text_id, today)
        if not gone:
            raise Conflict("text_in_force")
        await audit.note(f"agreement:withdraw:{text.kind}:{text.version}", f"section/{section}", staff_id, now)
