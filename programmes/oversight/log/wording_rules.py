"""The chain over the access log in words, for the page and the mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from programmes.core.clock import local_date
from programmes.core.i18n import clock, day_long, moment_long, month_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.notices.mail_rules import Letter
from programmes.oversight.log.chain_rules import Check, Day, Fault, shown
from programmes.oversight.log.review_rules import Month

# The worker looks once an hour; what is older than this was not looked at when it should have been.
STALE = timedelta(hours=3)
LATE = timedelta(minutes=30)
_COMMAND = "programmes audit verify"


@dataclass(frozen=True)
class Notice:
    """What is said first: kind and icon of the notice, its heading, and sentences."""

    kind: str
    icon: str
    title: str
    texts: tuple[str, ...]


def month_name(month: date) -> str:
    """`september 2026`"""
    return month_year(month)


def number(n: int) -> str:
    """`5 310`, with a space that does not break."""
    return f"{n:,}".replace(",", "\u00a0")


def chain_state(checks: Mapping[str, Check], now: datetime) -> Notice:
    """Whether the chain is whole, or where it first is not; and whether somebody has looked of late."""
    newest, everything = checks.get("newest"), checks.get("all")
    if newest is None:
        return Notice("info", "info", _("Kedjan har inte kontrollerats än"), (_("Det görs inom en timme."),))
    for check in (everything, newest):
        if check is not None and check.fault is not None and check.broken_at is not None:
            return Notice(
                "stop",
                "warn",
                _("Kedjan är bruten vid rad %(n)s", n=number(check.broken_at)),
                (
                    fault_words(check.fault),
                    _(
                        "Be den som driver tjänsten att köra %(command)s och inte ändra något.",
                        command="programmes audit verify",
                    ),
                ),
            )
    return _whole(newest, everything, now)


def _whole(newest: Check, everything: Check | None, now: datetime) -> Notice:
    texts = [_("Kontrollerad %(when)s.", when=_moment(newest.at, now))]
    if everything is not None:
        texts.append(_("Hela loggen gicks igenom %(when)s.", when=_moment(everything.at, now)))
    if now - newest.at > STALE:
        texts.append(_("Det är länge sedan. Be den som driver tjänsten att se om arbetsprocessen är igång."))
        return Notice("warn", "clock", _("Kedjan var hel till och med rad %(n)s", n=number(newest.through)), tuple(texts))
    if newest.waiting_since is not None and newest.at - newest.waiting_since > LATE:
        texts.append(_("Rader väntar på sin plats sedan %(when)s.", when=_moment(newest.waiting_since, now)))
        return Notice("warn", "clock", _("Kedjan är hel till och med rad %(n)s", n=number(newest.through)), tuple(texts))
    return Notice("ok", "check", _("Kedjan är hel till och med rad %(n)s", n=number(newest.through)), tuple(texts))


def _moment(at: datetime, now: datetime) -> str:
    if local_date(at) == local_date(now):
        return _("idag %(time)s", time=clock(at))
    return moment_long(at)


def fault_words(fault: Fault) -> str:
    """What is wrong, in a sentence."""
    return {
        "changed": _("En rad är ändrad, eller har bytt plats, sedan den skrevs."),
        "line_gone": _("En rad är borttagen."),
        "link_gone": _("En eller flera rader är borttagna."),
        "checkpoint": _("Rader är borttagna, men inte av gallringen."),
        "end_gone": _("De senaste raderna är borta. Det händer också när en säkerhetskopia har lästs tillbaka."),
        "other_end": _("Kedjan är en annan än den som antecknades utanför databasen."),
        "other_day": _("En dags kontrollsumma är en annan än den som antecknades utanför databasen."),
        "no_key": _("Nyckeln som kedjan görs med finns inte där den ska vara."),
        "no_end": _("Det som antecknades utanför databasen om kedjans slut finns inte där det ska vara."),
    }[fault]


def letter(day: Day, state: Notice, months: Sequence[Month], base_url: str, municipality: str) -> Letter:
    """What the daily mail says: the head of the day, whether the chain is whole, what waits."""
    waiting = [month for month in months if month.signed_at is None]
    lines = [
        _("Åtkomstloggen, %(day)s.", day=day_long(day.day)),
        f"{state.title}. {' '.join(state.texts)}",
        _("Dagens kontrollsumma: %(head)s, rad %(n)s.", head=shown(day.head), n=number(day.position)),
        _("Spara mejlet. Då kan summan jämföras med den som tjänsten visar, också om någon har ändrat i databasen."),
    ]
    if waiting:
        lines.append(ngettext("%(n)s månad väntar på granskning.", "%(n)s månader väntar på granskning.", len(waiting)))
    foot = (_("Logga in och öppna %(address)s.", address=f"{base_url}/personal/granskning"), municipality)
    return Letter(_("Åtkomstloggens kontrollsumma"), tuple(lines), "", foot)
