"""Two forms of one person at the same time, one of them with protected identity: whichever comes first, it is kept."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from programmes.catalogue import queries as catalogue
from programmes.core.sealing import KeyFolder
from programmes.enrolment import application_services, queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.records import services as record_services
from programmes.people import records
from tests.clock import FrozenClock
from tests.factories import a_cohort, an_application, documented

OPEN = records.PersonRecord("Anna Ask", "1990-01-18", "199001189811", "anna@example.invalid", ("email",))
WAITING = """select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"""


async def _both_at_once(
    same_form: bool, protected_first: bool, owner: asyncpg.Connection, clock: FrozenClock, keys: KeyFolder
) -> list[enrolment.Taken]:
    """Both wait for the cohort, each on a connection of its own, in this order, and are let go together."""
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    said = documented(await an_application(cohort, "Anna Ask"), OPEN)
    hidden = replace(said, record=replace(OPEN, contact="", safe=()), protected=True)
    if not same_form:
        hidden = replace(hidden, once=(await an_application(cohort)).once)
    tasks = []
    async with asyncio.timeout(20):
        async with owner.transaction():
            await owner.execute("select 1 from cohort where id = $1 for update", cohort.cohort_id)
            for number, form in enumerate((hidden, said) if protected_first else (said, hidden)):
                tasks.append(asyncio.create_task(enrolment.apply(form, programme, keys, clock.now())))
                while await owner.fetchval(WAITING) <= number:
                    await asyncio.sleep(0)
        found = await asyncio.gather(*tasks)
    taken = [one for one in found if isinstance(one, enrolment.Taken)]
    assert len(taken) == 2, found
    return taken if protected_first else taken[::-1]


@pytest.mark.parametrize("protected_first", [True, False])
async def test_one_form_sent_twice_at_once_keeps_the_protection_that_either_says(
    protected_first: bool, db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    taken, again = await _both_at_once(True, protected_first, owner, clock, keys)
    assert taken.enrolment_id == again.enrolment_id
    facts = await queries.enrolment(taken.enrolment_id)
    assert facts.protected
    kept = record_services.record_of(facts, keys, "reach")
    assert kept
    assert (kept.name, kept.number, kept.contact, kept.safe) == ("Anna Ask", OPEN.number, "", ())
    # Nobody is found by a channel that is not kept any more, and the calendar that there was ends.
    found_by = await owner.fetch("select kind from person_lookup where participant_id = $1", facts.participant_id)
    assert {row["kind"] for row in found_by} == {"number"}
    ends = await owner.fetchval("select count(*) from pgqueuer where entrypoint = 'person_protected'")
    assert ends == (0 if protected_first else 1)


async def test_without_that_the_second_form_s_protection_would_be_lost(
    db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same race, with what keeps it taken away."""

    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr(application_services, "_keep_protection", nothing)
    taken, _again = await _both_at_once(True, False, owner, clock, keys)
    assert not (await queries.enrolment(taken.enrolment_id)).protected


@pytest.mark.parametrize("protected_first", [True, False])
async def test_two_forms_with_one_number_stay_two_and_staff_are_told_by_the_open_one(
    protected_first: bool, db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    """Whoever sends a number is not thereby its person: the sender learns nothing, and changes nobody else's record."""
    hidden, said = await _both_at_once(False, protected_first, owner, clock, keys)
    facts = [await queries.enrolment(one.enrolment_id) for one in (hidden, said)]
    assert [one.protected for one in facts] == [True, False]
    assert facts[1].participant_id
    assert await records.protected_elsewhere(facts[1].participant_id, keys)
