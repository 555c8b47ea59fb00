"""Paper: a list to sign off where people are documented, a sheet for heads where only they are counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from programmes.cohorts.wording_rules import weekday_group
from programmes.cohorts.words_rules import words_for
from programmes.core.clock import local_date
from programmes.core.i18n import day_plain
from programmes.core.i18n import gettext as _
from programmes.desk.group.pages import GroupHead, head
from programmes.desk.group.step_pages import Facts

PER_SHEET = 10
Sheet = Literal["names", "count", "none"]


@dataclass(frozen=True)
class Column:
    """A session on paper: its number and `5/10`."""

    number: int
    day: str


@dataclass(frozen=True)
class PrintPage:
    """`title` names the weekday only: paper lies about (DESIGN-LANGUAGE 6)."""

    head: GroupHead
    kind: Sheet
    title: str
    people: tuple[str, ...]
    sheets: tuple[tuple[Column, ...], ...]
    has_slips: bool
    section: str
    empty: str = ""


def print_page(facts: Facts, people: Sequence[str]) -> PrintPage:
    """Sheets of at most ten sessions each, so that a page of A4 holds them."""
    counted = [s for s in facts.sessions if s.state != "cancelled" and s.number is not None]
    columns = [Column(s.number or 0, _day(local_date(s.starts_at))) for s in counted]
    title = ""
    if counted:
        first = local_date(counted[0].starts_at)
        starts = _("start %(day)s", day=day_plain(first))
        title = f"{weekday_group(first.weekday())}, {starts}. {counted[0].venue}."
    kinds: dict[str, Sheet] = {"names": "names", "count": "count", "held": "none"}
    return PrintPage(
        head=head(facts),
        kind=kinds[facts.kind] if columns else "none",
        empty="" if columns else words_for(facts.cohort.form).none_left,
        title=title,
        people=tuple(people),
        sheets=tuple(tuple(columns[i : i + PER_SHEET]) for i in range(0, len(columns), PER_SHEET)),
        has_slips=facts.cohort.form == "group",
        section=facts.cohort.section,
    )


def _day(day: date) -> str:
    return f"{day.day}/{day.month}"
