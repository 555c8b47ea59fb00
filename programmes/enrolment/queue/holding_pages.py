"""View models of records that are held back from being erased."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from programmes.core.clock import local_date
from programmes.core.i18n import day_plain
from programmes.core.i18n import gettext as _
from programmes.people.hold_rules import HoldReason
from programmes.people.hold_wording_rules import hold_choices, hold_words, until_words


class Held(Protocol):
    """A hold on a record, by the record's number (`holding_queries`)."""

    @property
    def hold_id(self) -> int: ...
    @property
    def cohort_id(self) -> int: ...
    @property
    def cohort(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def reason(self) -> HoldReason: ...
    @property
    def until(self) -> date | None: ...
    @property
    def set_at(self) -> datetime: ...
    @property
    def by(self) -> str: ...


@dataclass(frozen=True)
class HeldLine:
    """A hold: on which record, why and until when, by whom."""

    who: str
    group: str
    why: str
    set_by: str
    cohort_id: int
    number: int
    hold_id: int


@dataclass(frozen=True)
class HoldsPage:
    """Every hold there is, and the form for one more."""

    held: tuple[HeldLine, ...]
    cohorts: tuple[tuple[int, str], ...]
    reasons: tuple[tuple[HoldReason, str], ...]
    form: Any


def holds_page(held: Iterable[Held], cohorts: Sequence[tuple[int, str]], form: Any) -> HoldsPage:
    """The page of managers: numbers, never names."""
    lines = tuple(
        HeldLine(
            _("Deltagare %(n)s, %(group)s", n=one.number, group=one.cohort),
            one.cohort,
            f"{hold_words(one.reason)}. {until_words(one.until)}",
            _("Satt %(day)s av %(name)s.", day=day_plain(local_date(one.set_at)), name=one.by),
            one.cohort_id,
            one.number,
            one.hold_id,
        )
        for one in held
    )
    return HoldsPage(lines, tuple(cohorts), hold_choices(), form)
