"""Sessions and counts in words, for every screen that speaks of them."""

from collections.abc import Callable, Mapping

from programmes.attendance.rules import Count
from programmes.cohorts.wording_rules import numbered
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext

FIELDS = ("women", "men", "other")
Raw = Callable[[str], str]


def said(count: Count) -> str:
    """`6 kvinnor, 4 män`, with those of other or unknown sex when there are any."""
    parts = [ngettext("%(n)s kvinna", "%(n)s kvinnor", count.women), ngettext("%(n)s man", "%(n)s män", count.men)]
    if count.other:
        parts.append(_("%(n)s annat eller okänt", n=count.other))
    return ", ".join(parts)


def session_name(programme: str, form: str, number: int | None, of: int) -> str:
    """`LFT, träff 2 av 9`"""
    return f"{programme}, {numbered(form, number, of)}"


def stepped(raw: Raw, most: int) -> dict[str, str]:
    """The counts as typed, one up or down where a button was pressed. What is no number stays as it is."""
    values = {name: raw(name)[:6] for name in FIELDS}
    for button, step in (("oka", 1), ("minska", -1)):
        name = raw(button)
        typed = values.get(name, "x").strip() or "0"
        if name in values and typed.isascii() and typed.isdigit():
            values[name] = str(max(0, min(most, int(typed) + step)))
    return values


def count_fields(values: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Field, label and value of the three counts."""
    labels = {"women": _("Kvinnor"), "men": _("Män"), "other": _("Annat, okänt")}
    return tuple((name, labels[name], values[name]) for name in FIELDS)


def total(values: Mapping[str, str]) -> int:
    return sum(int(v) for v in values.values() if v.isascii() and v.isdigit())


def as_values(count: Count | None) -> dict[str, str]:
    """A count as fields; zeros before anything is noted."""
    found = count or Count(0, 0, 0)
    return {"women": str(found.women), "men": str(found.men), "other": str(found.other)}
