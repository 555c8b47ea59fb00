"""The table as people read it: `python -m tests.access.page` writes it anew."""

from pathlib import Path

from tests.access.table import KINDS, ROLES, TABLE, Cell

DOCUMENT = "docs/access.md"
_SIGNS: dict[Cell, str] = {"in": "yes", "sign_in": "sign in", "forbidden": "no (403)", "unknown": "unknown (404)"}
_HEAD = """# Who may ask for what

Every route of the application, by whom it lets in. A test tries every cell on seeded rows, and fails for a route that is
not here (`tests/access`). *Unknown* is answered where it is a secret that there is something: word for word like an address
that does not exist. A leader or substitute is one of the cohort in the address, a coordinator one of its programme;
*elsewhere* means of others, *former* that the last day as a substitute has passed.

What a page shows of a person is decided further in: whoever is let in sees protected identity hidden, and nobody sees more
than the programme's section of the guideline has kept.
"""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_page() -> str:
    """The whole document."""
    kinds = [(kind, *(_SIGNS[cells[role]] for role in ROLES)) for kind, cells in KINDS.items()]
    rows = [(f"`{route}`", TABLE[route].kind) for route in sorted(TABLE, key=lambda r: r.split(" ")[::-1])]
    heads = ("let in", *(role.replace("_", " ") for role in ROLES))
    return f"{_HEAD}\n{_table(heads, kinds)}\n\n## Routes\n\n{_table(('route', 'who is let in'), rows)}\n"


if __name__ == "__main__":
    Path(DOCUMENT).write_text(as_page(), encoding="utf-8")
