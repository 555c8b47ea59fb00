"""View models of retention for managers: what goes when, how the last run went, rules, receipts. No records."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_plain, month_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.retention_rules import RULES, SUBJECTS, Subject, Unit
from programmes.desk.closing.receipt_wording_rules import by_whom, rule_text
from programmes.oversight.log.wording_rules import Notice, number
from programmes.oversight.retention.rules import FIXED, Fate
from programmes.oversight.retention.wording_rules import (
    fate_words,
    fixed_words,
    from_words,
    source_words,
    span_words,
    subject_words,
)

Fated = Fate | Literal["unreadable"]
LONGEST_DECISION = 80
_MONTHS = 24


class Choice(Protocol):
    """What an office has decided of a class (`retention_queries`)."""

    @property
    def amount(self) -> int: ...
    @property
    def decision(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def chosen_at(self) -> datetime: ...


class Receipt(Protocol):
    """What went (`retention_queries`)."""

    @property
    def receipt_id(self) -> UUID: ...
    @property
    def subject(self) -> str: ...
    @property
    def amount(self) -> int | None: ...
    @property
    def unit(self) -> Unit | None: ...
    @property
    def gone(self) -> int | None: ...
    @property
    def day(self) -> date: ...
    @property
    def restored(self) -> bool: ...
    @property
    def by_hand(self) -> bool: ...


class ListReceipt(Protocol):
    """That a working list went (`desk.closing.queries`)."""

    @property
    def receipt_id(self) -> UUID: ...
    @property
    def section(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def erased_on(self) -> date: ...
    @property
    def by(self) -> str | None: ...


@dataclass(frozen=True)
class MonthLine:
    """One month: how many records, working lists and boxes are due in it. `waits`: of how many of the records the time is
    over, and they do not go tonight, by a hold, for the archive or since they can't be read."""

    month: str
    records: str
    lists: str
    boxes: str
    waits: str


@dataclass(frozen=True)
class RuleLine:
    """One class: how long it is kept, counted from when, and by whose decision. `address` is empty where it is fixed."""

    name: str
    span: str
    counted: str
    source: str
    address: str


@dataclass(frozen=True)
class ListLine:
    """A receipt of a working list: where it is, day and rule, and of which programme, whose `name` is Swedish wherever it
    stands. Of which cohort is not said."""

    address: str
    text: str
    title: str
    name: str


@dataclass(frozen=True)
class HomePage:
    """The whole page of managers. `fixed`: what goes with something else, and when."""

    state: Notice
    now_due: tuple[str, ...]
    months: tuple[MonthLine, ...]
    rules: tuple[RuleLine, ...]
    fixed: tuple[tuple[str, str], ...]
    receipts: tuple[tuple[str, str, str], ...]
    lists: tuple[ListLine, ...]


@dataclass(frozen=True)
class RulePage:
    """A class whose rule can be another: what is in force, the default, and what was decided before."""

    subject: Subject
    name: str
    counted: str
    source: str
    now: str
    default: str
    limits: str
    unit: str
    history: tuple[str, ...]
    form: Any


@dataclass(frozen=True)
class ReceiptPage:
    """A receipt, made for paper. It names no one."""

    name: str
    day: str
    rule: str
    gone: str
    why: str
    by: str


def _month(day: date) -> date:
    return day.replace(day=1)


def month_lines(
    records: Iterable[date], lists: Iterable[date], boxes: Iterable[date], today: date, fates: Mapping[Fated, int]
) -> tuple[MonthLine, ...]:
    """What is due in each of the next two years' months in which something is; what is overdue stands in this month, and of
    it how many `fates` keep."""
    counted = [Counter(_month(max(day, today)) for day in days) for days in (records, lists, boxes)]
    last = _month(today).replace(year=today.year + _MONTHS // 12)
    months = sorted({month for found in counted for month in found if month <= last})
    kept = {_month(today): sum(n for fate, n in fates.items() if fate not in {"erase", "later"})}
    return tuple(
        MonthLine(capital(month_year(month)), *map(_some, (*(found[month] for found in counted), kept.get(month, 0))))
        for month in months
    )


def _some(n: int) -> str:
    return number(n) if n else "–"


def fates_lines(fates: Mapping[Fated, int]) -> tuple[str, ...]:
    """How many of the records that are due stand how."""
    return tuple(f"{fate_words(fate)}: {number(n)}" for fate, n in sorted(fates.items()) if n and fate != "later")


def rule_lines(chosen: Mapping[Subject, Sequence[Choice]]) -> tuple[RuleLine, ...]:
    """Every class that has a number."""
    found = []
    for subject in SUBJECTS:
        rule, mine = RULES[subject], chosen.get(subject)
        source = source_words(subject)
        if mine:
            source = _("%(decision)s, ändrat från %(default)s.", decision=mine[0].decision, default=_default(subject))
        address = f"/personal/gallring/regler/{subject}" if rule.least < rule.most else ""
        span = span_words(mine[0].amount if mine else rule.amount, rule.unit)
        found.append(RuleLine(subject_words(subject), span, from_words(subject), source, address))
    return tuple(found)


def _default(subject: Subject) -> str:
    return span_words(RULES[subject].amount, RULES[subject].unit)


def receipt_lines(found: Iterable[Receipt]) -> tuple[tuple[str, str, str], ...]:
    """Address, day and class of every receipt of a run."""
    return tuple(
        (f"/personal/gallring/protokoll/{one.receipt_id}", day_plain(one.day), subject_words(one.subject)) for one in found
    )


def _list_words(section: str, names: Mapping[str, str]) -> str:
    return _("Arbetslista, %(programme)s", programme=f"{section} {names.get(section, '')}".strip())


def list_lines(found: Iterable[ListReceipt], names: Mapping[str, str]) -> tuple[ListLine, ...]:
    """A line for every receipt of a working list. `names`: of the programmes, by section."""
    return tuple(
        ListLine(
            f"/personal/gallring/{one.receipt_id}",
            f"{day_plain(one.erased_on)}. {rule_text(one.rule, one.by is None)}",
            _list_words(one.section, names),
            names.get(one.section, ""),
        )
        for one in found
    )


def receipt_heads() -> tuple[str, ...]:
    """The first line of the receipts as a file."""
    return _("Märkning"), _("Dag"), _("Vad"), _("Sparat så länge"), _("Hur många"), _("Mer"), _("Protokoll"), _("Av vem")


def receipt_rows(
    found: Iterable[Receipt], lists: Iterable[ListReceipt], names: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """A line for each receipt, with what it says, the newest first. It names none of the people and no cohort."""
    lines = []
    for one in found:
        said = receipt_page(one)
        lines.append((one.day, said.name, said.rule, said.gone, said.why, str(one.receipt_id), said.by))
    for of_list in lists:
        rule, by = rule_text(of_list.rule, of_list.by is None), by_whom(of_list.by)
        name = _list_words(of_list.section, names)
        lines.append((of_list.erased_on, name, rule, "", "", str(of_list.receipt_id), by))
    for day, *rest in sorted(lines, key=lambda line: line[0], reverse=True):
        yield _("Internt, sekretess"), day.isoformat(), *rest


def month_heads() -> tuple[str, ...]:
    """The first line of what is to come as a file."""
    return _("Märkning"), _("Månad"), _("Deltagares uppgifter"), _("Varav väntar"), _("Arbetslistor"), _("Lådor med svar")


def month_rows(lines: Iterable[MonthLine]) -> Iterator[tuple[str, ...]]:
    """A line for each month in which something is due."""
    for one in lines:
        yield _("Internt, sekretess"), one.month, one.records, one.waits, one.lists, one.boxes


def home_page(
    state: Notice,
    fates: Mapping[Fated, int],
    months: tuple[MonthLine, ...],
    chosen: Mapping[Subject, Sequence[Choice]],
    receipts: Iterable[Receipt],
    lists: tuple[ListLine, ...] = (),
) -> HomePage:
    """The page of managers. `lists` as `list_lines`."""
    return HomePage(
        state=state,
        now_due=fates_lines(fates),
        months=months,
        rules=rule_lines(chosen),
        fixed=tuple((subject_words(one), fixed_words(one)) for one in FIXED),
        receipts=receipt_lines(receipts),
        lists=lists,
    )


def rule_page(subject: Subject, chosen: Sequence[Choice], form: Any) -> RulePage:
    """The page that changes a rule."""
    rule = RULES[subject]
    units = {"years": _("år"), "months": _("månader"), "days": _("dagar")}
    return RulePage(
        subject=subject,
        name=subject_words(subject),
        counted=from_words(subject),
        source=source_words(subject),
        now=span_words(chosen[0].amount if chosen else rule.amount, rule.unit),
        default=_default(subject),
        limits=_("Minst %(least)s och högst %(most)s.", least=rule.least, most=span_words(rule.most, rule.unit)),
        unit=units[rule.unit],
        history=tuple(
            _(
                "%(span)s från %(day)s. %(decision)s. Skrivet av %(name)s.",
                span=span_words(one.amount, rule.unit),
                day=day_plain(local_date(one.chosen_at)),
                decision=one.decision,
                name=one.by,
            )
            for one in chosen
        ),
        form=form,
    )


def refusal(subject: Subject, why: str) -> str:
    """Why a rule cannot be this."""
    rule = RULES[subject]
    if why == "too_short":
        return _("Det är för kort. %(name)s ska sparas minst %(span)s.", name=subject_words(subject),
                 span=span_words(rule.least, rule.unit))  # fmt: skip
    return _("Det är för länge. %(name)s får sparas högst %(span)s.", name=subject_words(subject),
             span=span_words(rule.most, rule.unit))  # fmt: skip


def decision_leads() -> str:
    """Why these words name no decision that is kept."""
    return _(
        "Skriv beslutets nummer eller paragraf och dag. Personnummer, födelsedatum, telefonnummer och adress får inte stå "
        "här."
    )


def receipt_page(found: Receipt) -> ReceiptPage:
    """A receipt for paper."""
    rule = ""
    if found.amount is not None and found.unit is not None:
        rule = span_words(found.amount, found.unit)
        subject = next((one for one in SUBJECTS if one == found.subject), None)
        rule = f"{rule}. {from_words(subject)}" if subject else rule
    gone = ngettext("%(n)s persons uppgifter", "%(n)s personers uppgifter", found.gone) if found.gone is not None else ""
    why = _("En säkerhetskopia lästes tillbaka. Det som redan var raderat raderades igen.") if found.restored else ""
    by = _("Den som sköter tjänsten, med ett kommando på servern") if found.by_hand else _("Tjänsten, av sig själv")
    return ReceiptPage(subject_words(found.subject), day_plain(found.day), rule, gone, why, by)
