"""What the release before relies on and would no longer find. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any


def _columns(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    tables = {name.partition(".")[0] for name in before}
    for name, (kind, need) in before.items():
        if name not in now:
            yield f"column {name} is gone"
        elif now[name][0] != kind:
            yield f"column {name} was {kind} and is {now[name][0]}"
        elif now[name][1] == "required" != need:
            yield f"column {name} may no longer be left out"
    for name, (_, need) in now.items():
        if name not in before and name.partition(".")[0] in tables and need == "required":
            yield f"column {name} is new and may not be left out"


def _rules(before: Mapping[str, str], now: Mapping[str, str], tables: set[str]) -> Iterator[str]:
    """Constraints, unique indexes and triggers of tables that were there: a new or another one may refuse what the release
    before writes."""
    for name, said in now.items():
        if name.partition(".")[0] in tables and before.get(name) != said:
            yield f"rule {name} is {'another one' if name in before else 'new'}"


def _functions(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, said in before.items():
        if name not in now:
            yield f"function {name} is gone"
        elif now[name] != said:
            yield f"function {name} returned {said} and returns {now[name]}"


def _rights(role: str, before: Mapping[str, str], now: Mapping[str, str], columns: Mapping[str, Any]) -> Iterator[str]:
    for name, had in before.items():
        table = name.partition(" ")[0]
        has = now.get(name, "")
        every = {each.partition(".")[2] for each in columns if each.startswith(f"{table}.")}
        wanted = every if had == "*" else set(had.split())
        if has != "*" and not wanted <= set(has.split()):
            yield f"{role} may no longer {name.partition(' ')[2]} {table}"


def narrowed(before: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """Every way in which a schema asks more, or gives less, than one before it."""
    tables = {name.partition(".")[0] for name in before["columns"]}
    found = [
        *_columns(before["columns"], now["columns"]),
        *_rules(before["rules"], now["rules"], tables),
        *_functions(before["functions"], now["functions"]),
    ]
    for role, had in before["rights"].items():
        found += _rights(role, had, now["rights"][role], before["columns"])
        found += [f"{role} may no longer call {name}" for name in set(before["calls"][role]) - set(now["calls"][role])]
    return set(found)
