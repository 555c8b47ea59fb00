"""One drill: a load, a fault, the time until all is well again, and the audit."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from drills import audit, facts
from drills.house import House
from drills.ledger import KINDS, Recovery, longest_gap, recovery
from drills.load import Load
from drills.proxy import Wire
from drills.town import Town

# Before the fault, so that there is something to lose; and how long all may take to be well again.
_BEFORE, _PATIENCE, _SETTLING, _LAST = 5.0, 240.0, 10.0, 900.0


class CannotBeDone(Exception):
    """This machine does not allow the fault; says why."""


@dataclass
class Scene:
    """What the drills act on. `back` is done after the audit, to have all as it was; `homes` are of all
    servers; `in_flight` is how many messages may have come twice by now."""

    house: House
    town: Town
    load: Load
    wire: Wire
    in_flight: int = 0
    homes: list[Path] = field(default_factory=list)
    back: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """When it began and ended, by a clock that only runs. `silence`: a web process fell, so that connections may have ended
    without an answer. `in_flight`: how many messages may come twice. `found`: what was seen meanwhile."""

    began: float
    ended: float
    silence: bool = False
    in_flight: int = 0
    found: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drill:
    name: str
    title: str
    does: Callable[[Scene], Awaitable[Fault]]


@dataclass
class Report:
    """What came of it, in figures and in words."""

    drill: Drill
    acknowledged: int = 0
    doubtful: int = 0
    after_end: Recovery | None = None
    after_start: Recovery | None = None
    gap: float = 0
    slowest: float = 0
    lasted: float = 0
    notices: float | None = None
    statuses: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """As a line of the table in docs/reliability.md."""
        never = Recovery(None, {})
        end, start = self.after_end or never, self.after_start or never
        audited = f"{len(self.wrong)} wrong" if self.wrong else "nothing wrong"
        return (
            f"| {self.drill.title} | {self.lasted:.1f} | {_seconds(end.of_all)} | {_seconds(end.whole)} | "
            f"{_seconds(start.of_all)} | {self.gap:.1f} | {_seconds(self.notices)} | {self.slowest:.1f} | "
            f"{self.acknowledged:,} | {self.doubtful} | {audited} |"
        )


HEADINGS = (
    "| drill | fault, s | first write after its end, s | all kinds, s | first after its start, s | longest without any, s | "
    "first message after its start, s | slowest answer, s | acknowledged | in doubt | audit |"
)


def _seconds(found: float | None) -> str:
    return "–" if found is None else f"{found:.1f}"


async def run(drill: Drill, scene: Scene, writes: int) -> Report:
    """Do one drill with at least so many acknowledged writes."""
    ledger, report = scene.load.ledger, Report(drill)
    known, begun = len(ledger.acknowledged), time.monotonic()
    before = sum(n > 1 for n in Counter(m.number for m in facts.messages(scene.house)).values())
    came: list[float] = []
    watching = asyncio.create_task(_watch(scene.house, came))
    scene.load.start()
    try:
        await asyncio.sleep(_BEFORE)
        fault = await drill.does(scene)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            well = recovery(ledger.writes, fault.ended).whole is not None
            if well and len(ledger.acknowledged) - known >= writes:
                break
            await asyncio.sleep(0.2)
    finally:
        await scene.load.stop()
    report.after_end, report.after_start = recovery(ledger.writes, fault.ended), recovery(ledger.writes, fault.began)
    report.gap = longest_gap(ledger.writes, fault.began, max(w.ended for w in ledger.acknowledged))
    report.lasted = fault.ended - fault.began
    report.acknowledged = len(ledger.acknowledged) - known
    await settle(scene.house, _SETTLING)
    watching.cancel()
    report.notices = next((moment - fault.began for moment in came if moment > fault.began), None)
    during = [answer for answer in ledger.answers if answer.began >= begun]
    report.slowest = max(answer.ended - answer.began for answer in during)
    report.statuses = Counter(f"{answer.status or 'no answer'} {answer.route}" for answer in during)
    report.doubtful = sum(w.doubtful for w in ledger.writes if w.ended >= begun)
    on = [
        kind
        for kind in KINDS
        if any(w.kind == kind for w in ledger.acknowledged if fault.began <= w.tried and w.ended <= fault.ended)
    ]
    report.found += [f"went on meanwhile: {', '.join(on) or 'nothing'}", *fault.found]
    report.wrong += [*fault.wrong, *audit.answers(ledger, begun, fault.silence)]
    report.wrong += [f"{kind} is not done again" for kind in KINDS if report.after_end.of_each[kind] is None]
    found = await facts.found(scene.house, scene.town)
    again = sum(n > 1 for n in Counter(m.number for m in found.messages).values())
    report.found += [f"sent again under the same number: {again - before}"] if again > before else []
    scene.in_flight += fault.in_flight
    report.wrong += audit.everything(ledger, found, scene.in_flight)
    while scene.back:
        await scene.back.pop()()
    return report


async def _watch(house: House, came: list[float]) -> None:
    """Note when messages come."""
    known = 0
    while True:
        if (there := len(facts.messages(house))) > known:
            known = there
            came.append(time.monotonic())
        await asyncio.sleep(0.05)


async def end(scene: Scene) -> list[str]:
    """After all drills: the worker has done what it had to do, and everything is held against the ledger once more."""
    wrong = await settle(scene.house, _LAST)
    found = await facts.found(scene.house, scene.town)
    held = {mark for mark in found.waiting if not _by_text(scene, mark)}
    return [
        *wrong,
        *[f"{len(held)} messages are still to come"][: bool(held)],
        *audit.everything(scene.load.ledger, found, scene.in_flight),
    ]


def _by_text(scene: Scene, mark: str) -> bool:
    """Whether somebody is told by a text message, which is not sent at night."""
    return any(write.mark == mark and write.contact.startswith("+") for write in scene.load.ledger.writes)


async def settle(house: House, patience: float) -> list[str]:
    """Wait until the worker has done what waits."""
    await house.ready()
    until = time.monotonic() + patience
    while not await facts.settled(house):
        if time.monotonic() > until:
            return ["the worker did not come to an end with what waits"]
        await asyncio.sleep(0.5)
    return []
