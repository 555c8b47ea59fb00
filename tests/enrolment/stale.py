"""A place of every kind with its page open, what may happen meanwhile, and what must hold whatever is sent then."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import asyncpg
import httpx

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import closing_services, transfer_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import services as queue_services
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from tests.clock import FrozenClock
from tests.factories import a_cohort, csrf_of, somebody

HOLDING = {"preliminary", "confirmed", "offered"}
ALIVE = HOLDING | {"queued"}


@dataclass(eq=False)
class Scene:
    """A start with somebody in every state, another one of the same programme, and who works with them."""

    client: httpx.AsyncClient
    clock: FrozenClock
    keys: KeyFolder
    kim: Principal
    owner: asyncpg.Connection
    cohort: CohortFacts
    other: CohortFacts
    programme: Programme
    csrf: str
    slot: int = 0
    texts: list[int] = field(default_factory=list)
    people: dict[str, UUID] = field(default_factory=dict)

    async def open_for(self, who: UUID) -> None:
        """Their Min plats is open in the browser, as long as anything could open it."""
        facts = [f for f in await queries.several([who]) if f.key_id is not None]
        self.client.cookies.delete("place")
        if facts:
            token = new_token()
            async with transaction():
                await place_services.open_session(who, token, self.clock.now())
            self.client.cookies.set("place", token)

    async def send(self, address: str, data: dict[str, object]) -> httpx.Response:
        return await self.client.post(address, data={**data, "_csrf_token": self.csrf})


async def a_scene(
    section: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, kim: Principal, owner: asyncpg.Connection
) -> Scene:
    """Six places, two of them left: somebody in every state, with every step taken."""
    now = clock.now()
    cohort = await a_cohort(section, now, minimum=5, maximum=6, sessions=3)
    other = await a_cohort(section, now, minimum=5, maximum=6, sessions=3, first_in=timedelta(days=42))
    programme = await catalogue.programme(cohort.programme_id)
    csrf = csrf_of((await client.get("/logga-in")).text)
    scene = Scene(client, clock, keys, kim, owner, cohort, other, programme, csrf)
    names = ("leaves", "booked", "attended", "confirmed", "left", "also left", "offered", "asked", "queued")
    for name in names:
        scene.people[name] = (await somebody(cohort, keys, now, name)).enrolment_id
    await _steps(scene)
    async with transaction():
        await execute(
            "update enrolment set asked_to_come = true where id = $1 and participant_id is null", scene.people["asked"]
        )
    for name in ("leaves", "left"):
        await leaving_services.leave(scene.people[name], keys, now)
    for name in ("leaves", "also left"):
        # A place or a wait that is over, and one that holds like others.
        del scene.people[name]
    return scene


async def _steps(scene: Scene) -> None:
    now, kim = scene.clock.now(), scene.kim.staff_id
    if not scene.programme.study_visit:
        return
    if not await queries.texts_for(scene.programme, local_date(now)):
        for kind in ("conditions", "rules"):
            await step_services.add_text("2.8", kind, local_date(now), ["Ja."], ["Yes."], kim, now)  # type: ignore[arg-type]
    scene.texts = [t.text_id for t in await queries.texts_for(scene.programme, local_date(now))]
    soon, venue = now + timedelta(minutes=5), scene.cohort.venue_id
    scene.slot = await step_services.add_slot(
        scene.cohort.cohort_id, soon, soon + timedelta(minutes=30), venue, None, 9, now
    )
    for name in ("booked", "attended", "confirmed"):
        await step_services.book_visit(scene.people[name], scene.slot, now)
    for name in ("attended", "confirmed"):
        await step_services.mark_visit(scene.people[name], "attended", kim, scene.programme, now)
    await step_services.accept_texts(scene.people["confirmed"], scene.texts, scene.programme, "screen", now)


# What may happen between the page and the press of its button.


async def nothing(scene: Scene) -> None:
    """The page is fresh."""


async def the_offer_ran_out(scene: Scene) -> None:
    """Long ago, and the worker has seen it."""
    scene.clock.advance(days=5)
    await leaving_services.forget_left(scene.keys, scene.clock.now())
    await services.expire_offers(scene.keys, scene.clock.now())


async def the_offer_ran_out_unseen(scene: Scene) -> None:
    """And the worker is down."""
    scene.clock.advance(days=5)


async def all_have_left(scene: Scene) -> None:
    for who in scene.people.values():
        await leaving_services.leave(who, scene.keys, scene.clock.now())


async def all_have_left_for_good(scene: Scene) -> None:
    await all_have_left(scene)
    for who in scene.people.values():
        await leaving_services.leave_for_good(who, scene.keys, scene.clock.now())


async def staff_ended_it(scene: Scene) -> None:
    for who in scene.people.values():
        if (await queries.enrolment(who)).state in ALIVE:
            await services.end_by_staff(who, "declined", scene.kim.staff_id, scene.keys, scene.clock.now())


async def the_start_was_cancelled(scene: Scene) -> None:
    seen = seen_as("open", scene.cohort.first_start)
    await oversight.cancel(scene.cohort.cohort_id, "too_few", seen, scene.kim, scene.clock.now())


async def it_started_and_entry_is_over(scene: Scene) -> None:
    async with transaction():
        await execute("update cohort set state = 'started' where id = $1", scene.cohort.cohort_id)
    assert scene.cohort.first_start
    scene.clock.set(scene.cohort.first_start + timedelta(minutes=1))


async def it_was_closed(scene: Scene) -> None:
    """As closing does it: of documented people the rows stay, of others nothing."""
    async with transaction():
        await execute("update cohort set state = 'closed' where id = $1", scene.cohort.cohort_id)
        if scene.programme.exempt:
            await closing_services.erase_cohort(scene.cohort.cohort_id, scene.keys, "closed", scene.clock.now())
        else:
            await closing_services.complete_cohort(scene.cohort.cohort_id, [], scene.keys, "closed", scene.clock.now())


async def the_visit_was_cancelled(scene: Scene) -> None:
    if scene.slot:
        await visit_services.cancel_slot(scene.cohort.cohort_id, scene.slot, 1, scene.kim.staff_id, scene.clock.now())


async def they_were_moved(scene: Scene) -> None:
    for who in scene.people.values():
        if (await queries.enrolment(who)).state in ALIVE:
            to, now = scene.other.cohort_id, scene.clock.now()
            plan = await transfer_services.plan(who, to, scene.keys, now)
            assert isinstance(plan.decided, transfer_services.Move)
            await transfer_services.transfer(who, to, plan.decided.seen, scene.kim.staff_id, scene.keys, now)


async def the_clock_went_back(scene: Scene) -> None:
    """As when a server's clock is set right."""
    scene.clock.advance(days=-2)


async def the_clock_went_forth_and_back(scene: Scene) -> None:
    """A day ahead for a moment, while the worker looked."""
    scene.clock.advance(days=1)
    await queue_services.promote_waiting(scene.clock.now())
    await services.expire_offers(scene.keys, scene.clock.now())
    scene.clock.advance(days=-1)


Happening = Callable[[Scene], Awaitable[None]]
HAPPENINGS: list[Happening] = [
    nothing,
    the_offer_ran_out,
    the_offer_ran_out_unseen,
    all_have_left,
    all_have_left_for_good,
    staff_ended_it,
    the_start_was_cancelled,
    it_started_and_entry_is_over,
    it_was_closed,
    the_visit_was_cancelled,
    they_were_moved,
    the_clock_went_back,
    the_clock_went_forth_and_back,
]
OF_THE_START = {
    "nothing",
    "all_have_left",
    "the_start_was_cancelled",
    "it_started_and_entry_is_over",
    "it_was_closed",
    "the_clock_went_back",
    "the_clock_went_forth_and_back",
}
OF_NOBODY = {"nothing", "all_have_left", "it_was_closed", "they_were_moved", "the_offer_ran_out_unseen"}


# What must hold.


async def in_words(scene: Scene, answers: Sequence[httpx.Response], what: str, seen: set[str]) -> None:
    """Each answer, or the page it leads to if that has not been `seen`, says something; never an error of ours."""
    for answer in answers:
        assert answer.status_code in {200, 201, 303, 404, 409, 422}, f"{what} → {answer.status_code}"
    pages = [answer for answer in answers if answer.status_code != 303]
    for where in {answer.headers["location"] for answer in answers if answer.status_code == 303} - seen:
        seen.add(where)
        pages.append(await scene.client.get(where, follow_redirects=True))
        assert pages[-1].status_code in {200, 409}, f"{what} leads to {pages[-1].status_code}"
    for page in pages:
        assert re.search(r"<h1[^>]*>\s*\S", page.text), what
        told = re.search(r'class="lead"|role="alert"|-error"|class="errors', page.text)
        assert page.status_code == 200 or told, f"{what}: {page.status_code} without a word"


_ONCE_IN_A_ROW = {
    "accepted",
    "left",
    "came_back",
    "came_back_queue",
    "declined",
    "expired",
    "moved_away",
    "coming",
    "completed",
}


async def nothing_is_half_done(scene: Scene, what: str) -> None:
    """Seats, study visits, keys and history fit each other, and nobody is there twice."""
    rows = await scene.owner.fetch(
        """select e.id, e.state, e.key_id, e.sealed, e.code_digest, e.undo_until, s.number, v.state as visit,
                  c.state = 'closed' as closed
           from enrolment e join cohort c on c.id = e.cohort_id left join seat s on s.enrolment_id = e.id
           left join study_visit v on v.enrolment_id = e.id"""
    )
    for row in rows:
        assert (row["state"] in HOLDING) == (row["number"] is not None), f"{what}: {row['state']} and {row['number']}"
        kept = row["state"] in ALIVE or row["undo_until"] is not None
        assert kept == (row["key_id"] is not None) == (row["sealed"] is not None) == (row["code_digest"] is not None), what
        assert not kept or scene.keys.exists("entry", row["key_id"]), f"{what}: a key is lost"
        # One whose time had come stays for as long as the place can come back.
        waits = row["state"] in HOLDING or row["closed"] or row["undo_until"] is not None
        assert row["visit"] != "booked" or waits, f"{what}: a visit without a place"
    alive = [r["id"] for r in rows if r["state"] in ALIVE]
    assert len(alive) <= 9, f"{what}: somebody is there twice"
    events = await scene.owner.fetch("select enrolment_id, kind from queue_event order by enrolment_id, id")
    for one, next_one in pairwise(events):
        assert one != next_one or one["kind"] not in _ONCE_IN_A_ROW, f"{what}: {one['kind']} twice"
