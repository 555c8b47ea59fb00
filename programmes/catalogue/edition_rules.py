"""What another edition of a section asks that this one didn't, or puts otherwise. Pure."""

from programmes.catalogue.rules import Programme


def asked_anew(before: Programme, after: Programme) -> tuple[str, ...]:
    """Conditions of `after` that somebody who met those of `before` has not answered, in the order of the form.

    An age by birth date is left out, as it is checked again by itself; so are questions that hang on another. A reading
    that has been changed since is no new condition: earlier decisions stand.
    """
    found = []
    if after.age is not None and after.age_asked != "birth_date" and after.age_facts != before.age_facts:
        found.append("age")
    if after.residency_kind != before.residency_kind or after.residency.statement != before.residency.statement:
        found.append("residency")
    known = {d.key: d.statement for d in before.declarations if d.asked}
    for declared in after.declarations:
        asked = declared.asked and declared.kind == "requirement" and declared.asked_if is None
        if asked and known.get(declared.key) != declared.statement:
            found.append(declared.key)
    return tuple(found)
