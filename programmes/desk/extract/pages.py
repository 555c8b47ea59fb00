"""The page where an extract is made, and the paper that comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from programmes.catalogue.rules import Programme
from programmes.core.i18n import capital, clock, language, language_name, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.extract import wording as words
from programmes.desk.extract.rules import Candidate, How
from programmes.enrolment.wording import event_words, order_text, skip_text, state_words
from programmes.people.hold_wording_rules import hold_words
from programmes.people.look_wording_rules import page_words, reason_words


@dataclass(frozen=True)
class ExtractPage:
    """Where an extract is made. `covers`: whose records, by what staff call them, and in which groups; `checked`: how and
    when identity was checked, once it has been and while that is good; `beside`: where else the same person may stand, each
    with its page, the group, and where its number is from."""

    address: str
    cohort_id: int
    cohort_name: str
    protected: bool
    covers: tuple[tuple[str, str], ...]
    beside: tuple[tuple[str, str, str, str], ...]
    ways: tuple[tuple[str, str], ...]
    checked: str
    minutes: int
    form: Any


def choices(ways: Sequence[How]) -> tuple[tuple[str, str], ...]:
    """How identity can be checked, to choose from."""
    return tuple((how, words.how_words(how)) for how in ways)


def beside(found: Sequence[Candidate]) -> tuple[tuple[str, str, str, str], ...]:
    """Address, label and group of each, and what its number rests on."""
    read, typed = _("Numret är läst av på legitimation."), _("Numret är bara ifyllt. Ingen har läst av det på legitimation.")
    return tuple(
        (
            f"/personal/grupper/{one.cohort_id}/deltagare/{one.enrolment_id}/utdrag",
            one.label,
            one.group,
            read if one.number_read else typed,
        )
        for one in found
    )


def checked(how: How, at: datetime) -> str:
    """How and at what time identity was checked."""
    return f"{words.how_words(how)} {clock(at)}"


@dataclass(frozen=True)
class Part:
    """A part of the paper: facts (label and value), and a list under its headings."""

    title: str
    level: int
    facts: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Paper:
    """The whole paper, in the language of the page."""

    title: str
    lang: str
    lead: tuple[str, ...]
    footer: str
    page_of: str
    parts: tuple[Part, ...]

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def _filled(*found: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in found if value)


def paper(extract: Mapping[str, Any], programmes: Mapping[str, Programme], phone: str) -> Paper:
    """An extract as a person reads it. `programmes` are those that it covers, by their sections."""
    covered = ", ".join(f"{one['section']} {one['programme']}" for one in extract["covers"])
    check = extract["identity_check"]
    how = words.how_words(check["how"])
    parts = [part for record in extract["records"] for part in _record(record, programmes)]
    return Paper(
        title=_("Registerutdrag"),
        lang=language(),
        lead=(
            _("Det här är allt som %(municipality)s har sparat om dig här.", municipality=extract["municipality"]),
            _("Det gäller: %(covered)s. Har du varit med i något annat får du ett utdrag därifrån av dem.", covered=covered),
            _("Uttaget %(when)s. Identitet: %(how)s, %(at)s.",
              when=words.said(extract["made_at"]), how=how, at=words.said(check["at"])),
            _("Ändamål: att ge dig platsen och stödet, och att följa lagen om dokumentation. Uppgifterna kommer från dig "
              "och från dem som har hand om insatsen. De lämnas inte ut till någon annan än den som lagen säger."),
            _("Stämmer något inte har du rätt att få det rättat. Ring %(phone)s. Är du inte nöjd med hur vi gör kan du "
              "klaga hos Integritetsskyddsmyndigheten, imy.se.", phone=phone),
        ),
        footer=_("Registerutdrag, innehåller personuppgifter"),
        page_of=_("Sida"),
        parts=tuple(parts),
    )  # fmt: skip


def _record(record: Mapping[str, Any], programmes: Mapping[str, Programme]) -> list[Part]:
    details, kept = record["details"], record["retention"]
    safe = {"sms": _("sms"), "call": _("telefonsamtal"), "email": _("e-post")}
    facts = _filled(
        (_("Namn"), details["name"]),
        (_("Född"), details["birth_date"]),
        (_("Personnummer"), details["number"]),
        (_("Nås på"), details["contact"]),
        (_("Säkert att använda"), ", ".join(safe[kind] for kind in details["safe"])),
        (_("Tider att undvika"), details["avoid"]),
        (_("Tolk"), _interpreter(details["interpreter"])),
        (_("Skyddade uppgifter"), words.said(record["protected_identity"])),
        (_("Sparat sedan"), words.said(record["created_at"])),
        (_("Rättat"), words.said(record["changed_at"])),
        (_("Kontaktväg ändrad"), words.said(record["contact_changed_at"])),
        (_("Hur länge"), words.kept_words(kept["rule"], kept["kept_until"], kept["years"])),
    )
    found = [Part(_("Dina uppgifter"), 1, facts)]
    for enrolment in record["enrolments"]:
        found += _enrolment(enrolment, programmes[enrolment["section"]])
    shown = _("När dina uppgifter har visats för personal")
    found.append(_list(shown, (_("När"), _("Var"), _("Varför")), _looks(record["looks"]), 1))
    holds = [
        (words.said(hold["set_at"]), hold_words(hold["reason"]), words.said(hold["until"]), words.said(hold["lifted_at"]))
        for hold in record["retention_holds"]
    ]
    found.append(_list(_("Gallringsstopp"), (_("Sedan"), _("Varför"), _("Till och med"), _("Hävt")), holds, 1))
    checks = [(words.said(check["at"]), words.how_words(check["how"])) for check in record["identity_checks"]]
    found.append(_list(_("När du har bett om dina uppgifter"), (_("När"), _("Identitet")), checks, 1))
    return [part for part in found if part.facts or part.rows]


def _looks(looks: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Every look, in order; those for extracts as one line a day, since one extract looks at every way of somebody."""
    days: dict[object, list[Mapping[str, Any]]] = {}
    for number, look in enumerate(looks):
        of_extract = look["page"] == "extract"
        days.setdefault((words.day_of(look["at"]), look["reason"]) if of_extract else number, []).append(look)
    return [_look(together) for together in days.values()]


def _look(together: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    first, many = together[0], len(together)
    groups = dict.fromkeys(look["group"] for look in together if look["group"])
    where = ", ".join((page_words(first["page"]), *groups))
    if many > 1:
        where = ngettext("%(where)s, %(n)s gång", "%(where)s, %(n)s gånger", many, where=where)
    when = words.said(first["at"] if many == 1 else words.day_of(first["at"]))
    return when, where, reason_words(first["reason"]) if first["reason"] else ""


def _interpreter(code: str) -> str:
    if code == "sgn":
        return _("teckenspråk")
    return language_name(code) if code else ""


def _list(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], level: int = 2) -> Part:
    return Part(title, level, heads=heads, rows=tuple(rows))


def _enrolment(way: Mapping[str, Any], programme: Programme) -> list[Part]:
    section = way["section"]
    state = state_words(way["state"], way["only_waited"], way["confirmed_at"] is not None)[0]
    seat = way["seat"][0]["number"] if way["seat"] else None
    facts = _filled(
        (_("Grupp"), way["group"]),
        (_("Läge"), state),
        (_("Anmäld"), words.said(way["applied_at"])),
        (_("Plats sedan"), words.said(way["place_since"])),
        (_("Klar"), words.said(way["confirmed_at"])),
        (_("Svar på erbjudande senast"), words.said(way["offer_expires_at"])),
        (_("Slut"), words.said(way["ended_at"])),
        (_("Går att läsa till") if way["state"] == "expired" else _("Går att ångra till"), words.said(way["undo_until"])),
        (_("Läge före"), state_words(way["left_from"])[0] if way["left_from"] else ""),
        (_("Platsnummer"), words.said(seat)),
        (_("Nummer i ordningen"), f"{way['arrival']}"),
        (_("Tur"), words.said(way["turn"])),
        (_("Går före i kön"), order_text(way["order_reason"]) if way["order_reason"] else ""),
        (_("Hoppas över"), skip_text(way["skip_reason"], section) if way["skip_reason"] else ""),
        (_("Någon fick gå före"), words.said(way["passed_at"])),
        (_("Bara i kö"), words.said(way["only_waited"])),
        (_("Legitimation kontrollerad"), words.said(way["proof_checked_at"] or way["proof_ticked"])),
        (_("Vårdnadshavare har sagt ja"), words.said(way["guardian_ticked"])),
        (_("Ditt svar om kontakt med någon mer än dig"), words.said(way["partner_consent"])),
        (_("Ålder räknad för"), words.said(way["declared_for"])),
        (_("Ålder prövad igen för"), words.said(way["age_checked_for"])),
        (_("Studiebesök inställt av oss"), words.said(way["visit_cancelled_at"])),
        (_("Nytt studiebesök att boka sedan"), words.said(way["visit_anew_since"])),
        (_("Ombedd att säga till"), words.said(way["asked_to_come"]) if way["asked_to_come"] else ""),
        (_("Besked kommer inte fram"), words.said(way["contact_bounced"]) if way["contact_bounced"] else ""),
        (_("Kan komma på de nya dagarna"), ", ".join(words.said(one["can"]) for one in way["can_then"])),
        (_("Språk i besked"), {"sv": _("svenska"), "en": _("engelska")}[way["language"]]),
        (_("Min plats är öppen till"), ", ".join(dict.fromkeys(words.said(one["ends_at"]) for one in way["place_session"]))),
    )
    found = [Part(f"{section} {way['programme']}", 1, facts), *_conditions(way, programme), *_happened(way)]
    return [part for part in found if part.facts or part.rows]


def _conditions(way: Mapping[str, Any], programme: Programme) -> list[Part]:
    met = [
        (capital(words.condition_words(one["condition"], programme)), words.said(one["met_at"]))
        for one in way["condition_met"]
    ]
    unmet = [(capital(words.condition_words(one["condition"], programme)),) for one in way["condition_unmet"]]
    kinds = {"conditions": _("Villkor"), "rules": _("Regler")}
    ways = {"screen": _("på skärm"), "paper": _("på papper")}
    accepted = [
        (
            _("%(kind)s, version %(n)s", kind=kinds[one["kind"]], n=one["version"]),
            words.said(one["accepted_at"]),
            ways[one["how"]],
        )
        for one in way["agreement"]
    ]
    return [
        _list(_("Villkor som är uppfyllda"), (_("Villkor"), _("När")), met),
        _list(_("Villkor som inte är uppfyllda"), (_("Villkor"),), unmet),
        _list(_("Det du har godkänt"), (_("Vad"), _("När"), _("Hur")), accepted),
    ]


def _happened(way: Mapping[str, Any]) -> list[Part]:
    section = way["section"]
    visits = [
        (
            f"{words.said(one['starts_at'])}, {one['venue']}",
            words.visit_words(one["state"]),
            words.said(one["person_goes_on"]),
            words.said(one["staff_goes_on"]),
        )
        for one in way["study_visit"]
    ]
    marks = [(words.said(one["starts_at"]), words.mark_words(one["mark"])) for one in way["attendance"]]
    queue = [(words.said(one["at"]), capital(event_words(one["kind"])), _why(one, section)) for one in way["queue_event"]]
    notices = [
        (words.said(one["sent_at"] or one["created_at"]), words.notice_words(one["kind"]), words.sent_words(one["state"]))
        for one in way["notice"]
    ]
    calendars = [
        (words.said(one["created_at"]), words.said(one["revoked_at"]), one["title"] or _("Möte")) for one in way["feed"]
    ]
    return [
        _list(_("Studiebesök"), (_("När"), _("Hur det gick"), _("Du ville"), _("Vi ville")), visits),
        _list(_("Närvaro"), (_("När"), _("Antecknat")), marks),
        _list(_("Vad som hände med anmälan"), (_("När"), _("Händelse"), _("Skäl")), queue),
        _list(_("Besked till dig"), (_("När"), _("Om"), _("Hur det gick")), notices),
        _list(_("Kalender"), (_("Sedan"), _("Avslutad"), _("Titel")), calendars),
    ]


def _why(event: Mapping[str, Any], section: str) -> str:
    if not event["reason"]:
        return ""
    return skip_text(event["reason"], section) if event["kind"] == "skipped" else order_text(event["reason"])
