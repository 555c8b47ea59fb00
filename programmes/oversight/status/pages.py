"""View model of how the service is, in plain words for staff: what works, and what to do meanwhile where it doesn't."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from programmes.core.backup_trace import BACKUP_IS_OLD
from programmes.core.i18n import clock, listed, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.notices.reach_rules import Away

# The worker leaves a trace each minute.
_AWAY = timedelta(minutes=5)
_ALL_GO = Away()


@dataclass(frozen=True)
class Point:
    """Something that works or doesn't, and what that means for staff."""

    title: str
    ok: bool
    text: str


@dataclass(frozen=True)
class StatusPage:
    """`lead` says whether all is well; `at`: when it was looked at."""

    lead: str
    well: bool
    at: str
    points: tuple[Point, ...]


def status_page(
    counts: Mapping[str, int],
    worker_at: datetime | None,
    keys: bool,
    backup_at: datetime | None,
    now: datetime,
    unreached: Sequence[str] = (),
    away: Away = _ALL_GO,
    untold: int = 0,
    waits_for_restore: bool = False,
    lacking: Sequence[str] = (),
) -> StatusPage:
    """The page. `counts` are those of `metrics_queries.waiting`; `backup_at`: when a backup last succeeded; `unreached`:
    names of staff to whom no mail comes; `away`: which messages do not get through; `untold`: how many people a
    message did not reach that still holds; `waits_for_restore`: whether the worker does nothing until a backup has been put
    back (`core.restore_marks`); `lacking`: which of the service's own keys are away that are never made anew."""
    erasure = _erasure(counts["lists_due"], counts["keys_late"])
    work: tuple[Point, ...] = (_messages(counts["messages_late"], untold, away), _places(counts["offers_late"]), erasure)
    at_work = worker_at is not None and now - worker_at <= _AWAY
    if waits_for_restore or not at_work:
        # What nobody does is not late yet, and does not work.
        work = tuple(replace(point, ok=False, text=_stands_still(point)) for point in work)
    it = _waits_for_restore() if waits_for_restore else _worker(worker_at, at_work)
    points = (_keys(keys), _own_keys(lacking), it, *work, _mail_to_staff(unreached), _backup(backup_at, now))
    well = all(point.ok for point in points)
    lead = _("Allt fungerar.") if well else _("Något fungerar inte som det ska. Den som sköter tjänsten behöver veta det.")
    return StatusPage(lead, well, _("Läget klockan %(time)s.", time=clock(now)), points)


def _keys(usable: bool) -> Point:
    return Point(
        _("Uppgifter om deltagare"),
        usable,
        _("Det som är låst går att läsa och spara.")
        if usable
        else _(
            "Namn, kontakt och anteckningar går inte att läsa eller spara just nu. Inget är borta. Skriv på papper så länge."
        ),
    )


def _own_keys(lacking: Sequence[str]) -> Point:
    """Each by what does not work without it (decision 108)."""
    without = {
        "search": _(
            "Det går inte att söka efter deltagare med namn eller nummer, inte att anmäla sig med namn och inte att ändra "
            "deltagares uppgifter. Skriv på papper så länge."
        ),
        "second-factor": _("Det går inte att logga in med kod från en app. Reservkoder fungerar."),
        "feed": _("Adresser till kalendrar visas inte. Kalendrar som redan används fungerar."),
    }
    said = [text for name, text in without.items() if name in lacking]
    if said:
        said.append(_("Ring den som sköter tjänsten, som behöver lägga tillbaka en nyckel."))
    title = _("Sökning, koder vid inloggning och adresser till kalendrar")
    return Point(title, not said, " ".join(said) or _("Nycklarna till dem finns."))


def _stands_still(point: Point) -> str:
    """Of work that the worker does, while it is away."""
    return point.text if not point.ok else _("Det står stilla tills det som sköts av sig självt är i gång igen.")


def _worker(at: datetime | None, at_work: bool) -> Point:
    if at_work:
        return Point(_("Det som sköts av sig självt"), True, _("Meddelanden, platser och gallring sköts om."))
    when = _("Det var senast i gång %(when)s.", when=moment_long(at)) if at else _("Det har aldrig varit i gång.")
    return _nothing_done(when)


def _waits_for_restore() -> Point:
    """The worker is there, and holds off."""
    return _nothing_done(_("Det står stilla, för en säkerhetskopia läggs tillbaka, eller så har det avbrutits."))


def _nothing_done(why: str) -> Point:
    text = _(
        "Inga meddelanden går ut, och lediga platser erbjuds ingen. Ring den som sköter tjänsten."
        " Är det bråttom för en deltagare, ring deltagaren också."
    )
    return Point(_("Det som sköts av sig självt"), False, f"{why} {text}")


def _messages(late: int, untold: int, away: Away) -> Point:
    since = away.all or away.mails or away.texts
    if since:
        one = _("E-post kommer inte fram.") if away.mails else _("Sms kommer inte fram.")
        what = _("Meddelanden kommer inte fram.") if away.all else one
        then = _("Sedan %(when)s. De väntar och går när det fungerar. Ring den som har bråttom.", when=moment_long(since))
        text = f"{what} {then}"
    elif late:
        text = ngettext(
            "%(n)s meddelande har väntat i över tio minuter. Är det bråttom, ring deltagaren.",
            "%(n)s meddelanden har väntat i över tio minuter. Är det bråttom, ring deltagarna.",
            late,
        )
    elif untold:
        text = ngettext(
            "Meddelanden går ut. %(n)s person har inte fått ett besked som gäller än. Vem det är står under Idag hos dem "
            "som arbetar med gruppen.",
            "Meddelanden går ut. %(n)s personer har inte fått ett besked som gäller än. Vilka det är står under Idag hos "
            "dem som arbetar med grupperna.",
            untold,
        )
    else:
        text = _("Meddelanden går ut.")
    return Point(_("Meddelanden till deltagare"), not late and not since, text)


def _mail_to_staff(unreached: Sequence[str]) -> Point:
    """Who it is, as it is theirs to put right, or their colleagues'; what was sent is not said."""
    text = _("Inga mejl har kommit tillbaka.")
    if unreached:
        wrong = _("Är adressen fel ändrar den som sköter tjänsten den.")
        text = _("E-posten till %(names)s kommer inte fram.", names=listed(list(unreached)))
        text = f"{text} {wrong}"
    return Point(_("E-post till personal"), not unreached, text)


def _places(late: int) -> Point:
    text = (
        ngettext(
            "%(n)s erbjudande har gått ut utan att platsen har gått vidare.",
            "%(n)s erbjudanden har gått ut utan att platserna har gått vidare.",
            late,
        )
        if late
        else _("Platser som blir lediga går vidare till nästa i kön.")
    )
    return Point(_("Köer och platser"), not late, text)


def _erasure(due: int, keys_late: int) -> Point:
    texts = []
    if due:
        texts.append(
            ngettext(
                "%(n)s arbetslista skulle ha raderats och ligger kvar.",
                "%(n)s arbetslistor skulle ha raderats och ligger kvar.",
                due,
            )
        )
    if keys_late:
        texts.append(
            _(
                "Uppgifter har tagits bort, men nycklar till dem ligger kvar. De går ännu att läsa i en säkerhetskopia. "
                "Vad som är i vägen säger kommandot programmes doctor."
            )
        )
    return Point(_("Gallring"), not texts, " ".join(texts) or _("Det som ska raderas raderas."))


def _backup(at: datetime | None, now: datetime) -> Point:
    """By the trace alone: web does not see where backups lie, so that the page does not say that one is there."""
    if at is None:
        return Point(_("Säkerhetskopiering"), False, _("Ingen säkerhetskopia har gjorts."))
    text = _(
        "Den senaste är från %(when)s. Om den finns kvar syns inte här. Det ser den som sköter tjänsten, med kommandot"
        " programmes doctor.",
        when=moment_long(at),
    )
    return Point(_("Säkerhetskopiering"), now - at <= BACKUP_IS_OLD, text)
