"""What an application may bring, by what the guideline lets be known of whoever sends it: asked by the forms and by the
service alike. Pure.

An alias and a channel are sealed, so this is the only rule for what stands in them: the database holds just that nobody is
documented where nobody may be (`nobody_documented_here`).
"""

from collections.abc import Iterator
from datetime import date

from programmes.catalogue.rules import Answers, Programme, ResidencyException
from programmes.core.contacts import address, by_text, can_text, is_texted, one_channel
from programmes.core.naming_rules import more_than_an_alias
from programmes.people.record_rules import LONGEST_CONTACT, PersonRecord, Wrong, as_kept, why_not_keep

LONGEST_ALIAS = 40


def why_not_alias(alias: str) -> list[Wrong]:
    """A first name or an invented one, or nothing: never what leads to somebody (promise 2)."""
    if len(alias) > LONGEST_ALIAS:
        return [Wrong("alias", "too_long", LONGEST_ALIAS)]
    return [Wrong("alias", "alias")] if more_than_an_alias(alias) else []


def why_not_channel(contact: str) -> list[Wrong]:
    """At most one channel of somebody nobody knows, in its written form; `sms:` where text messages may go to it."""
    plain = address(contact)
    if contact and (len(contact) > LONGEST_CONTACT or one_channel(plain) != plain):
        return [Wrong("contact", "no_channel")]
    if is_texted(contact) and (contact != by_text(plain) or "@" in plain or not can_text(plain)):
        return [Wrong("contact", "not_textable")]
    return []


def why_not_apply(
    programme: Programme,
    record: PersonRecord | None,
    protected: bool,
    alias: str,
    contact: str,
    answers: Answers,
    today: date,
) -> list[Wrong]:
    """Everything that is wrong with what an application brings: identity where it is exempt, none where people are
    documented, or what neither may be."""
    if programme.exempt:
        unknown = [Wrong("name", "not_here")] if record is not None or protected else []
        return [*unknown, *why_not_alias(alias), *why_not_channel(contact)]
    if record is None:
        return [Wrong("name", "missing")]
    return [
        *([Wrong("alias", "not_here")] if alias else []),
        *([Wrong("contact", "not_here")] if contact else []),
        *why_not_keep(as_kept(record, protected), today),
        *_judged_by(programme, record, answers),
    ]


def exceptions_for(
    programme: Programme, by_staff: bool, coordinates: bool, protected: bool
) -> tuple[ResidencyException, ...]:
    """The exceptions from residency that whoever enters an application may make: by agreement with another municipality the
    coordinator, for protected details anybody who enrols. On the web none is made."""
    may = {"neighbouring_agreement": coordinates, "protected_registration": protected}
    return tuple(one for one in programme.residency_exceptions if by_staff and may[one])


def _judged_by(programme: Programme, record: PersonRecord, answers: Answers) -> Iterator[Wrong]:
    """The age that decides is that of the record."""
    judged_by = answers.birth_date.isoformat() if answers.birth_date else ""
    if programme.age_asked == "birth_date" and judged_by != record.birth_date:
        yield Wrong("birth_date", "other_age")
