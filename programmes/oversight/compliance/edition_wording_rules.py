"""What an edition settles, in words. Words only."""

from collections.abc import Iterable
from dataclasses import dataclass

from programmes.catalogue.edition_fact_rules import IN_ENGLISH, ONE_BY_ONE, Asked, Fact, Instead, Limits, Named, Read
from programmes.catalogue.edition_rules import Difference
from programmes.catalogue.rules import Text, Value
from programmes.core.i18n import gettext as _
from programmes.core.i18n import language, listed, speaking

_NOTHING = "–"


@dataclass(frozen=True)
class Told:
    """A line about what is otherwise: of which section, what, as it was and as it becomes, and their language if that is
    not the reader's."""

    section: str
    what: str
    before: str
    after: str
    language: str


def told(changes: Iterable[Difference]) -> list[Told]:
    """Every change in words. What the reader's language says alike is told in the other's, if only that text was changed."""
    return [line for one in changes for line in _lines(one)]


def _lines(one: Difference) -> list[Told]:
    sides = [_apart(one.fact, value) for value in (one.before, one.after)]
    said = [{value_words(one.fact, value) for value in side} for side in sides]
    alike = said[0] & said[1]
    own, other = (
        [[v for v in side if (value_words(one.fact, v) in alike) == same] for side in sides] for same in (False, True)
    )
    section = one.section or _("Alla avsnitt")
    found = []
    if any(own):
        found.append(
            Told(section, change_words(one), _joined(one.fact, own[0]), _joined(one.fact, own[1]), language_of(one.fact))
        )
    return [*found, *([_in_the_other(one, section, other)] if any(other) else [])]


def _in_the_other(one: Difference, section: str, sides: list[list[object]]) -> Told:
    """What reads alike: of which only the text in the other language was changed, or else only what the rules do with it."""
    swedish = language() == "en"
    texts = _("%(fact)s, den svenska texten") if swedish else _("%(fact)s, den engelska texten")
    with speaking("sv" if swedish else "en"):
        before, after = (_joined(one.fact, side) for side in sides)
    if before != after:
        return Told(section, texts % {"fact": change_words(one)}, before, after, "sv" if swedish else "en")
    what = _("%(fact)s: samma ord, men reglerna följer en annan kod", fact=change_words(one))
    before, after = (_joined(one.fact, side) for side in sides)
    return Told(section, what, before, after, language_of(one.fact))


def _apart(fact: Fact, value: object) -> list[object]:
    """What is told one by one, each by itself, as a fact of its own; nothing is one thing too."""
    if fact in ONE_BY_ONE and isinstance(value, tuple):
        return [(one,) for one in value]
    return [] if fact in ONE_BY_ONE else [value]


def _joined(fact: Fact, values: list[object]) -> str:
    return "; ".join(value_words(fact, value) for value in values) or _NOTHING


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
        "name_variants": _("Andra namn i riktlinjen"),
        "address": _("Adress på webben"),
        "target_group": _("Målgrupp"),
        "audience": _("Visas för"),
        "form": _("Form"),
        "form_detail": _("Form, närmare"),
        "frequency": _("Hur ofta"),
        "way_in": _("Väg in"),
        "records": _("Dokumentation"),
        "records_basis": _("Grund för dokumentationen"),
        "age": _("Ålder"),
        "age_bands": _("Åldrar att kryssa i"),
        "residency": _("Bosättning"),
        "proof": _("Vad som visas upp"),
        "own_wish": _("Egen önskan krävs"),
        "no_more_need": _("Inget behov av mer omfattande stöd"),
        "conditions": _("Villkor"),
        "other_conditions": _("Övriga villkor i riktlinjen"),
        "exclusions": _("Vad som utesluter"),
        "consent": _("Samtycke"),
        "instead": _("Andra insatser att visa"),
        "participants": _("Antal deltagare"),
        "parties": _("Antal parter"),
        "sessions": _("Antal träffar"),
        "weeks": _("Antal veckor"),
        "starts": _("Starter om året, minst"),
        "study_visit": _("Studiebesök före start"),
        "accept_conditions": _("Villkor att godkänna"),
        "accept_rules": _("Regler att godkänna"),
        "figures": _("Siffror som får dokumenteras"),
        "evaluation_duty": _("Krav på utvärdering"),
        "evaluation": _("Utvärdering"),
        "evaluation_about": _("Vad utvärderingen gäller"),
        "readings": _("Så läser vi riktlinjen"),
        "urgent": _("Telefonnummer överst"),
        "child_impact": _("Barnperspektiv"),
        "reporting_duty": _("Anmälningsskyldighet"),
        "ambiguities": _("Oklart i riktlinjen"),
        "quotes": _("Riktlinjens egna ord"),
        "age_said": _("Vad man svarar om åldern"),
        "guardian_said": _("Vad man svarar om vårdnadshavare"),
        "diary_number": _("Diarienummer"),
        "decided_by": _("Beslutad av"),
        "adopted": _("Antagen"),
        "revisions": _("Reviderad"),
        "municipality": _("Kommun"),
        "main_rule": _("Huvudregel för dokumentation"),
        "exemptions": _("Undantag från dokumentation"),
    }
    return words[fact]


def _codes() -> dict[str, str]:
    return {
        "group": _("Grupp"),
        "individual": _("Enskilt"),
        "drop_in": _("Öppen mötesplats"),
        "catalogue_only": _("Bara i katalogen"),
        "individual_series": _("Enskilt, en serie samtal"),
        "individual_talks": _("Enskilda samtal"),
        "single_occasion": _("Ett enda tillfälle"),
        "single_occasion_or_few": _("Ett eller några få tillfällen"),
        "home_service": _("Hemtjänst"),
        "web": _("På webben"),
        "contact": _("Genom kontakt"),
        "operational": _("Utan namn"),
        "required": _("Krävs"),
        "offered": _("Erbjuds"),
        "default_on": _("På om inget annat sägs"),
        "off": _("Av"),
        "none": _("Inget krav"),
        "with_agreement": _("Med överenskommelse"),
        "by_contact": _("Genom kontakt"),
        "participant_count": _("Antal deltagare"),
        "sex": _("Kön"),
        "open_occasions": _("Öppna tillfällen"),
        "form_of_intervention": _("Form av insats"),
        "number_of_talks": _("Antal samtal"),
        "how_intervention_ended": _("Hur insatsen avslutades"),
        "evaluation": _("Utvärdering"),
        "participant": _("Deltagaren"),
        "child": _("Barnet"),
        "youth": _("Den unga"),
        "offender": _("Den som begick brottet"),
        "age": _("ålder"),
        "residency": _("bosättning"),
    }


# Of these the values are codes, which have words. Of all others a text stands as the file has it.
_CODED: frozenset[Fact] = frozenset({"form", "way_in", "records", "figures", "evaluation_duty"})


def value_words(fact: Fact, value: object) -> str:
    """A value as staff read it; a dash where there is none."""
    if value is None or value == ():
        return _NOTHING
    if isinstance(value, tuple) and fact in {"participants", "sessions"}:
        return _span(value[0], value[1])
    if fact == "form" and isinstance(value, tuple):
        return _one(fact, value[1] or value[0])
    if isinstance(value, tuple):
        return "; ".join(_one(fact, one) for one in value)
    return _one(fact, value)


def _span(least: int | None, most: int | None) -> str:
    if least is None or most is None:
        return _("minst %(n)s", n=least) if most is None else _("högst %(n)s", n=most)
    return str(least) if least == most else f"{least}–{most}"


def _one(fact: Fact, value: object) -> str:
    if isinstance(value, Named):
        return f"{_say(value.text)} {value.key}" if fact == "urgent" else _say(value.text)
    if isinstance(value, Text):
        return _say(value)
    if isinstance(value, Read):
        return _reading(fact, value)
    return _said(value) or _plain(fact, value)


def _said(value: object) -> str:
    """What is made of several things; empty for what is one."""
    if isinstance(value, Limits):
        return _age(value)
    if isinstance(value, Asked):
        return _condition(value)
    if isinstance(value, Instead):
        label = _say(value.label) if value.label else _codes().get(value.condition, value.condition)
        return _("den som inte uppfyller %(condition)s: %(sections)s", condition=label, sections=listed([*value.sections]))
    return _years(f"{value[0]}–{value[1]}") if isinstance(value, tuple) else ""


def _plain(fact: Fact, value: object) -> str:
    if isinstance(value, bool):
        return _("Ja") if value else _("Nej")
    if fact == "records" and value == "individual":
        return _("Var och en för sig")
    return _codes().get(str(value), str(value)) if fact in _CODED else str(value)


def _say(text: Text) -> str:
    return text.say(language(), {"municipality": _("kommunen")})


def _years(number: str | int) -> str:
    return _("%(n)s år", n=number)


def _age(stated: Limits) -> str:
    """`Deltagaren: från 18 år (oklart om 18 räknas med). ”Individer över 18 år”`"""
    parts = []
    if stated.least:
        parts.append(_("från %(age)s", age=_years(stated.least)) + _end(stated.least, stated.least_included))
    if stated.most is not None:
        parts.append(_("till %(age)s", age=_years(stated.most)) + _end(stated.most, stated.most_included))
    whom = _codes().get(stated.subject, stated.subject)
    limits = " ".join(parts) or _("ingen gräns i år")
    return f"{whom}: {limits}. ”{stated.quote}”" if stated.quote else f"{whom}: {limits}"


def _end(age: int, included: str | None) -> str:
    if included == "ambiguous":
        return " " + _("(oklart om %(n)s räknas med)", n=age)
    return " " + _("(%(n)s räknas inte med)", n=age) if included == "no" else ""


def _condition(asked: Asked) -> str:
    """What a person declares, and what is special about it."""
    text = " ".join(_say(one) for one in (asked.statement, asked.public) if one) or _say(asked.label)
    notes = []
    if not asked.asked:
        notes.append(_("frågas inte"))
    if asked.kind == "fork":
        notes.append(_("avgör bara vilka frågor som ställs"))
    if asked.asked_if:
        notes.append(_("frågas bara ibland"))
    if asked.within_years is not None:
        notes.append(_("inom %(age)s", age=_years(asked.within_years)))
    return f"{text} ({', '.join(notes)})" if notes else text


def _reading(fact: Fact, read: Read) -> str:
    """How an unclear point is read. What has no words of its own is told by its reason, which is how the rules are built."""
    said = _value(read, read.default)
    if read.options:
        said += " " + _("(kan väljas: %(options)s)", options=listed([_value(read, one) for one in read.options]))
    elif read.default != "" and fact != "evaluation":
        said = f"{_say(read.point.reason)} ({said})"
    return said if fact == "evaluation" else f"{_say(read.point.label)} {said}"


def _value(read: Read, value: Value) -> str:
    if read.point.answers and value in read.options:
        return _say(read.point.answers[read.options.index(value)])
    if isinstance(value, bool):
        return _("Ja") if value else _("Nej")
    if isinstance(value, int):
        return _years(value)
    return _codes().get(value, value.replace("_", " ")) if value else _("Saknas")


def language_of(fact: Fact) -> str:
    """The language of a value that is not in the reader's: empty mostly."""
    return "en" if fact in IN_ENGLISH and language() != "en" else ""
