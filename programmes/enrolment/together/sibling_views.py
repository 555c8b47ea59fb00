"""Siblings in one form: each one's fields are read and checked as those of a form of their own.

The first one's fields have plain names, the next ones' end in `_2`, `_3` and so on; `antal` says how many there are.
"""

import re
from collections.abc import Mapping, Sequence

from programmes.core.i18n import gettext as _
from programmes.enrolment.pages import MOST_SIBLINGS
from programmes.web.forms import Form

_NUMBERED = re.compile(r"(?P<name>[a-z_]+)_(?P<number>[2-9])")
# What is said once for all of them.
_SHARED = frozenset({"once", "dag", "kontakt", "sms", "tillsammans", "antal"})


def suffix_of(number: int) -> str:
    """What the field names of the `number`th end in."""
    return "" if number == 1 else f"_{number}"


def read_siblings(form: Form) -> tuple[Form, ...]:
    """One form for each; the first is the form itself. Adding one and taking one away are buttons of the form. Nobody whose
    fields were sent is left out, whatever `antal` says."""
    typed = form.raw("antal")
    there = [int(m["number"]) for m in map(_NUMBERED.fullmatch, form.values) if m and m["name"] not in _SHARED]
    count = min(max([int(typed) if re.fullmatch(r"[1-9]", typed) else 1, *there]), MOST_SIBLINGS)
    people = [form, *(Form(_fields_of(form, number)) for number in range(2, count + 1))]
    if form.raw("syskon") == "fler" and len(people) < MOST_SIBLINGS:
        people.append(Form())
    gone = form.raw("bort")
    if re.fullmatch(r"[1-9]", gone) and int(gone) <= len(people) > 1:
        del people[int(gone) - 1]
        if people[0] is not form:
            people[0] = Form({**_shared(form), **people[0].values})
    return tuple(people)


def only_changes_who(form: Form) -> bool:
    """Whether the button that was pressed adds or takes away somebody, and sends nothing yet."""
    return bool(form.raw("syskon") or form.raw("bort"))


def all_errors(people: Sequence[Form]) -> Form:
    """Every error of everybody, by the name of the field it stands beside."""
    errors = {
        f"{name}{suffix_of(number)}": why
        if name in _SHARED or len(people) == 1
        else _("Barn %(n)s: %(why)s", n=number, why=why)
        for number, person in enumerate(people, start=1)
        for name, why in person.errors.items()
    }
    return Form(people[0].values, errors)


def _fields_of(form: Form, number: int) -> Mapping[str, Sequence[str]]:
    found = {}
    for name, values in form.values.items():
        match = _NUMBERED.fullmatch(name)
        if match and int(match["number"]) == number and match["name"] not in _SHARED:
            found[match["name"]] = values
    return found


def _shared(form: Form) -> Mapping[str, Sequence[str]]:
    return {name: values for name, values in form.values.items() if name in _SHARED}
