"""Which conditions staff can find unmet when somebody already has a place, and as what. Pure."""

from collections.abc import Collection

from programmes.catalogue.rules import Outcome, Programme

# What is asked to be shown is no question of the form: only whoever meets the person can say that it was not.
PROOF = "proof"


def refusable(programme: Programme) -> tuple[str, ...]:
    """The programme's own conditions, in the order of the form, that somebody can be found not to meet."""
    found = [PROOF] if programme.proof_kind != "nothing" else []
    if programme.age is not None:
        found.append("age")
    if programme.guardian_consent_under is not None and programme.age_bands:
        found.append("guardian_consent")
    declared = (d.key for d in programme.declarations if d.asked and d.kind == "requirement" and d.unmet is not None)
    return (*found, "residency", *declared)


def unmet(programme: Programme, conditions: Collection[str]) -> tuple[Outcome, ...]:
    """These conditions as outcomes, in the programme's order. One that the section doesn't have (any more) is left out."""
    return tuple(Outcome(c, False, programme.section, "unmet") for c in refusable(programme) if c in conditions)
