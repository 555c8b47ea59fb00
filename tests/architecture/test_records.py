"""No record without a look (promise 6): one place opens them, and the service says for what it reads where nobody looks."""

import ast
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from programmes.core import tables
from programmes.people.look_rules import LOOK_PAGES, LOOK_REASONS, Purpose

ROOT = Path(__file__).resolve().parents[2]
PROGRAMMES = ROOT / "programmes"


@dataclass(frozen=True)
class Call:
    """A call in a module: what is called, wholly (`records.read`) and its last name, and the constants that it is given."""

    where: str
    whole: str
    name: str
    constants: tuple[object, ...]


@cache
def _calls() -> tuple[Call, ...]:
    """Every call of the programme. The trees are not kept: they are large."""
    return tuple(
        Call(
            path.relative_to(PROGRAMMES).as_posix(),
            ast.unparse(node.func),
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""),
            tuple(argument.value for argument in node.args if isinstance(argument, ast.Constant)),
        )
        for path in sorted(PROGRAMMES.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )


def test_one_function_opens_a_persons_record_and_one_leads_to_it() -> None:
    assert {call.where for call in _calls() if call.name == "open" and "person" in call.constants} == {"people/records.py"}
    assert {call.where for call in _calls() if call.whole == "records.read"} == {"enrolment/records/services.py"}


def test_what_the_service_reads_for_itself_is_read_in_these_places_only() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for call in _calls():
        if call.name in {"record_of", "_record"}:
            for constant in call.constants:
                found[str(constant)].add(call.where)
    assert dict(found) == {
        "reach": {"notices/reach_services.py"},
        "same_form": {"enrolment/application_services.py"},
        "rule": {
            "desk/extract/services.py",
            "desk/readings/services.py",
            "enrolment/age_services.py",
            "enrolment/leaving/transfer_services.py",
        },
        "rewrite": {"enrolment/records/details_services.py", "enrolment/records/details_views.py"},
        "retention": {"oversight/retention/services.py"},
    }
    assert set(found) == set(get_args(Purpose))


def test_only_a_page_that_is_being_made_makes_a_look() -> None:
    assert {call.where for call in _calls() if call.name == "Look"} == {"people/looks.py"}
    pages = {str(constant) for call in _calls() if call.name == "looking" for constant in call.constants}
    assert pages == set(LOOK_PAGES)


def test_the_database_knows_the_same_pages_and_reasons() -> None:
    conditions = {
        name: constraint.condition
        for name, constraint in (
            ("page", tables.RecordLook.known_page_looked_at),
            ("reason", tables.RecordLook.known_reason),
        )
    }
    for name, words in (("page", LOOK_PAGES), ("reason", LOOK_REASONS)):
        listed = ", ".join(f"'{word}'" for word in words)
        assert conditions[name] == f"{name} in ({listed})"
