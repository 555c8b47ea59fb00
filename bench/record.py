"""Asks the application once for each thing to be measured, and notes which statements it ran."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from litestar.middleware.csrf import generate_csrf_token

from bench.client import get, post
from bench.recorded import Recorded
from bench.town import Town
from programmes.calendar.services import cohort_feed, feed_address
from programmes.core.clock import Clock
from programmes.core.codes import new_token
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.people.services import SignedIn, sign_in

PASSWORD = "bench-" + new_token()
STAFF = "bench"


@dataclass(eq=False)
class Log:
    """Statements with their arguments, since the last `clear`."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def __call__(self, record: Any) -> None:
        # What a pooled connection does when it is given back, or once when it first meets a type, is not ours.
        if not any(part in record.query for part in ("pg_advisory_unlock_all", "typeinfo_tree", "'jit'")):
            self.statements.append((record.query, tuple(record.args or ())))


@dataclass(frozen=True)
class Scenario:
    """One thing to measure: how to ask the service, what it answers, and what the floor is to do."""

    name: str
    title: str
    make: Callable[[], bytes]
    recorded: Recorded

    @property
    def floor(self) -> bytes:
        request = self.make()
        body = request.partition(b"\r\n\r\n")[2].decode()
        return post(f"/{self.name}", body) if request.startswith(b"POST") else get(f"/{self.name}")


class Recorder:
    """The application in this process, with a log of its statements."""

    def __init__(self, browser: httpx.AsyncClient, log: Log, keys: KeyFolder, clock: Clock) -> None:
        self.browser, self.log, self.keys, self.clock = browser, log, keys, clock

    async def service(self, town: Town) -> list[Scenario]:
        """What people ask for most."""
        feed = feed_address(await cohort_feed(town.shown, town.staff_id, self.keys, self.clock.now()), self.keys)
        tag = (await self.browser.get(feed)).headers["etag"]
        return [
            await self.read("page", "the public page of a programme", "/insatser/aterfallsprevention", {}),
            await self.enrolment("enrolment", "an enrolment", town.wide),
            await self.read("feed", "a calendar feed", feed, {}),
            await self.read("unchanged", "a calendar feed that has not changed", feed, {"If-None-Match": tag}),
            await self.read("cockpit", "the cockpit with 1,000 cohorts", "/personal/starter", await self._signed_in()),
        ]

    async def read(self, name: str, title: str, path: str, headers: Mapping[str, str]) -> Scenario:
        """The same address over and over."""
        # The first time fills what is kept in memory (templates, the edition).
        await self.browser.get(path, headers=headers)
        recorded = await self.record(path, headers)
        request = get(path, **headers)
        return Scenario(name, title, lambda: request, recorded)

    async def record(self, path: str, headers: Mapping[str, str]) -> Recorded:
        """What asking once costs."""
        self.log.statements.clear()
        answer = await self.browser.get(path, headers=headers)
        assert answer.status_code in {200, 304}, answer.text
        return Recorded(list(self.log.statements), answer.status_code, len(answer.content))

    async def record_post(self, path: str, body: str, headers: Mapping[str, str]) -> Recorded:
        """What sending a form once costs."""
        self.log.statements.clear()
        answer = await self.browser.post(path, content=body, headers=headers)
        assert answer.status_code == 303, answer.text
        return Recorded(list(self.log.statements), answer.status_code, len(answer.content))

    async def _signed_in(self) -> dict[str, str]:
        answer = await sign_in(STAFF, PASSWORD, b"k" * 32, self.clock.now())
        assert isinstance(answer, SignedIn)
        return {"Cookie": f"staff={answer.token}"}

    async def queues(self, by_length: Mapping[int, list[int]]) -> list[Scenario]:
        """An enrolment beside each length of queue, the empty one first."""
        return [await self.enrolment(f"queue{length}", f"{length:,}", ids) for length, ids in by_length.items()]

    async def enrolment(self, name: str, title: str, cohorts: list[int]) -> Scenario:
        """Applications to the first half of the cohorts in turn; the other half is for the floor."""
        half = len(cohorts) // 2
        public = [await fetchval("select public_id from cohort where id = $1", one) for one in cohorts[:half]]
        form, secret = await self.browser.get(f"/anmalan/{public[-1]}"), self.keys.service_key("csrf").hex()
        names = set(re.findall(r'name="(v_[a-z_]+)"', form.text))
        answers = "".join(f"{name}=ja&" for name in sorted(names))
        turn = iter(range(10**9))

        def sent() -> tuple[str, str]:
            """Form and cookie of somebody with a browser of their own: one that has taken a place would be asked first."""
            token = generate_csrf_token(secret)
            return f"{answers}once={new_token()}&_csrf_token={token}", f"csrftoken={token}"

        def make() -> bytes:
            body, cookie = sent()
            return post(f"/anmalan/{public[next(turn) % half]}", body, Cookie=cookie)

        body, cookie = sent()
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        found = await self.record_post(f"/anmalan/{public[-1]}", body, headers)
        return Scenario(name, title, make, replace(found, cohort=cohorts[half - 1], cohorts=cohorts[half:]))
