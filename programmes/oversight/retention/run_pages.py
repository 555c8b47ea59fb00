"""How the last run of retention stands, as managers read it. No records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, moment_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.log.wording_rules import Notice, number
from programmes.oversight.retention.wording_rules import run_words

# Web and worker may run on two machines.
_CLOCKS_AGREE = timedelta(minutes=5)


class Run(Protocol):
    """How a run stands (`retention_queries`)."""

    @property
    def state(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def due(self) -> int: ...
    @property
    def gone(self) -> int: ...
    @property
    def failed(self) -> int: ...


@dataclass(frozen=True)
class _Said:
    kind: str
    title: str
    texts: tuple[str, ...]


def run_state(runs: Sequence[Run], now: datetime, keys_late: bool = False) -> Notice:
    """How the newest run stands; that there is none for two days is said too, and that keys wait which were to be destroyed:
    until they are, nothing is said to be erased. What is worst has the title, and all of it is said."""
    if not runs:
        text = _("Den första körs i natt efter klockan två.")
        return Notice("info", "info", _("Gallringen har inte körts än"), (text,))
    run = runs[0]
    kind, title, todo = run_words(run.state)
    done = (_("Senast %(when)s.", when=moment_year(run.started_at)), *_counted(run, keys_late))
    said = [_Said(kind, title, done)]
    if run.failed and run.state != "running":
        said.append(_unreadable(run.failed))
    if keys_late:
        said.append(_keys_lie_there())
        todo = _("Nya försök görs hela tiden. Be den som sköter tjänsten att köra programmes doctor.")
    said.append(replace(said[-1], texts=(todo,) if todo else ()))
    if (local_date(now) - local_date(run.started_at)).days > 1:
        text = _("Bakgrundsprocessen verkar stå still. Be den som sköter tjänsten att titta.")
        said.append(_Said("stop", _("Gallringen har inte körts i natt"), (text,)))
    if run.started_at > now + _CLOCKS_AGREE:
        said.append(_from_a_wrong_clock(now))
    icons = {"ok": "check", "info": "clock", "warn": "warn", "stop": "warn"}
    last = said[-1]
    return Notice(last.kind, icons[last.kind], last.title, tuple(text for one in said for text in one.texts))


def _counted(run: Run, keys_late: bool) -> tuple[str, ...]:
    """How far it has come, or how many it erased."""
    if run.state == "running":
        return (_("%(done)s av %(due)s är klara.", done=number(run.gone + run.failed), due=number(run.due)),)
    if not run.gone or keys_late:
        return ()
    return (ngettext("%(n)s persons uppgifter raderades.", "%(n)s personers uppgifter raderades.", run.gone),)


def _unreadable(count: int) -> _Said:
    text = ngettext(
        "%(n)s persons uppgifter gick inte att läsa. Be den som sköter tjänsten att titta i loggen.",
        "%(n)s personers uppgifter gick inte att läsa. Be den som sköter tjänsten att titta i loggen.",
        count,
    )
    return _Said("warn", _("Allt gick inte att radera"), (text,))


def _keys_lie_there() -> _Said:
    text = _("Uppgifterna är borta ur tjänsten, men går att läsa i en säkerhetskopia tills nycklarna är förstörda.")
    return _Said("stop", _("Allt är inte raderat: nycklar ligger kvar"), (text,))


def _from_a_wrong_clock(now: datetime) -> _Said:
    """What such a run says of itself went by another clock than the one that is asked now: one of them was wrong."""
    text = _(
        "I dag är det %(today)s. Fram till den dagen körs kanske ingen gallring av sig själv, och det som raderades"
        " kan ha raderats för tidigt. Be den som sköter tjänsten att kontrollera klockan.",
        today=day_plain(local_date(now)),
    )
    return _Said("stop", _("Klockan verkar ha gått fel: den senaste gallringen har en dag som inte har varit"), (text,))
