"""What another start asks again: new conditions of its edition, new versions of texts, and the study visit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
import pytest

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Declaration, Text
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.conftest import empty
from tests.desk.test_transfer import move, state, two
from tests.factories import a_coordinator, post_form, sign_in_as, somebody


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def another_edition(owner: asyncpg.Connection, cohort: CohortFacts, **changes: Any) -> None:
    """Put a cohort under an edition of its own, which has the programme otherwise."""
    programme = replace(await catalogue.programme(cohort.programme_id), **changes)
    edition = await owner.fetchval(
        """insert into edition (diary_number, valid_from, revised_on, digest, loaded_at)
           values ('2', '2030-01-01', '2030-01-01', $1, now()) returning id""",
        uuid4().bytes,
    )
    made = await owner.fetchval(
        """insert into programme (edition_id, section, slug, form, doc_level, way_in, position, data)
           select $2, section, slug, form, doc_level, way_in, position, $3::jsonb from programme where id = $1
           returning id""",
        cohort.programme_id,
        edition,
        msgspec.json.encode(programme).decode(),
    )
    await owner.execute("update cohort set programme_id = $2 where id = $1", cohort.cohort_id, made)


@pytest.fixture
async def editions_left_as_they_were(db: None, owner: asyncpg.Connection) -> AsyncIterator[None]:
    known = await owner.fetchval("select array_agg(id) from edition")
    yield
    await empty(owner)
    await owner.execute("delete from programme where edition_id <> all($1::int[])", known)
    await owner.execute("delete from edition where id <> all($1::int[])", known)


async def test_a_condition_of_another_edition_has_to_be_answered_before_anything_happens(
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    editions_left_as_they_were: None,
) -> None:
    source, target = await two(clock, "2.8", 8)
    programme = await catalogue.programme(source.programme_id)
    living = Text("Jag bor varaktigt i {municipality}.", "I live permanently in {municipality}.")
    newer = Declaration("sober", "sober", living, asked=True, question=living, statement=living, public=living, unmet=living)
    changed = {"residency_kind": "other", "residency": replace(programme.residency, statement=living)}
    await another_edition(owner, target, declarations=(*programme.declarations, newer), **changed)
    who = (await somebody(source, keys, clock.now())).enrolment_id
    plan = await transfer_services.plan(who, target.cohort_id, keys, clock.now())
    assert plan.asked == ("residency", "sober")
    assert await transfer_services.transfer(who, target.cohort_id, plan.seen, 1, keys, clock.now(), ["sober"]) is None
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/grupper/{source.cohort_id}/deltagare/{who}/flytta"
    shown = (await client.get(f"{page}?till={target.cohort_id}")).text
    assert "Jag bor varaktigt i Karlshamn" in shown
    data = {"till": str(target.cohort_id), "sett": plan.seen}
    half = await post_form(client, page, {**data, "svarat": ["residency"]}, f"{page}?till={target.cohort_id}")
    assert half.status_code == 422
    assert "Stämmer något inte går det inte att flytta dit" in half.text
    assert await state(who) == "preliminary"
    whole = await post_form(client, page, {**data, "svarat": ["residency", "sober"]}, f"{page}?till={target.cohort_id}")
    assert whole.status_code == 303
    assert await state(who) == "transferred"
    new = UUID(whole.headers["location"].rsplit("/", 1)[1])
    met = await owner.fetch("select condition from condition_met where enrolment_id = $1", new)
    assert {"residency", "sober", "age"} <= {row["condition"] for row in met}
    back = await transfer_services.plan(new, source.cohort_id, keys, clock.now())
    assert back.asked == ("residency",)


async def test_what_has_to_be_done_again_is_shown_before_it_happens(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    source, target = await two(clock, "2.8", 8)
    programme = await catalogue.programme(source.programme_id)
    taken = await somebody(source, keys, clock.now())
    who = taken.enrolment_id
    today = local_date(clock.now())
    for kind in ("conditions", "rules"):
        await step_services.add_text("2.8", kind, today, ["Vi hälsar."], ["We say hello."], kim.staff_id, clock.now())
    texts = await queries.texts_for(programme, today)
    await owner.execute(
        """with slot as (insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
                         select id, $2, $2::timestamptz + interval '1 hour', venue_id, 5 from cohort where id = $1
                         returning id)
           insert into study_visit (slot_id, enrolment_id, state, booked_at) select id, $3, 'attended', $2 from slot""",
        source.cohort_id,
        clock.now(),
        who,
    )
    await step_services.accept_texts(who, [t.text_id for t in texts], programme, "screen", clock.now())
    assert await state(who) == "confirmed"
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/grupper/{source.cohort_id}/deltagare/{who}/flytta?till={target.cohort_id}"
    before = (await transfer_services.plan(who, target.cohort_id, keys, clock.now())).seen
    shown = (await client.get(page)).text
    assert "gäller även där, i samma version" in shown
    assert "Det här behöver göras där" not in shown
    # Between looking and pressing there is a new version: it is shown first.
    await step_services.add_text("2.8", "rules", today, ["Vi hälsar alltid."], ["Hello."], kim.staff_id, clock.now())
    assert await transfer_services.transfer(who, target.cohort_id, before, 1, keys, clock.now()) is None
    shown = (await client.get(page)).text
    assert "Läsa och godkänna den nya versionen av villkor och regler" in shown
    assert "gäller även där, i samma version" not in shown
    assert "Studiebesöket som är gjort gäller även där" in shown
    assert await state(await move(who, target, keys, clock.now())) == "preliminary"
    await owner.execute("delete from agreement")
    await owner.execute("delete from agreement_text where lines_sv like 'Vi hälsar%'")


async def test_a_visit_that_the_other_edition_does_not_ask_for_is_said_not_to_count(
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    editions_left_as_they_were: None,
) -> None:
    source, target = await two(clock, "2.8", 8)
    await another_edition(owner, target, study_visit=False)
    who = (await somebody(source, keys, clock.now())).enrolment_id
    there = (await somebody(target, keys, clock.now(), "Bok")).enrolment_id
    assert "book_visit" not in (await transfer_services.plan(who, target.cohort_id, keys, clock.now())).remaining
    plan = await transfer_services.plan(there, source.cohort_id, keys, clock.now())
    assert plan.remaining[0] == "book_visit"
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/grupper/{target.cohort_id}/deltagare/{there}/flytta?till={source.cohort_id}"
    assert "Boka studiebesök" in (await client.get(page)).text
