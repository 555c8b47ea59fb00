"""No two uses of the database's advisory locks share a number: else one stops the other, as a rotation would the worker."""

import re
from pathlib import Path

from programmes.core import lock_numbers

SOURCE = Path(__file__).resolve().parents[2] / "programmes"
NUMBERS = {name: number for name, number in vars(lock_numbers).items() if name.isupper()}
# A lock by a text, or by a number that is the second argument of the same call.
_LOCK = re.compile(r"pg_(?:try_)?advisory\w*\(\s*(?P<text>hashtext)?[^\n]*")


def test_no_two_locks_have_the_same_number() -> None:
    assert len(set(NUMBERS.values())) == len(NUMBERS) >= 5


def test_every_lock_of_the_source_is_by_a_text_or_by_a_number_of_the_one_place() -> None:
    by_number, wrong = set(), []
    for path in sorted(SOURCE.rglob("*.py")):
        for found in _LOCK.finditer(path.read_text(encoding="utf-8")):
            named = re.search(r"\(\$1\)\", lock_numbers\.([A-Z_]+)\)", found[0])
            if named:
                by_number.add(named[1])
            elif not found["text"]:
                wrong.append(f"{path.relative_to(SOURCE)}: {found[0]}")
    assert wrong == []
    # Whether a rotation runs is asked of `pg_locks`; whoever takes each lock is found here.
    assert by_number == set(NUMBERS)
