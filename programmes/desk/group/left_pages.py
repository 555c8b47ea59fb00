"""What staff say to somebody of sessions that are otherwise than that person believes."""

from collections.abc import Mapping
from datetime import datetime

from programmes.core.i18n import Language, moment_long
from programmes.core.i18n import gettext as _
from programmes.notices.belief_rules import Known, wrong_days
from programmes.notices.left_rules import Left


def left_text(left: Left, kind: str = "") -> str:
    """Each session by the day that the person knows, and how it is: all of them, since one press settles all. `kind` is the
    message's: by it what they know nothing of is called new, booked, instead of another or back again."""
    said, off = list[str](), False
    for was, now in sorted(left.sessions, key=_when):
        said.append(_one(was, now, kind, off, left.places))
        off = now is None
    if left.taken:
        said.append(_("Ett annat tillfälle har fått en tid som personen känner till, så säg alla tider."))
    return " ".join(said)


def language_text(language: Language) -> str:
    """In which language somebody wants to be told, where that is another one than Swedish."""
    return "" if language == "sv" else _("Vill ha besked på engelska.")


def avoid_text(words: str, now: bool) -> str:
    """When somebody wants to be left alone, in their own words where those may be read, and that it is such a time now."""
    found = [_("Tider att undvika: %(times)s.", times=words.strip(" ."))] if words else []
    return " ".join([*found, *([_("Just nu är det en tid som personen vill undvika.")] if now else [])])


def kind_text(kind: str, when: str, added: datetime | None) -> str:
    """What is said of a message that tells of no belief: one of the release before, or a decision about all sessions. Empty
    for other kinds."""
    match kind:
        case "session_moved":
            return _("Ny tid eller plats: %(when)s.", when=when)
        case "session_cancelled":
            off = _("Det blir inget %(when)s.", when=when)
            return f"{off} {_new(moment_long(added), kind, True)}" if added else off
        case "rest_cancelled":
            return _("Allt som var kvar är inställt.")
        case "cohort_cancelled":
            return _("Starten är inställd.")
        case "cohort_postponed":
            late = _("Starten är framflyttad.")
            first = _("Första gången är %(when)s.", when=moment_long(added)) if added else ""
            return f"{late} {first}".rstrip()
    return ""


def _when(pair: tuple[Known | None, Known | None]) -> datetime:
    """Those that they know of first, then what is new."""
    was, now = pair
    return min(known.starts_at for known in (was, now) if known)


def _one(was: Known | None, now: Known | None, kind: str, after_off: bool, places: Mapping[int, str]) -> str:
    if was is None:
        return _new(moment_long(now.starts_at) if now else "", kind, after_off)
    days = wrong_days(was, now)
    if not days:  # They know of none, or believe what is so.
        return _new(moment_long(now.starts_at) if now else "", kind, after_off)
    known = moment_long(days[0].starts_at)
    if len(days) > 1:
        others = _(" eller ").join(moment_long(day.starts_at) for day in days[1:])
        known = _("%(known)s, eller %(others)s om personen har hört det,", known=known, others=others)
    if now is None:
        return _("Det blir inget %(when)s.", when=known.rstrip(","))
    elsewhere = any(day.venue_id != now.venue_id for day in days)
    place = places.get(now.venue_id, "")
    if any(day.starts_at != now.starts_at for day in days):
        moved = _("Det som skulle vara %(was)s är %(now)s.", was=known, now=moment_long(now.starts_at))
        return " ".join([moved, _("Platsen är en annan: %(place)s.", place=place)]) if elsewhere else moved
    if elsewhere:
        return _("Det är en annan plats %(when)s: %(place)s.", when=known, place=place)
    return _("Det slutar en annan tid %(when)s.", when=known)


def _new(when: str, kind: str, after_off: bool) -> str:
    """`after_off`: the sentence before says what does not take place; only after that one it is "instead"."""
    match kind:
        case "talk_booked":
            return _("En tid är bokad: %(when)s.", when=when)
        case "change_undone":
            return _("Det blir av %(when)s.", when=when)
        case "session_cancelled" if after_off:
            return _("I stället blir det %(when)s.", when=when)
        case _:
            return _("Nytt tillfälle: %(when)s.", when=when)
