"""No record without a look (promise 6): one place opens them, and the service says for what it reads where nobody looks."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from programmes.core import tables
from programmes.people.look_rules import LOOK_PAGES, LOOK_REASONS, Purpose

ROOT = Path(__file__).resolve().parents[2]
PROGRAMMES = ROOT / "programmes"


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(PROGRAMMES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(PROGRAMMES).as_posix(), node


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_one_function_opens_a_persons_record_and_one_leads_to_it() -> None:
    openers = {
        where
        for where, call in _calls()
        if _called(call) == "open" and any(isinstance(a, ast.Constant) and a.value == "person" for a in call.args)
    }
    assert openers == {"people/records.py"}
    readers = {where for where, call in _calls() if ast.unparse(call.func) == "records.read"}
    assert readers == {"enrolment/record_services.py"}


def test_what_the_service_reads_for_itself_is_read_in_these_places_only() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for where, call in _calls():
        if _called(call) in {"record_of", "_record"}:
            for argument in call.args:
                if isinstance(argument, ast.Constant):
                    found[str(argument.value)].add(where)
    assert dict(found) == {
        "reach": {"notices/reach_services.py"},
        "same_form": {"enrolment/application_services.py"},
        "rule": {"enrolment/age_services.py", "enrolment/transfer_services.py"},
        "rewrite": {"enrolment/details_services.py", "enrolment/details_views.py"},
        "retention": {"oversight/retention_services.py"},
    }
    assert set(found) == set(get_args(Purpose))


def test_only_a_page_that_is_being_made_makes_a_look() -> None:
    makers = {where for where, call in _calls() if _called(call) == "Look"}
    assert makers == {"people/looks.py"}
    pages = {
        str(argument.value)
        for _where, call in _calls()
        if _called(call) == "looking"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
    assert pages == set(LOOK_PAGES)


def test_the_database_knows_the_same_pages_and_reasons() -> None:
    conditions = {
        name: constraint.condition
        for name, constraint in (
            ("page", tables.RecordLook.known_look_page),
            ("reason", tables.RecordLook.known_reason),
        )
    }
    for name, words in (("page", LOOK_PAGES), ("reason", LOOK_REASONS)):
        listed = ", ".join(f"'{word}'" for word in words)
        assert conditions[name] == f"{name} in ({listed})"
