"""The auditor: what was acknowledged held against what is there. Pure functions, each names all that is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from drills.ledger import Ledger, Write

HOLDING = frozenset({"preliminary", "confirmed", "offered"})
ALIVE = HOLDING | {"queued"}


@dataclass(frozen=True)
class Entry:
    """An enrolment as it is kept. `mark` is the digest that its form leaves; the others are whether each part is there."""

    mark: str
    group: str
    state: str
    arrival: int
    turn: int
    applied: bool = True
    named: bool = True
    key: bool = True
    ended: bool = False


@dataclass(frozen=True)
class Seat:
    group: str
    number: int
    maximum: int
    mark: str


@dataclass(frozen=True)
class Register:
    """A roll call as it is kept, as text, and how often a change of it stands in the trail."""

    value: str
    changes: int
    held: bool


@dataclass(frozen=True)
class Box:
    """A ballot box: slips printed and left, and the marks that its answers hold when they are opened."""

    printed: int
    left: int
    marks: Sequence[str]


@dataclass(frozen=True)
class Message:
    """One message as the mail server or the gateway took it."""

    number: str
    to: str


@dataclass(frozen=True)
class Found:
    """All that is there. `notices`: how many of a kind, by the enrolment's mark and the kind; `waiting`: marks of
    those whose message is held for the time being."""

    entries: Sequence[Entry] = ()
    seats: Sequence[Seat] = ()
    registers: Mapping[str, Register] = field(default_factory=dict)
    boxes: Mapping[str, Box] = field(default_factory=dict)
    notices: Mapping[tuple[str, str], int] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    waiting: frozenset[str] = frozenset()


def enrolments(writes: Sequence[Write], entries: Sequence[Entry]) -> list[str]:
    """Every acknowledged enrolment is there once and alive unless it was left; nothing else is, and nothing half."""
    there, wrong = Counter(entry.mark for entry in entries), []
    of = {entry.mark: entry for entry in entries}
    left = {write.mark: write for write in writes if write.kind == "leave"}
    sent = {write.mark: write for write in writes if write.kind != "leave"}
    for mark, write in sent.items():
        if write.outcome == "acknowledged" and there[mark] != 1:
            wrong.append(f"an acknowledged enrolment ({write.kind}) is there {there[mark]} times")
        if not write.may_be_there and there[mark]:
            wrong.append(f"an enrolment is there that was answered with {write.outcome}")
        if mark in of and mark not in left and of[mark].state not in ALIVE:
            wrong.append(f"an enrolment that nobody left is {of[mark].state}")
    wrong += ["an enrolment is there that nobody sent" for mark in there if mark not in sent]
    wrong += ["an enrolment is there twice" for mark, times in there.items() if times > 1 and mark not in sent]
    for mark, write in left.items():
        if write.outcome == "acknowledged" and mark in of and of[mark].state in ALIVE:
            wrong.append(f"a place that was left is still {of[mark].state}")
        if not write.may_be_there and mark in of and of[mark].state == "withdrawn":
            wrong.append(f"a place is left although that was answered with {write.outcome}")
    return wrong + halves(entries)


def halves(entries: Iterable[Entry]) -> list[str]:
    """Rows that lack what is written with them."""
    wrong = []
    for entry in entries:
        missing = [name for name in ("applied", "named", "key") if not getattr(entry, name)]
        if entry.state == "withdrawn" and not entry.ended:
            missing.append("when it ended")
        if missing:
            wrong.append(f"a half enrolment ({entry.state}): without {', '.join(missing)}")
    return wrong


def seats(entries: Sequence[Entry], taken: Sequence[Seat]) -> list[str]:
    """No seat twice, none beyond the maximum, one for whoever holds a place and for nobody else."""
    wrong = [
        f"seat {number} of a group is taken {times} times"
        for (_, number), times in Counter((seat.group, seat.number) for seat in taken).items()
        if times > 1
    ]
    wrong += [f"a seat {seat.number} of {seat.maximum}" for seat in taken if not 1 <= seat.number <= seat.maximum]
    of = Counter(seat.mark for seat in taken)
    for entry in entries:
        if of[entry.mark] != (entry.state in HOLDING):
            wrong.append(f"somebody {entry.state} has {of[entry.mark]} seats")
    return wrong


def order(writes: Sequence[Write], entries: Sequence[Entry]) -> list[str]:
    """The queue is by arrival: who had their answer before another had sent came before them, and nobody who waits has
    been passed by somebody who came later and holds a place."""
    sent = {write.mark: write for write in writes if write.kind != "leave" and write.outcome == "acknowledged"}
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.group].append(entry)
    wrong = []
    for people in groups.values():
        wrong += [f"turn {one.turn} of arrival {one.arrival}" for one in people if one.turn != one.arrival]
        known = sorted((one for one in people if one.mark in sent), key=lambda one: one.arrival)
        latest = 0.0
        for one in known:
            if sent[one.mark].ended < latest:
                wrong.append(f"arrival {one.arrival} was answered before one with a lower number was sent")
            latest = max(latest, sent[one.mark].began)
        first = min((one.arrival for one in people if one.state == "queued"), default=None)
        passed = [one for one in people if first is not None and one.state in HOLDING and one.arrival > first]
        wrong += [f"arrival {one.arrival} holds a place while arrival {first} waits" for one in passed]
    return wrong


def registers(writes: Sequence[Write], kept: Mapping[str, Register]) -> list[str]:
    """What a roll call shows is the last that was acknowledged, or one that was sent after it and never answered; and as
    many changes are in its trail as were acknowledged."""
    wrong, of = [], defaultdict(list)
    for write in writes:
        of[write.subject].append(write)
    for subject, history in of.items():
        found = kept.get(subject, Register("", 0, False))
        last = max((n for n, write in enumerate(history) if write.outcome == "acknowledged"), default=-1)
        could = {write.mark for write in history[last + 1 :] if write.may_be_there}
        could |= {history[last].mark} if last >= 0 else {""}
        if found.value not in could:
            wrong.append(f"a roll call shows {found.value or 'nothing'} instead of {' or '.join(sorted(could))}")
        least = sum(write.outcome == "acknowledged" for write in history)
        most = sum(write.may_be_there for write in history)
        if not least <= found.changes <= most:
            wrong.append(f"a roll call was changed {found.changes} times; {least} changes were acknowledged, {most} sent")
        if found.held != bool(found.value):
            wrong.append("a roll call is half there: noted, or held, but not both")
    return wrong


def votes(writes: Sequence[Write], boxes: Mapping[str, Box]) -> list[str]:
    """Every acknowledged vote lies in its box once, no other does but what may have been cast, and each used one slip."""
    wrong, of = [], {(write.subject, write.mark): write for write in writes}
    for (subject, mark), write in of.items():
        times = Counter(boxes[subject].marks)[mark] if subject in boxes else 0
        if write.outcome == "acknowledged" and times != 1:
            wrong.append(f"an acknowledged vote lies in its box {times} times")
        elif times > 1:
            wrong.append(f"a vote lies in its box {times} times")
        if times and not write.may_be_there:
            wrong.append(f"a vote was counted although it was answered with {write.outcome}")
    for subject, box in boxes.items():
        wrong += ["a box holds a vote that nobody sent" for mark in box.marks if (subject, mark) not in of]
        if box.printed - box.left != len(box.marks):
            wrong.append(f"{box.printed - box.left} slips of a box are used up for {len(box.marks)} votes")
    return wrong


def notices(writes: Sequence[Write], found: Found, in_flight: int) -> list[str]:
    """One notice of a kind for each; each was taken once, but for as many as could be in flight when something fell."""
    wrong = [f"{times} notices {kind} for one enrolment" for (_, kind), times in found.notices.items() if times > 1]
    times = Counter(message.number for message in found.messages)
    twice = [number for number, count in times.items() if count > 1]
    if any(times[number] > 2 for number in twice) or len(twice) > in_flight:
        wrong.append(f"{len(twice)} messages were sent again, at most {in_flight} could be in flight")
    told = {message.to for message in found.messages}
    there = {entry.mark for entry in found.entries if entry.state in ALIVE}
    silent = [
        write
        for write in writes
        if write.kind != "leave" and write.contact and write.outcome == "acknowledged"
        and write.mark in there and write.mark not in found.waiting and write.contact not in told
    ]  # fmt: skip
    return wrong + [f"nothing was sent to somebody whose enrolment was acknowledged ({write.kind})" for write in silent]


def answers(ledger: Ledger, since: float, silence: bool) -> list[str]:
    """Pages that nobody can go on from. `silence`: whether a connection may have ended without an answer, as when a web
    process is killed: what is seen then is the proxy's page."""
    recent = [answer for answer in ledger.answers if answer.began >= since]
    found = Counter(answer.problem for answer in recent if answer.problem)
    if not silence and (lost := sum(answer.status == 0 for answer in recent)):
        found["no answer at all"] = lost
    return [f"{times} times: {problem}" for problem, times in found.most_common()]


def everything(ledger: Ledger, found: Found, in_flight: int) -> list[str]:
    """All of it but the pages."""
    people = ledger.of("exempt", "documented", "leave")
    return [
        *enrolments(people, found.entries),
        *seats(found.entries, found.seats),
        *order(people, found.entries),
        *registers(ledger.of("count", "names"), found.registers),
        *votes(ledger.of("vote"), found.boxes),
        *notices(people, found, in_flight),
    ]
