"""The readings that this release is built for: of a point that it knows, no rule would follow another word. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from programmes.catalogue.rules import Interpretation, Value

# By key; a point that is neither here nor in `KINDS` is settled in words only.
OBEYED: Mapping[str, frozenset[str]] = {
    "age_counted_on": frozenset({"first_session"}),
    "age_after_start": frozenset({"may_stay"}),
    "lower_age": frozenset({"none"}),
    "age_limit": frozenset({"none"}),
    "age_limit_of": frozenset({"offender_only"}),
    "guardians_disagree": frozenset({"one_tick"}),
    "age_shown_alone": frozenset({"always"}),
    "proof_kept": frozenset({"checked_only"}),
    "roster": frozenset({"alias"}),
    "no_more_need_is": frozenset({"self_declaration"}),
    "need_is": frozenset({"self_declaration"}),
    "own_wish_after_outreach": frozenset({"asked"}),
    "not_sober_means": frozenset({"no_part_that_day"}),
    "partner_contact": frozenset({"if_still_together"}),
    "partner_data": frozenset({"kept_apart"}),
    "parties_data": frozenset({"kept_apart"}),
    "residency_of": frozenset({"each_asked"}),
    "residency_in_target_group": frozenset({"condition"}),
    "protected_registration": frozenset({"by_contact"}),
    "neighbouring_municipality": frozenset({"with_agreement"}),
    "arrival_counted": frozenset({"at_start"}),
    "citizens_means": frozenset({"residents"}),
    "debt_proof": frozenset({"self_declaration"}),
    "household_age": frozenset({"one_of_them"}),
    "passable_road": frozenset({"same"}),
    "size_set_by": frozenset({"coordinator"}),
    "talks_agreed": frozenset({"with_participant"}),
    "mainly_individual": frozenset({"individual"}),
    "form_shown": frozenset({"always"}),
    "minimum_counts": frozenset({"at_start"}),
    "starts_counted_per": frozenset({"calendar_year"}),
    "conditions_text": frozenset({"office_versions"}),
    "study_visit_keeps": frozenset({"done_and_both_wish"}),
    "evaluation_questions": frozenset({"office_questions"}),
    "evaluation": frozenset({"default_on", "off", "offered", "required"}),
    "participants_are": frozenset({"persons", "visits"}),
    "sex_is": frozenset({"stated_three"}),
    "volunteer_access": frozenset({"none"}),
    "talks_counted_as": frozenset({"sessions_held"}),
    "slip_of_the_pen": frozenset({"as_meant"}),
}


# Yes or no, years, and references to be filled in.
KINDS: Mapping[str, type] = {
    "lower_age_included": bool,
    "adult_included": bool,
    "upper_age_included": bool,
    "range_end_included": bool,
    "figures_by_venue": bool,
    "guardian_consent_under": int,
    "board_decision": str,
    "neighbouring_agreement": str,
}


def no_option(what: str, value: Value, options: Sequence[Value]) -> str:
    """Why a reading is none of those that may be chosen, as which it has to be of the same kind; else ''."""
    if not options or any(value == option and type(value) is type(option) for option in options):
        return ""
    return f"{what} is {value!r}, which is none of its options"


def unknown_values(read: Interpretation) -> Iterator[Value]:
    """The values of a reading, and what may be chosen instead, that no rule follows."""
    known, kind = OBEYED.get(read.key), KINDS.get(read.key)
    for value in dict.fromkeys((read.value, *read.options)):
        if (known and value not in known) or (kind and type(value) is not kind):
            yield value
