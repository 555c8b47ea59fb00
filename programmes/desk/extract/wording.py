"""What an extract says in words: codes of fixed lists, as the person reads them."""

from collections.abc import Callable
from datetime import date, datetime

from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.core.i18n import clock, day_plain, language, number_word
from programmes.core.i18n import gettext as _
from programmes.desk.extract.rules import How, Rule


def how_words(how: How) -> str:
    """How identity was checked."""
    return {
        "shown": _("Legitimation visad"),
        "known": _("Känd av personal sedan tidigare"),
        "sent_home": _("Skickas till folkbokföringsadressen"),
    }[how]


def kept_words(rule: Rule, until: str | None, years: int) -> str:
    """How long a record is kept."""
    if rule == "years_after_last_note" and until:
        return _("Sparas till och med %(day)s, räknat från sista anteckningen.", day=day_plain(date.fromisoformat(until)))
    if rule == "end_of_queue":
        return _("Raderas när kön till starten är slut, eftersom det inte blev någon plats.")
    return _(
        "Sparas så länge platsen eller köplatsen finns, och sedan %(years)s år efter sista anteckningen.",
        years=number_word(years),
    )


def condition_words(condition: str, programme: Programme) -> str:
    """A condition as the guideline calls it; one that an edition no longer has, by its name."""
    fixed: dict[str, Callable[[], str]] = {
        "age": lambda: _("ålder"),
        "residency": lambda: _("boende i kommunen"),
        "guardian_consent": lambda: _("vårdnadshavares samtycke"),
    }
    if condition in fixed:
        return fixed[condition]()
    label = next((d.label for d in programme.declarations if d.key == condition), None)
    return label.say(language(), {}) if label else condition.replace("_", " ")


def mark_words(mark: str) -> str:
    """What was noted at roll call."""
    return {"present": _("Närvarande"), "excused": _("Anmäld frånvaro"), "no_show": _("Kom inte")}[mark]


def visit_words(state: str) -> str:
    """What became of a study visit."""
    return {
        "booked": _("Bokat"),
        "attended": _("Gjort"),
        "missed": _("Kom inte"),
        "cancelled": _("Inställt av oss"),
    }[state]


def sent_words(state: str) -> str:
    """What became of a message."""
    return {
        "sent": _("skickat"),
        "failed": _("gick inte att skicka"),
        "no_channel": _("inte skickat, ingen väg för besked"),
        "waiting": _("på väg"),
    }[state]


def notice_words(kind: str) -> str:
    """What a message was about."""
    words = {
        "place_held": _("Platsen är din"),
        "queued": _("Du står i kö"),
        "place_offered": _("Du erbjuds en plats"),
        "offer_expired": _("Erbjudandet gick ut"),
        "place_confirmed": _("Platsen är klar"),
        "soon_visit": _("Påminnelse om studiebesök"),
        "soon_evaluation": _("Påminnelse om utvärdering"),
        "place_left": _("Platsen är lämnad"),
        "place_refused": _("Villkoren är inte uppfyllda"),
        "place_back": _("Platsen är tillbaka"),
        "place_moved": _("Platsen är flyttad"),
        "queue_ended": _("Kön är slut"),
        "place_free": _("En plats är ledig, och du är näst på tur"),
        "visit_booked": _("Studiebesök bokat"),
        "visit_unbooked": _("Studiebesök avbokat"),
        "visit_cancelled": _("Studiebesök inställt"),
        "visit_reminder": _("Påminnelse om att boka studiebesök"),
        "accept_new": _("Ny text att godkänna"),
        "place_expired": _("Platsen gick ut"),
        "session_moved": _("En träff är flyttad"),
        "session_cancelled": _("En träff är inställd"),
        "talk_booked": _("En tid är bokad"),
        "rest_cancelled": _("Resten är inställt"),
        "rest_moved": _("Tider är ändrade"),
        "change_undone": _("En ändring är ångrad"),
        "cohort_started": _("Det startar"),
        "cohort_cancelled": _("Starten är inställd"),
        "cohort_postponed": _("Starten är framflyttad"),
    }
    return words.get(kind, kind.replace("_", " "))


def day_of(moment: str) -> str:
    """The local day of a moment, as ISO 8601 as the moment is."""
    return local_date(datetime.fromisoformat(moment)).isoformat()


def said(value: object) -> str:
    """A value in words: yes and no, a moment or a day in local time with its year, or as it is. Nothing for none."""
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if not isinstance(value, str):
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    try:
        if "T" not in value:
            return day_plain(date.fromisoformat(value))
        moment = datetime.fromisoformat(value)
        return f"{day_plain(local_date(moment))} {clock(moment)}"
    except ValueError:
        return value
