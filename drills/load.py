"""The steady load: people who apply and leave, leaders who call the roll, groups that answer. Each presses again where an
answer leaves them in doubt, most of them; the others give up, and only the audit tells what became of it."""

import asyncio
import itertools
import random
import re
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from drills.browser import Browser, Seen, pause, transport
from drills.ledger import KINDS, Kind, Ledger, Write
from drills.town import EXEMPT, NAMED, PASSWORD, PLACES, STAFF, Town
from programmes.enrolment.code_queries import once_digest

# So many in all apply to one group: some get a place, the others wait.
_APPLY = PLACES * 3
# Of a hundred writes, and how many send them.
_CLIENTS: dict[Kind, tuple[int, int]] = {
    "exempt": (26, 5), "documented": (10, 3), "leave": (8, 2), "count": (16, 3), "names": (6, 2), "vote": (34, 6),
}  # fmt: skip
_MARKS = ("present", "excused", "no_show")


@dataclass
class Load:
    """`rate` writes a second at most."""

    bases: list[str]
    town: Town
    ledger: Ledger = field(default_factory=Ledger)
    rate: float = 40
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._carrier: httpx.AsyncHTTPTransport = transport()
        self._groups: dict[Kind, Iterator[tuple[int, str]]] = {
            "exempt": _each(self.town.exempt), "documented": _each(self.town.documented),
        }  # fmt: skip
        self._slips = iter(random.sample(self.town.slips, len(self.town.slips)))
        self._numbers = itertools.count(1)
        self._there: deque[tuple[Browser, Write]] = deque(maxlen=400)
        self._rolls: dict[Kind, deque[int]] = {"count": deque(self.town.counted), "names": deque(self.town.named)}
        self._called: Counter[int] = Counter()
        self._leader = self._browser()
        self._signing_in = asyncio.Lock()
        self._next = dict.fromkeys(KINDS, time.monotonic())
        self._does: dict[Kind, Callable[[], Awaitable[None]]] = {
            "exempt": lambda: self._apply("exempt"), "documented": lambda: self._apply("documented"),
            "leave": self._leave, "count": lambda: self._call("count"), "names": lambda: self._call("names"),
            "vote": self._vote,
        }  # fmt: skip

    def _browser(self) -> Browser:
        return Browser(self.bases, self.ledger, self._carrier)

    def start(self) -> None:
        self._stopping, self._next = False, dict.fromkeys(KINDS, time.monotonic())
        self._tasks = [asyncio.create_task(self._work(kind)) for kind, (_, many) in _CLIENTS.items() for _ in range(many)]

    async def stop(self) -> None:
        """Let everybody finish what they have begun."""
        self._stopping = True
        await asyncio.gather(*self._tasks)
        self._tasks = []

    async def _work(self, kind: Kind) -> None:
        """Of one kind, so that what fails leaves the clients of the others as they are."""
        rate = self.rate * _CLIENTS[kind][0] / 100
        while not self._stopping:
            self._next[kind] = max(self._next[kind] + 1 / rate, time.monotonic())
            await asyncio.sleep(self._next[kind] - time.monotonic())
            await self._does[kind]()

    def _noted(self, write: Write) -> Write:
        self.ledger.writes.append(write)
        return write

    async def _until_settled(self, write: Write, send: Callable[[], Awaitable[Seen]]) -> None:
        """Send, and where the answer leaves a doubt send again, unless they are of those who give up."""
        stubborn = random.random() < 0.7
        for attempt in itertools.count():
            await send()
            if write.outcome in {"acknowledged", "refused"} or not stubborn or attempt >= 60 or self._stopping:
                return
            await pause(0.5, 1.5)

    # --- People -------------------------------------------------------------------------------------------------------

    async def _apply(self, kind: Kind) -> None:
        cohort_id, public_id = next(self._groups[kind])
        browser, number = self._browser(), next(self._numbers)
        address, contact = f"/anmalan/{public_id}", _contact(kind, number)
        form = await browser.get(address)
        typed = {"namn": f"Person {number}", "kontakt": contact, "saker": "email"}
        typed |= {"fodd": "19850214"} if kind == "documented" else {"sms": "ja"} if "@" not in contact else {}
        if kind == "documented" and form.fine:
            form = await browser.post(address, {**typed, "steg": "1", "_csrf_token": form.token})
        once = form.hidden("once")
        if not form.fine or not once:
            return await pause(0.2, 0.6)
        write = self._noted(Write(kind, str(cohort_id), once_digest(cohort_id, once).hex(), contact))
        sent = typed | _ticked(form.text)
        await self._until_settled(write, lambda: browser.post(address, sent, write, r"/min-plats(\?fullt=1)?"))
        if write.outcome == "acknowledged":
            self._there.append((browser, write))
        return None

    async def _leave(self) -> None:
        if len(self._there) < 20:
            return
        browser, place = self._there.popleft()
        form = await browser.get("/min-plats/lamna")
        if not form.fine or not form.hidden("lamnar"):
            return
        write = self._noted(Write("leave", place.subject, place.mark))
        sent = {"_csrf_token": form.token, "lamnar": form.hidden("lamnar")}
        await self._until_settled(write, lambda: browser.post("/min-plats/lamna", sent, write, "/min-plats"))

    # --- Leaders ------------------------------------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        async with self._signing_in:
            if (await self._leader.get("/personal/idag")).status != 303:
                return
            form = await self._leader.get("/logga-in")
            if form.fine:
                await self._leader.post("/logga-in", {"anv": STAFF, "losen": PASSWORD, "_csrf_token": form.token})

    async def _call(self, kind: Kind) -> None:
        """Of one session, by nobody else meanwhile."""
        if not self._rolls[kind]:
            return
        session = self._rolls[kind].popleft()
        try:
            await self._call_roll(kind, session)
        finally:
            self._rolls[kind].append(session)

    async def _call_roll(self, kind: Kind, session: int) -> None:
        address = f"/personal/traffar/{session}/narvaro"
        form = await self._leader.get(address)
        if form.status == 303:
            return await self._sign_in()
        if form.status != 200 or not form.token:
            return await pause(0.2, 0.6)
        self._called[session] += 1
        number = self._called[session]
        mark, sent = _counted(number) if kind == "count" else _marked(number, form)
        write = self._noted(Write(kind, str(session), mark))
        sent |= {"_csrf_token": form.token} | dict(re.findall(r'name="(sett[^"]*)" value="([^"]*)"', form.text))
        done = rf"/personal/(idag|grupper/\d+.*)|{re.escape(address)}(\?sparat=1)?"
        await self._until_settled(write, lambda: self._leader.post(address, sent, write, done))
        return None

    # --- Slips --------------------------------------------------------------------------------------------------------

    async def _vote(self) -> None:
        found = next(self._slips, None)
        if found is None:
            return
        box, code = found
        browser, mark = self._browser(), f"övning {uuid4().hex}"
        if not (await browser.post("/u", {"kod": code})).fine:
            return await pause(0.2, 0.6)
        write = self._noted(Write("vote", str(box), mark))
        sent = {"steg": "svar", "kod": code, "participation": "4", "safety": "5", "good": mark}
        await self._until_settled(write, lambda: browser.post("/u", sent, write, r"/u/tack\?lang=sv"))
        return None


def _each(groups: object) -> Iterator[tuple[int, str]]:
    """Some groups at a time, each until it has had enough."""
    waiting = deque(groups)  # type: ignore[call-overload]
    open_now = [[waiting.popleft(), 0] for _ in range(min(6, len(waiting)))]
    while open_now:
        one = random.choice(open_now)
        one[1] += 1
        if one[1] >= _APPLY:
            open_now.remove(one)
            if waiting:
                open_now.append([waiting.popleft(), 0])
        yield one[0]


def _contact(kind: Kind, number: int) -> str:
    """Where messages go, one's own for each; a phone for every fifth of those who are not named."""
    if kind == "exempt" and number % 5 == 0:
        return f"+4673{number:07d}"
    return f"person{number}@{EXEMPT if kind == 'exempt' else 'named'}.invalid"


def _ticked(text: str) -> dict[str, str]:
    """Every question answered with yes, and what the form carries along."""
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    return hidden | dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', text), "ja")


def _counted(number: int) -> tuple[str, dict[str, str]]:
    """So many that no two counts of a session in a row are the same, and no more than the group has places."""
    women, men = number % 15, number // 15 % 15
    return f"{women}-{men}-0", {"women": str(women), "men": str(men), "other": "0"}


def _marked(number: int, form: Seen) -> tuple[str, dict[str, str]]:
    people = re.findall(r'name="sett-([0-9a-f-]{36})"', form.text)
    marks = {person: _MARKS[number // 3**place % 3] for place, person in enumerate(sorted(people))}
    assert len(people) == NAMED, len(people)
    return ",".join(marks[person] for person in sorted(people)), marks
