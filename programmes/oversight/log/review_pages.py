"""The access log as managers see it: whether its chain is whole, the days' heads, and a month to go through."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_plain, day_short, listed, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.log.chain_rules import Check, Day, Loss, shown
from programmes.oversight.log.review_rules import (
    MANY,
    MANY_EMPTY,
    MANY_EMPTY_IN_A_DAY,
    MANY_REVEALS,
    Judged,
    Kind,
    Looked,
    Month,
    Outcome,
    last_month,
    next_month,
)
from programmes.oversight.log.wording_rules import Notice, chain_state, month_name, number
from programmes.people.look_wording_rules import page_words, reason_words

_NAMED = 8


@dataclass(frozen=True)
class MonthLine:
    """One month in the list: its name, where it is, how it stands."""

    month: str
    address: str
    text: str
    signed: bool


@dataclass(frozen=True)
class DayLine:
    """A day's head, to be printed and compared."""

    day: str
    lines: str
    position: str
    head: str


@dataclass(frozen=True)
class HomePage:
    """The whole page. `next` is the oldest month that is not signed off, `file` where the days that are shown are a file.
    `other`: why another month than was asked for is shown, or empty."""

    state: Notice
    losses: tuple[str, ...]
    next: MonthLine | None
    months: tuple[MonthLine, ...]
    shown: str
    file: str
    before: str
    after: str
    days: tuple[DayLine, ...]
    years: str
    other: str


@dataclass(frozen=True)
class ReviewLine:
    """One line to judge. `outcome` is empty while nobody has; in the field `shown` the page sends it back. `changed`:
    somebody else has judged it since the page was made that was sent."""

    name: str
    who: str
    when: str
    what: str
    record: str
    places: str
    why: str
    note: str
    outcome: Outcome | Literal[""]
    legend: str
    shown: str
    changed: bool


@dataclass(frozen=True)
class ReviewPage:
    """A month. `signed` says when and by whom, or is empty. Of an error the line `first` is where to go, as `way` says."""

    title: str
    lead: str
    address: str
    unusual: tuple[ReviewLine, ...]
    drawn: tuple[ReviewLine, ...]
    left: int
    left_text: str
    signed: str
    saved: bool
    error: str
    first: str
    way: str


def loss_words(loss: Loss) -> str:
    """Which lines were lost with a restored database."""
    if loss.last <= loss.first:
        return _("Kedjan togs upp igen vid rad %(n)s av den som driver tjänsten.", n=number(loss.last))
    return _(
        "Rad %(first)s till %(last)s saknas. De försvann när en säkerhetskopia lästes tillbaka.",
        first=number(loss.first),
        last=number(loss.last - 1),
    )


def home_page(
    checks: Mapping[str, Check],
    losses: Sequence[Loss],
    months: Sequence[Month],
    days: Sequence[Day],
    wanted: date,
    now: datetime,
    years: int,
    other: bool = False,
) -> HomePage:
    """The page with the chain, the months to go through, and the heads of one month's days. `other`: what was asked for is
    no month, or one to come."""
    lines = tuple(_month_line(month) for month in months)
    waiting = [line for line in lines if not line.signed]
    return HomePage(
        state=chain_state(checks, now),
        losses=tuple(loss_words(loss) for loss in losses),
        next=waiting[-1] if waiting else None,
        months=lines,
        shown=month_name(wanted),
        file=f"/personal/granskning.csv?manad={wanted:%Y-%m}",
        before=f"{last_month(wanted):%Y-%m}",
        after=f"{next_month(wanted):%Y-%m}" if next_month(wanted) <= local_date(now) else "",
        days=tuple(DayLine(day_short(d.day), number(d.lines), number(d.position), shown(d.head)) for d in days),
        years=ngettext("Rader sparas i %(n)s år.", "Rader sparas i %(n)s år.", years),
        other=_("Månaden i adressen går inte att läsa, eller har inte börjat. Här är %(month)s.", month=month_name(wanted))
        if other
        else "",
    )


def _month_line(month: Month) -> MonthLine:
    if month.signed_at is not None:
        day = day_plain(local_date(month.signed_at))
        text = _("Granskad %(day)s av %(name)s.", day=day, name=month.signed_by)
    else:
        text = ngettext("%(n)s rad kvar att bedöma.", "%(n)s rader kvar att bedöma.", month.left)
    return MonthLine(month_name(month.month), f"/personal/granskning/{month.month:%Y-%m}", text, month.signed_at is not None)


def changed_words(lines: int) -> str:
    """That somebody else has judged lines while a page was open."""
    return ngettext(
        "Någon har ändrat %(n)s rad sedan du öppnade sidan. Här står den som den är nu. Det andra du valde är sparat, och"
        " månaden är inte underskriven.",
        "Någon har ändrat %(n)s rader sedan du öppnade sidan. Här står de som de är nu. Det andra du valde är sparat, och"
        " månaden är inte underskriven.",
        lines,
    )


def review_page(
    month: Month, found: Sequence[Judged], me: int, error: str = "", saved: bool = False, changed: Collection[int] = ()
) -> ReviewPage:
    """One month, with what was judged, and which lines somebody else has changed since."""
    lines = [(one, _review_line(one, me, one.line_id in changed)) for one in found]
    unusual = tuple(line for one, line in lines if one.kind != "sample")
    drawn = tuple(line for one, line in lines if one.kind == "sample")
    signed = ""
    if month.signed_at is not None:
        signed = _("Granskad %(when)s av %(name)s.", when=moment_long(month.signed_at), name=month.signed_by)
    left = ngettext("%(n)s rad är inte bedömd.", "%(n)s rader är inte bedömda.", month.left)
    return ReviewPage(
        title=_("Loggkontroll, %(month)s", month=month_name(month.month)),
        lead=_lead(month.lines, len(unusual), len(drawn)),
        address=f"/personal/granskning/{month.month:%Y-%m}",
        unusual=unusual,
        drawn=drawn,
        left=month.left,
        left_text=left,
        signed=signed,
        saved=saved,
        error=error,
        first=next((line.name for _one, line in lines if (line.changed if changed else not line.outcome)), ""),
        way=_("Till den första raden som har ändrats") if changed else left,
    )


def heads() -> tuple[str, ...]:
    """The first line of a month as a file."""
    return (
        *(_("Märkning"), _("Vem tittade"), _("När"), _("Vad"), _("Vilka uppgifter")),
        *(_("Rad i loggen"), _("Varför den är med"), _("Bedömning")),
    )


def rows(page: ReviewPage) -> Iterator[tuple[str, ...]]:
    """A line for each thing to judge, what is unusual first; the last cell is empty while nobody has judged it."""
    for line in (*page.unusual, *page.drawn):
        judged = outcome_words(line.outcome) if line.outcome else ""
        yield _("Internt, sekretess"), line.who, line.when, line.what, line.record, line.places, line.why, judged


def day_heads() -> tuple[str, ...]:
    """The first line of the days' heads as a file."""
    return _("Märkning"), _("Dag"), _("Kontrollsumma"), _("Till och med rad"), _("Nya rader")


def day_rows(days: Sequence[Day]) -> Iterator[tuple[str, ...]]:
    """A line for each day, the checksum as page and mail have it."""
    for day in days:
        yield _("Internt, sekretess"), day.day.isoformat(), shown(day.head), str(day.position), str(day.lines)


def _lead(lines: int, unusual: int, drawn: int) -> str:
    return " ".join(
        [
            ngettext("%(n)s visning av någons uppgifter.", "%(n)s visningar av någons uppgifter.", lines),
            ngettext("%(n)s sak att titta på.", "%(n)s saker att titta på.", unusual),
            ngettext("%(n)s rad i stickprovet.", "%(n)s rader i stickprovet.", drawn),
        ]
    )


def _review_line(one: Judged, me: int, changed: bool) -> ReviewLine:
    when = _when(one.looks)
    return ReviewLine(
        name=f"rad_{one.line_id}",
        who=one.staff or _("Någon som inte finns kvar"),
        when=when,
        what=_what(one),
        record=_record(one),
        places=_places(one.looks),
        why=kind_words(one.kind),
        note=_("Det är du själv. Låt gärna en annan chef bedöma.") if one.staff_id == me else "",
        outcome=one.outcome or "",
        legend=", ".join(part for part in (one.staff, when, kind_words(one.kind)) if part),
        shown=f"visad_{one.line_id}",
        changed=changed,
    )


def kind_words(kind: Kind) -> str:
    """Why a line is there."""
    return {
        "sample": _("Stickprov."),
        "night": _("På natten, mellan 22 och 6."),
        "day_off": _("På en ledig dag."),
        "own_name": _("Deltagaren heter likadant som den som tittade, eller har samma efternamn."),
        "many": _(
            "Fler än %(n)s deltagare eller %(empty)s sökningar utan träff inom en timme, eller %(day)s sådana på en dag.",
            n=MANY,
            empty=MANY_EMPTY,
            day=MANY_EMPTY_IN_A_DAY,
        ),
        "protected": _("Skyddade uppgifter."),
        "left": _("Arbetar inte längre med gruppen."),
        "reveals": _("Visade kontaktvägar mer än %(n)s gånger.", n=MANY_REVEALS),
    }[kind]


def _when(looks: Sequence[Looked]) -> str:
    if not looks:
        return _("Under månaden")
    first, last = looks[0].at, looks[-1].at
    begin = f"{day_short(local_date(first))} {clock(first)}"
    if first == last:
        return begin
    if local_date(first) == local_date(last):
        return f"{begin}–{clock(last)}"
    return f"{begin} – {day_short(local_date(last))} {clock(last)}"


def _what(one: Judged) -> str:
    if one.kind == "reveals":
        return _("Kontaktvägar på arbetslistan")
    pages = list(dict.fromkeys(page_words(look.page) for look in one.looks))
    reasons = list(dict.fromkeys(reason_words(look.reason) for look in one.looks if look.reason))
    return listed(pages) + (f" ({listed(reasons)})" if reasons else "")


def _record(one: Judged) -> str:
    """Which records, by number. Of who bears the looker's name not even that: the number would then have a name."""
    group = one.cohort or _("flera grupper")
    if one.kind == "reveals":
        return one.cohort
    if any(look.own_name for look in one.looks):
        return _("%(group)s. Numret visas inte, eftersom namnet då gick att förstå.", group=capital(group))
    looks = [look for look in one.looks if not look.of_nobody]
    if empty := len(one.looks) - len(looks):
        searched = ngettext("%(n)s sökning utan träff", "%(n)s sökningar utan träff", empty)
        return listed([searched, _record(replace(one, looks=tuple(looks)))]) if looks else searched
    numbers = sorted({look.number for look in looks if look.number is not None})
    if not numbers or len({look.cohort for look in looks}) > 1:
        people = len({(look.cohort, look.number) for look in looks})
        return ngettext("%(n)s deltagare, %(group)s", "%(n)s deltagare, %(group)s", people, group=group)
    named = [str(n) for n in numbers[:_NAMED]]
    more = len(numbers) - len(named)
    which = _("%(numbers)s och %(more)s till", numbers=", ".join(named), more=more) if more else listed(named)
    return _("Deltagare %(which)s, %(group)s", which=which, group=group)


def _places(looks: Sequence[Looked]) -> str:
    """Which lines of the log, so that whoever runs the service can find them."""
    places = sorted(look.position for look in looks if look.position is not None)
    if not places:
        return ""
    if len(places) == 1:
        return _("Rad %(n)s", n=number(places[0]))
    return _("%(n)s rader, %(first)s till %(last)s", n=number(len(looks)), first=number(places[0]), last=number(places[-1]))


def outcome_words(outcome: Outcome) -> str:
    """How something was judged."""
    return {"in_order": _("I sin ordning"), "ask": _("Frågas vidare")}[outcome]


def typed_outcomes(values: Mapping[str, Any], begins: str, allowed: Sequence[str]) -> dict[int, Any]:
    """What fields whose names begin so have, by line. What no browser of ours sends is left out."""
    found = {}
    for name, chosen in values.items():
        digits = name.removeprefix(begins)
        if name.startswith(begins) and digits.isascii() and digits.isdigit() and len(digits) < 10 and chosen in allowed:
            found[int(digits)] = chosen
    return found
