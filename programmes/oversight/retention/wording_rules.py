"""Retention in words: classes, rules, where they come from, how a run stands, what becomes of a record."""

from typing import Literal

from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.core.retention_rules import Subject, Unit
from programmes.oversight.retention.rules import Fate, Fixed


def subject_words(subject: str) -> str:
    """What a class of data is called."""
    words: dict[Subject | Fixed, str] = {
        "protected_record": _("Uppgifter om deltagare som dokumenteras"),
        "working_list": _("Arbetslistor"),
        "ballots_unread": _("Svar från små grupper som inte kan blandas"),
        "access_log": _("Åtkomstloggen"),
        "audit_entry": _("Händelseloggen"),
        "notice": _("Att besked har skickats"),
        "waiting_record": _("Uppgifter om den som aldrig fick en plats"),
        "place_code": _("Platskoder och kalenderrubriker"),
        "sign_in": _("Inloggningar"),
        "calendar": _("Kalenderadresser"),
        "draft": _("Halvfärdiga formulär"),
        "job": _("Utkorgen"),
        "digest": _("Mejlen om loggens kontrollsumma"),
        "receipt": _("Gallringsprotokoll"),
        "figures": _("Statistik"),
    }
    return next((text for code, text in words.items() if code == subject), subject)


def span_words(amount: int, unit: Unit) -> str:
    """`5 år`"""
    if unit == "years":
        return _("%(n)s år", n=amount)
    if unit == "months":
        return ngettext("%(n)s månad", "%(n)s månader", amount)
    return ngettext("%(n)s dag", "%(n)s dagar", amount)


def from_words(subject: Subject) -> str:
    """From when it is counted, and what happens then."""
    return {
        "protected_record": _("Efter den senaste anteckningen. Klart senast när året efter är slut."),
        "working_list": _("När gruppen avslutas, och senast så här långt efter det sista tillfället."),
        "ballots_unread": _("Efter att lådan stängdes. Aldrig där utvärderingen ska dokumenteras (2.1 och 2.12)."),
        "access_log": _("Efter visningen, i hela månader. Kedjan går fortfarande att kontrollera."),
        "audit_entry": _("Efter händelsen, i hela månader. Loggen har nummer, aldrig namn."),
        "notice": _("Efter utskicket, när gruppen är avslutad. Texten sparas aldrig."),
    }[subject]


def source_words(subject: Subject) -> str:
    """Where the default comes from."""
    return {
        "protected_record": _("Socialtjänstlagen: fem år efter den sista anteckningen."),
        "working_list": _("Nämndens beslut om arbetslistan. Den får aldrig sparas längre."),
        "ballots_unread": _("Kommunens gallringsbeslut."),
        "access_log": _("Kommunens gallringsbeslut. Loggen ska räcka för att utreda obehörig åtkomst."),
        "audit_entry": _("Kommunens gallringsbeslut. Minst fem år, så att gallringen kan följas."),
        "notice": _("Kommunens gallringsbeslut. Minst sex månader, så att det går att svara på frågor."),
    }[subject]


def fixed_words(fixed: Fixed) -> str:
    """When something goes that has no number to decide on."""
    return {
        "waiting_record": _("När startens kö är slut."),
        "place_code": _("När platsen lämnas eller gruppen avslutas."),
        "sign_in": _("Samma dag. Misslyckade försök räknas i ett dygn, utan namn."),
        "calendar": _("Tom kalender i åtta veckor, och adressen glöms efter ett år."),
        "draft": _("Sparas inte alls."),
        "job": _("När det är gjort. Där finns nummer, aldrig text."),
        "digest": _("Tillsammans med åtkomstloggen."),
        "receipt": _("Bevaras. De nämner ingen."),
        "figures": _("Bevaras. De nämner ingen, och ändras inte av gallringen."),
    }[fixed]


def fate_words(fate: Fate | Literal["unreadable"]) -> str:
    """What becomes of a record that is due."""
    return {
        "later": _("Inte än"),
        "held": _("Gallringsstopp"),
        "archive": _("Väntar på arkivet"),
        "unknown_day": _("Födelsedatum saknas"),
        "erase": _("Raderas i natt"),
        "unreadable": _("Går inte att läsa"),
    }[fate]


def run_words(state: str) -> tuple[str, str, str]:
    """Kind and heading of what is said about a run, and what to do."""
    return {
        "running": ("info", _("Gallringen pågår"), _("Den fortsätter av sig själv om den avbryts.")),
        "done": ("ok", _("Gallringen gick som den skulle"), ""),
        "no_keys": (
            "stop",
            _("Gallringen kunde inte göras: nyckelmappen går inte att använda"),
            _("Inget är halvgjort. Be den som sköter tjänsten att laga mappen. Ett nytt försök görs nästa natt."),
        ),
        "restoring": (
            "warn",
            _("Gallringen väntar: en säkerhetskopia läses tillbaka"),
            _("Ett nytt försök görs nästa natt. Avbröts återläsningen behöver den göras om."),
        ),
        "clock": (
            "stop",
            _("Gallringen väntar: serverns klocka verkar gå fel"),
            _("Inget är raderat. Be den som sköter tjänsten att kontrollera klockan."),
        ),
    }[state]
