"""The page before a rule is made shorter: how much the next nightly run would take."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from programmes.core.i18n import day_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.retention_rules import RULES, Subject
from programmes.oversight.log.wording_rules import number
from programmes.oversight.retention.wording_rules import span_words, subject_words


class Preview(Protocol):
    """What would go (`shortening_services`)."""

    @property
    def night(self) -> date: ...
    @property
    def goes(self) -> int: ...
    @property
    def anyway(self) -> int: ...
    @property
    def waits(self) -> int: ...


@dataclass(frozen=True)
class ShorterPage:
    """What is asked: from how long to how long, and the lines that say what goes."""

    subject: Subject
    name: str
    now: str
    wanted: str
    amount: int
    night: str
    goes: str
    more: tuple[str, ...]
    form: Any
    seen: str = ""
    changed: bool = False


def _counted(subject: Subject, n: int) -> str:
    if subject == "protected_record":
        return ngettext("%(n)s persons uppgifter", "%(n)s personers uppgifter", n)
    if subject == "ballots_unread":
        return ngettext("%(n)s låda med svar", "%(n)s lådor med svar", n)
    if subject == "notice":
        return ngettext("%(n)s besked", "%(n)s besked", n)
    return ngettext("%(n)s rad", "%(n)s rader", n)


def shorter_page(subject: Subject, amount: int, kept: int, found: Preview, form: Any) -> ShorterPage:
    """The page of a number that is smaller than the one in force."""
    unit = RULES[subject].unit
    more = [_("Med regeln i dag: %(what)s.", what=_counted(subject, found.anyway))]
    if found.waits:
        more.append(_("%(n)s till har gallringsstopp, väntar på arkivet eller går inte att läsa.", n=number(found.waits)))
    return ShorterPage(
        subject=subject,
        name=subject_words(subject),
        now=span_words(kept, unit),
        wanted=span_words(amount, unit),
        amount=amount,
        night=day_year(found.night),
        goes=_counted(subject, found.goes),
        more=tuple(more),
        form=form,
    )
