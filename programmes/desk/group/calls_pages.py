"""Whom to ring: as things that need somebody on Idag, and as a group's list to work through."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext
from programmes.desk.group.calls_rules import Call, Untold
from programmes.desk.group.left_pages import avoid_text, kind_text, language_text, left_text
from programmes.desk.today.needs_pages import Item, Tag
from programmes.notices.leaving_rules import until_text
from programmes.notices.queries import UnderWay
from programmes.notices.reach_rules import ring_after


@dataclass(frozen=True)
class CallLine:
    """`wait`: from when they may be rung; until then there is nothing to press. `again`: where it can be sent to the address
    that they have given since; `avoid`: when they want to be left alone."""

    enrolment_id: str
    address: str
    label: str
    protected: bool
    texts: tuple[str, ...]
    language: str
    notices: tuple[str, ...]
    marks: tuple[str, ...]
    is_offer: bool
    wait: str = ""
    again: str = ""
    avoid: str = ""


@dataclass(frozen=True)
class CallsPage:
    """`under_way` says what is on its way: while anything is, not everybody has been told."""

    cohort_id: int
    name: str
    lines: tuple[CallLine, ...]
    under_way: tuple[str, ...] = ()


def items(calls: Sequence[Call], today: date) -> list[Item]:
    """On Idag: each who has an offer by name, the others of a group together."""
    found = [_offer(call, today) for call in calls if call.is_offer]
    rest = [call for call in calls if not call.is_offer]
    groups = {call.about.cohort_id: call.about.group for call in rest}
    failed = Counter(call.about.cohort_id for call in rest if call.failed)
    ring = Counter(call.about.cohort_id for call in rest if not call.failed)
    for cohort_id, name in groups.items():
        address = f"/personal/grupper/{cohort_id}/ring"
        if n := ring[cohort_id]:
            title = ngettext("Ring %(n)s person i %(group)s", "Ring %(n)s personer i %(group)s", n, group=name)
            text = _("Något har ändrats, och inget besked kan gå till dem av sig självt.")
            if wait := wait_text([call for call in rest if call.about.cohort_id == cohort_id and not call.failed]):
                text = f"{wait} {text}"
            found.append(Item(title, address, text, Tag(_("Inte nådd"), "stop", "warn"), today, name=name))
        if n := failed[cohort_id]:
            text = ngettext("%(n)s person fick inte det senaste beskedet.",
                            "%(n)s personer fick inte det senaste beskedet.", n)  # fmt: skip
            title = _("Nå dem som inte nåddes i %(group)s", group=name)
            found.append(Item(title, address, text, Tag(_("Inte nådd"), "stop", "warn"), today, name=name))
    return found


def wait_text(calls: Sequence[Call]) -> str:
    """From when they may be rung, where none of them may be now: whoever rings one of them ends it for everybody that the
    decision can be taken back."""
    if not calls or not all(call.not_before for call in calls):
        return ""
    return ring_after(max(call.not_before for call in calls if call.not_before))


def _offer(call: Call, today: date) -> Item:
    titles = {"ring": _("Ring %(name)s", name=call.label), "mail": _("Nå %(name)s", name=call.label)}
    titles["text"] = titles["bounced"] = titles["mail"]
    titles["refused"] = titles["ring"]
    text = _("Har fått ett erbjudande i %(group)s.", group=call.about.group)
    due = today
    if call.about.answer_by:
        text += " " + _("Svar senast %(when)s.", when=moment_long(call.about.answer_by))
        due = local_date(call.about.answer_by)
    title = titles.get(call.way, _("Berätta för %(name)s", name=call.label))
    address = f"/personal/grupper/{call.about.cohort_id}/deltagare/{call.about.enrolment_id}"
    return Item(title, address, text, Tag(_("Inte nådd"), "stop", "warn"), due, name=call.about.group)


def calls_page(cohort_id: int, name: str, calls: Sequence[Call], on: UnderWay, now: datetime) -> CallsPage:
    """A group's list, one line for each."""
    lines = [
        CallLine(
            str(call.about.enrolment_id),
            f"/personal/grupper/{cohort_id}/deltagare/{call.about.enrolment_id}",
            call.label,
            call.protected,
            _texts(call),
            language_text(call.language),
            tuple(str(number) for about in call.news for number in sorted(about.told_by)),
            tuple(f"{about.notice_id}:{about.mark}" for about in call.news),
            call.is_offer,
            " ".join([wait_text([call]), _("Till dess kan beslutet ångras.")]) if call.not_before else "",
            f"/personal/grupper/{cohort_id}/besked" if call.again else "",
            avoid_text(call.avoid, call.avoided),
        )
        for call in calls
    ]
    return CallsPage(cohort_id, name, tuple(lines), under_way(on, now))


def under_way(on: UnderWay, now: datetime) -> tuple[str, ...]:
    """How many are being told just now, and how many of them were tried in vain: whoever is in a hurry rings them."""
    found = [_("Beskeden skrivs just nu. Ladda om sidan om en stund.")] if on.unwritten else []
    if on.people:
        found.append(ngettext("Till %(n)s person är besked på väg.", "Till %(n)s personer är besked på väg.", on.people))
    if on.tried:
        found.append(ngettext("Till %(n)s har det inte kommit fram än, och vi försöker igen. Är det bråttom, ring.",
                              "Till %(n)s har det inte kommit fram än, och vi försöker igen. Är det bråttom, ring.",
                              on.tried))  # fmt: skip
    if on.held and on.until:
        found.append(ngettext("Till %(n)s person väntar besked till %(when)s.",
                              "Till %(n)s personer väntar besked, de sista till %(when)s.",
                              on.held, when=until_text(on.until, now)))  # fmt: skip
    if on.missed:
        found.append(ngettext("Till %(n)s person kan besked inte gå i tid. Den står snart på listan över dem att ringa.",
                              "Till %(n)s personer kan besked inte gå i tid. De står snart på listan över dem att ringa.",
                              on.missed))  # fmt: skip
    return tuple(found)


def _texts(call: Call) -> tuple[str, ...]:
    """What the person has not heard; and that it went to another address than they have now."""
    news = tuple(news_of(about) for about in call.news)
    if call.way in {"mail", "bounced"}:
        news = (*news, _("Har bara en e-postadress, inget telefonnummer: skriv till den, eller säg till när ni ses."))
    if call.way == "refused":
        news = (*news, _("Numret tar inte emot sms: ring det."))
    if any(about.elsewhere for about in call.news):
        return (*news, _("Kontaktvägen är ändrad sedan dess. Det som står här har inte gått till den nya."))
    return news


def news_of(about: Untold) -> str:
    """One thing that the person has not heard."""
    if about.left:
        return left_text(about.left, about.said_as)
    if about.first_over:
        return _("Kan inte längre flytta till nästa start: den tar inte emot fler.")
    when = moment_long(about.session_starts) if about.session_starts else ""
    visit = moment_long(about.visit_starts) if about.visit_starts else ""
    if about.kind == "place_offered" and about.answer_by:
        return _("Har fått ett erbjudande. Svar senast %(when)s.", when=moment_long(about.answer_by))
    return kind_text(about.kind, when, about.added_starts) or {
        "talk_booked": _("En tid är bokad: %(when)s. Fler kan vara bokade, se samtalen.", when=when),
        "cohort_started": _("Det blir av, enligt planen."),
        "rest_moved": _("Tider är ändrade."),
        "change_undone": _("En ändring är ångrad. Tiderna står på gruppens sida."),
        "visit_reminder": _("Behöver boka ett studiebesök. Sista dagen står på personens sida."),
        "place_expired": _("Bokade inget studiebesök i tid, så platsen är inte längre personens."),
        "offer_expired": _("Svarade inte på erbjudandet i tid, så platsen är inte längre personens."),
        "queue_ended": _("Stod i kö när det inte längre gick att komma med, så det blev ingen plats."),
        "place_free": _("En plats är ledig, och personen är näst på tur. Vid ja: ge den under Kö."),
        "place_refused": _("Uppfyller inte villkoren, så platsen är avslutad. Varför står på personens sida."),
        "place_back": _("Fick fel besked: har kvar sin plats, eller sin plats i kön."),
        "visit_booked": _("Ni har bokat ett studiebesök: %(when)s.", when=visit),
        "visit_unbooked": _("Ni har avbokat studiebesöket. En ny tid behöver bokas."),
        "accept_new": _("Villkor eller regler har en ny version att läsa och godkänna före starten."),
        "visit_cancelled": _("Studiebesöket %(when)s är inställt. Boka en ny tid.", when=visit),
        "place_moved": _("Är flyttad till en annan start."),
    }.get(about.kind, _("Det senaste beskedet kom inte fram."))
