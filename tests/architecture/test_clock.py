"""Whatever the worker destroys because it is late enough waits for a clock that is believed (decision 24)."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import programmes
from programmes import worker
from programmes.core.clock_trace import needs_a_sure_clock

_ROOT = Path(programmes.__file__).parent.parent
# Where something goes for good: keys, keys without rows, the log's lines, and boxes.
_ENDS = {
    "programmes.core.erasure.destroy_key",
    "programmes.enrolment.records.key_services.sweep",
    "programmes.oversight.log.chain_services.retire",
    "programmes.oversight.retention.services.run_now",
    "programmes.people.services.forget_old_sessions",
}
# What reaches them without a clock: intents that were decided before; what no consent or place keeps any more, by its state;
# and the chain's tick, which asks for the trace itself before it lets anything go.
_WITHOUT_A_CLOCK = {"_replay_erasures", "_erase_partners", "tend"}


@cache
def _module(name: str) -> tuple[dict[str, str], dict[str, ast.AST]]:
    """What a module's names mean elsewhere, and its functions."""
    path = _ROOT / (name.replace(".", "/") + ".py")
    if not path.exists():
        return {}, {}
    tree, names = ast.parse(path.read_text()), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names, dict(functions)


def _named(where: str) -> Iterator[str]:
    """Every function of ours that a function speaks of: called at once, or handed on."""
    module, _, function = where.rpartition(".")
    names, functions = _module(module)
    for node in ast.walk(functions[function]) if function in functions else ():
        if isinstance(node, ast.Name):
            yield names.get(node.id, f"{module}.{node.id}")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield f"{names[node.value.id]}.{node.attr}"


def _reached(start: str) -> set[str]:
    seen, waiting = set(), [start]
    while waiting:
        if (one := waiting.pop()) not in seen:
            seen.add(one)
            waiting += _named(one)
    return seen


def test_no_tick_that_ends_something_by_the_clock_runs_on_a_doubted_one() -> None:
    reaches = {tick.__name__: bool(_reached(f"{tick.__module__}.{tick.__name__}") & _ENDS) for tick in worker.ticks()}
    marked = {tick.__name__ for tick in worker.ticks() if needs_a_sure_clock(tick)}
    assert {name for name, found in reaches.items() if found} - marked <= _WITHOUT_A_CLOCK
    # The walk sees what is there to be seen.
    assert {"erase_overdue", "_pass_places_on", "_end_queues", "_forget_left", "_hold_to_deadlines", "tend"} <= {
        name for name, found in reaches.items() if found
    }
    assert {"close_boxes", "destroy_unread", "nightly", "draw_due", "send_due"} <= marked
