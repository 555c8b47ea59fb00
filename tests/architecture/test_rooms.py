"""The contract of rooms can fail: each import that the law forbids is told, each that it allows is not."""

from itertools import pairwise

import pytest
from grimp import ImportGraph

from tests.architecture.rooms import RoomsContract

LAW = {
    "features": "core cohorts enrolment desk",
    "rooms": [
        "views: services, pages, queries", "services: rules, queries, tables", "pages: rules", "queries: tables, rules",
        "rules:", "tables:",
    ],
    "offered": "services, queries, rules",
    "pure": "rules",
    "never": "piccolo, litestar",
    "called": ["desk.wording: pages"],
}  # fmt: skip


def wrongs(importer: str, imported: str) -> list[str]:
    contract = RoomsContract(name="rooms", session_options={}, contract_options=LAW)
    graph = ImportGraph()
    for module in (f"programmes.{importer}", f"programmes.{imported}"):
        graph.add_module(module)
    graph.add_import(
        importer=f"programmes.{importer}", imported=f"programmes.{imported}", line_number=7, line_contents="import it"
    )
    found: list[str] = contract.check(graph, verbose=False).metadata["wrongs"]
    return found


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("desk.views", "desk.services"), ("desk.views", "desk.pages"), ("desk.views", "desk.queries"),
        ("desk.services", "desk.rules"), ("desk.pages", "desk.rules"), ("desk.queries", "desk.tables"),
        ("desk.views", "web.forms"), ("desk.rules", "core.clock"), ("desk.views", "cohorts.queries"),
        ("desk.visit_services", "desk.services"), ("desk.views", "desk.wording"),
        ("desk.closing.services", "desk.place.rules"), ("desk.place.views", "cohorts.rhythm.rules"),
        ("enrolment.tables", "cohorts.tables"),
    ],
)  # fmt: skip
def test_an_import_that_the_law_allows_is_kept(importer: str, imported: str) -> None:
    assert wrongs(importer, imported) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("desk.views", "desk.tables"), ("desk.views", "desk.rules"), ("desk.services", "desk.views"),
        ("desk.pages", "desk.queries"), ("desk.queries", "desk.services"), ("desk.rules", "desk.queries"),
        ("desk.tables", "desk.rules"), ("desk.services", "web.forms"), ("desk.views", "cohorts.pages"),
        ("desk.queries", "cohorts.tables"), ("desk.wording", "desk.queries"),
        ("desk.closing.pages", "desk.place.queries"), ("desk.place.views", "cohorts.rhythm.pages"),
    ],
)  # fmt: skip
def test_an_import_that_the_law_forbids_is_told_with_its_line(importer: str, imported: str) -> None:
    found = wrongs(importer, imported)
    assert len(found) == 1
    assert f"programmes.{importer}:7 imports programmes.{imported}" in found[0]


@pytest.mark.parametrize("module", ["desk.helpers", "desk.closing.helpers"])
def test_a_module_called_after_no_room_is_told(module: str) -> None:
    assert wrongs(module, "core.clock") == [f"programmes.{module} is called after no room"]


def test_rules_that_reach_the_database_by_way_of_others_are_told_with_the_way() -> None:
    contract = RoomsContract(name="rooms", session_options={}, contract_options=LAW)
    graph = ImportGraph()
    way = ["programmes.desk.closing.rules", "programmes.core.clock", "programmes.core.db", "piccolo"]
    for importer, imported in pairwise(way):
        graph.add_import(importer=importer, imported=imported)
    found = contract.check(graph, verbose=False).metadata["wrongs"]
    assert found == [f"{way[0]} reaches piccolo: {' → '.join(way)}"]
