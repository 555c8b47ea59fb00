"""What an edition settles, in words. Words only."""

from typing import cast

from programmes.catalogue.edition_rules import Difference, Fact
from programmes.catalogue.rules import Text
from programmes.core.i18n import gettext as _
from programmes.core.i18n import language


def change_words(one: Difference) -> str:
    """What is otherwise: a fact, or that a section is gone or new."""
    if one.fact == "name" and one.after is None:
        return _("%(section)s finns inte längre", section=one.section)
    if one.fact == "name" and one.before is None:
        return _("%(section)s är ny", section=one.section)
    return fact_words(one.fact)


def fact_words(fact: Fact) -> str:
    """What a fact is called."""
    words: dict[Fact, str] = {
        "name": _("Namn"),
        "form": _("Form"),
        "way_in": _("Väg in"),
        "records": _("Dokumentation"),
        "age": _("Ålder"),
        "residency": _("Bosättning"),
        "proof": _("Vad som visas upp"),
        "conditions": _("Villkor"),
        "participants": _("Antal deltagare"),
        "sessions": _("Antal träffar"),
        "weeks": _("Antal veckor"),
        "starts": _("Starter om året, minst"),
        "study_visit": _("Studiebesök före start"),
        "accept_conditions": _("Villkor att godkänna"),
        "accept_rules": _("Regler att godkänna"),
        "figures": _("Siffror som får dokumenteras"),
        "evaluation": _("Utvärdering"),
    }
    return words[fact]


def _codes() -> dict[str, str]:
    return {
        "group": _("Grupp"),
        "individual": _("Enskilt"),
        "drop_in": _("Öppen mötesplats"),
        "catalogue_only": _("Bara i katalogen"),
        "web": _("På webben"),
        "contact": _("Genom kontakt"),
        "operational": _("Utan namn"),
        "required": _("Krävs"),
        "offered": _("Erbjuds"),
        "default_on": _("På om inget annat sägs"),
        "off": _("Av"),
        "participant_count": _("Antal deltagare"),
        "sex": _("Kön"),
        "open_occasions": _("Öppna tillfällen"),
        "form_of_intervention": _("Form av insats"),
        "number_of_talks": _("Antal samtal"),
        "how_intervention_ended": _("Hur insatsen avslutades"),
        "evaluation": _("Utvärdering"),
    }


def value_words(fact: Fact, value: object) -> str:
    """A value as staff read it; a dash where there is none."""
    if value is None or value == ():
        return "–"
    if fact in {"participants", "sessions"}:
        least, most = cast(tuple[int | None, int | None], value)
        return str(least or most) if least == most or not (least and most) else f"{least}–{most}"
    if isinstance(value, tuple):
        return "; ".join(_one(fact, one) for one in value)
    return _one(fact, value)


def _one(fact: Fact, value: object) -> str:
    if isinstance(value, Text):
        return value.say(language())
    if isinstance(value, bool):
        return _("Ja") if value else _("Nej")
    if fact == "records" and value == "individual":
        return _("Var och en för sig")
    return _codes().get(str(value), str(value))
