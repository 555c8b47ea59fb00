"""What a message says of sessions that are otherwise than its receiver knew, and of the one that is next."""

from dataclasses import replace
from datetime import datetime

from programmes.core.clock import local_date
from programmes.core.i18n import day_long, moment_long
from programmes.core.i18n import gettext as _
from programmes.notices.letter_fact_rules import NAMED, Became, Facts, Slot


def session_news(facts: Facts) -> list[str]:
    if facts.session is None:
        return []
    if facts.tangled:
        return [_("Mötestider har ändrats. Alla tider står på Min plats."), *next_session(facts), *says_age_again(facts)]
    if facts.kind == "session_cancelled":
        instead = [_("Ett nytt möte är tillagt sist: %(when)s.", when=facts.added)] if facts.added else []
        if facts.taken:
            return [
                _("Ett möte är inställt och andra har nya tider. Alla tider står på Min plats."),
                *instead,
                *next_session(facts),
            ]
        when = _or(str(facts.session), facts.moved.or_was if facts.moved else None)
        return [_("Mötet %(when)s är inställt.", when=when), *instead, *next_session(facts)]
    if facts.kind == "talk_booked":
        one = [_("En tid är bokad: %(when)s.", when=facts.session)]
        first = _("%(n)s tider är bokade. Den första är %(when)s.", n=facts.booked, when=facts.session)
        several = [first, _("Alla tider står på Min plats.")]
        news = several if facts.booked > 1 else one
        return [*news, *says_age_again(facts)]
    return [*_moved_news(facts, facts.session), *says_age_again(facts)]


def _moved_news(facts: Facts, session: Slot) -> list[str]:
    """Named by the day that they know; what they know of none is one more, and what is over by now does not come."""
    if facts.moved and facts.moved.now is None and facts.moved.was:
        return [_became(facts.moved), *next_session(facts)]
    if facts.moved and facts.moved.was is None:
        return [_("Det blir ett möte till: %(when)s.", when=session)]
    was_at = facts.moved.was.starts_at if facts.moved and facts.moved.was else facts.was_at
    if facts.taken:
        return [_("Möten har fått nya tider. Alla tider står på Min plats."), *next_session(facts)]
    if was_at is None or was_at == session.starts_at:
        return [_("Mötet %(when)s har ändrats. Se tid och plats med länken.", when=session)]
    known = _or(moment_long(was_at), facts.moved.or_was if facts.moved else None)
    return [_("Mötet som skulle vara %(moment)s är flyttat.", moment=known), _("Ny tid: %(when)s.", when=session)]


def _or(known: str, other: Slot | None) -> str:
    """By which day somebody knows a session, or by which two, as far as anybody knows."""
    if other is None:
        return known
    return _("%(known)s, eller %(other)s om du har hört det,", known=known, other=other)


def rest_news(facts: Facts) -> list[str]:
    if facts.kind == "rest_cancelled":
        visit = (
            [_("Det första mötet som du hade bokat %(when)s är också inställt.", when=facts.visit)] if facts.visit else []
        )
        return [_("De möten som var kvar är inställda."), *visit, _("Du behöver inte göra något.")]
    if facts.kind == "change_undone":
        return [_("Ändringen som vi skrev om gäller inte."), *_as_it_is(facts)]
    if any(one.was is None or one.now is None for one in facts.became):
        return [_("Något har ändrats."), *_as_it_is(facts), *says_age_again(facts)]
    if facts.unchanged and len(facts.became) == 1 and (session := facts.became[0].now):
        return [*_moved_news(replace(facts, moved=facts.became[0]), session), *says_age_again(facts)]
    return [_which_moved(facts), *next_session(facts), *says_age_again(facts)]


def _which_moved(facts: Facts) -> str:
    """All that are left, all from a day on that the receiver knows, or only that it is some of them; and whether it is their
    times, their place or both."""
    if facts.unchanged is None:
        return _all_left(facts)
    known = min((local_date(one.was.starts_at) for one in facts.became if one.was), default=None)
    if known and local_date(facts.unchanged) < known and not any(one.or_was for one in facts.became):
        return _all_from(facts, day_long(known))
    if facts.same_places:
        return _("Några av mötena har fått nya tider. Se alla med länken.")
    if _same_times(facts):
        return _("Några av mötena har fått en ny plats. Se alla med länken.")
    return _("Några av mötena har fått nya tider eller en ny plats. Se alla med länken.")


def _all_left(facts: Facts) -> str:
    if facts.same_places:
        return _("Mötena som är kvar har fått nya tider. Se alla med länken.")
    if _same_times(facts):
        return _("Mötena som är kvar har fått en ny plats. Se alla med länken.")
    return _("Mötena som är kvar har fått nya tider eller en ny plats. Se alla med länken.")


def _all_from(facts: Facts, day: str) -> str:
    if facts.same_places:
        return _("Mötena från %(day)s har fått nya tider. Se alla med länken.", day=day)
    if _same_times(facts):
        return _("Mötena från %(day)s har fått en ny plats. Se alla med länken.", day=day)
    return _("Mötena från %(day)s har fått nya tider eller en ny plats. Se alla med länken.", day=day)


def _same_times(facts: Facts) -> bool:
    return bool(facts.became) and all(one.was == one.now and not one.or_was for one in facts.became)


def _as_it_is(facts: Facts) -> list[str]:
    """How it is now of each session, or of many where that stands."""
    if len(facts.became) > NAMED or facts.taken or facts.tangled or not facts.named:
        return [*next_session(facts), _("Alla tider står på Min plats.")]
    said = [_became(one) for one in sorted(facts.became, key=_when)[: facts.named]]
    if len(said) < len(facts.became):
        said.append(_("Det gäller fler möten. Alla tider står på Min plats."))
    return said


def _when(one: Became) -> datetime:
    return min(slot.starts_at for slot in (one.was, one.now) if slot)


def _became(one: Became) -> str:
    if one.now is None:
        return _("Mötet %(when)s blir inte av.", when=_or(str(one.was), one.or_was))
    if one.was is None:
        return _("Mötet %(when)s blir av.", when=one.now)
    if one.was == one.now:
        return _("Mötet %(when)s har en annan plats än vi skrev. Se var med länken.", when=one.now)
    if one.or_was:
        return _("Mötet som skulle vara %(was)s är %(now)s.", was=_or(str(one.was), one.or_was), now=one.now)
    return _("Mötet som vi skrev skulle vara %(was)s är %(now)s.", was=one.was, now=one.now)


def says_age_again(facts: Facts) -> list[str]:
    """What is to be said once more, for another first day."""
    if facts.age_again:
        return [_("Åldern räknas den första dagen. Öppna Min plats och säg till om det stämmer även då.")]
    if facts.years_again:
        return [_("Ett villkor räknas till den första dagen. Öppna Min plats och säg till om det stämmer även då.")]
    return []


def next_session(facts: Facts) -> list[str]:
    if facts.next is None or (facts.kind == "session_cancelled" and facts.next == facts.added and not facts.is_first):
        # That one was added last has said when it is.
        return []
    if facts.is_first:
        return [_("Första mötet är %(when)s.", when=facts.next)]
    return [_("Nästa möte är %(when)s.", when=facts.next)]
