"""Protection by a number that somebody has typed: hidden at once, lost never, decided by who has the group."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.records import details_services
from programmes.enrolment.records import services as record_services
from programmes.notices.reach_services import way
from programmes.people import lookup_services
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    an_application,
    documented,
    hidden,
    post_form,
    sign_in_as,
    somebody,
)

NUMBER = "199001189811"
KNOWN = PersonRecord("Anna Ask", "1990-01-18", NUMBER, "anna@example.invalid", ("email",))
FORM = {"namn": "Bo Alm", "fodd": "19900118", "pnr": "9811"}


class Groups:
    """Anna's, whose record has its number and a contact; and Robin's, in which Bo is."""

    def __init__(self, anna: UUID, hers: str, bo: UUID, his: str) -> None:
        self.anna, self.hers, self.bo, self.his = anna, hers, bo, his


@pytest.fixture
async def groups(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker) -> Groups:
    await a_coordinator(clock.now(), "kim", "2.8")
    robin = await a_leader(clock.now())
    hers, his = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now(), robin)
    anna = (await somebody(hers, keys, clock.now(), "Anna Ask")).enrolment_id
    await details_services.correct(anna, KNOWN, False, 1, keys, clock.now())
    bo = (await somebody(his, keys, clock.now(), "Bo Alm")).enrolment_id
    return Groups(
        anna,
        f"/personal/grupper/{hers.cohort_id}/deltagare/{anna}",
        bo,
        f"/personal/grupper/{his.cohort_id}/deltagare/{bo}",
    )


async def put_right(client: httpx.AsyncClient, person: str, right: dict[str, str]) -> httpx.Response:
    page = f"{person}/uppgifter"
    return await post_form(client, page, {**right, "sedd": hidden((await client.get(page)).text, "sedd")})


async def kept(owner: asyncpg.Connection, enrolment_id: UUID, keys: KeyFolder) -> str:
    """The contact as it lies in the record, shown or not."""
    row = await owner.fetchrow(
        "select p.id, p.sealed from participant p join enrolment e on e.participant_id = p.id where e.id = $1", enrolment_id
    )
    return "anna@example.invalid" if "anna@example.invalid" in keys.open("person", row["id"], row["sealed"]) else ""


@pytest.mark.parametrize("answer", ["nej", "ja"])
async def test_a_leader_who_protects_by_a_number_hides_somebody_elsewhere_and_loses_nothing_of_theirs(
    answer: str,
    groups: Groups,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    await sign_in_as(client, "robin", clock.now())
    said = await put_right(client, groups.his, {**FORM, "skydd": "ja"})
    assert said.status_code == 303
    facts = await queries.enrolment(groups.anna)
    assert (facts.protected, facts.protection_asked) == (True, True)
    assert await kept(owner, groups.anna, keys) != ""
    # Nobody is shown it, nothing is sent to it, and the name finds nobody.
    shown = record_services.record_of(facts, keys, "reach")
    assert shown is not None
    assert (shown.contact, shown.safe) == ("", ())
    assert way(facts, keys) not in {"email", "sms"}
    assert facts.participant_id not in await lookup_services.find("Anna Ask", keys)
    await sign_in_as(client, "kim", clock.now())
    group = groups.hers.partition("/deltagare")[0]
    assert "Avgör om uppgifterna ska vara skyddade här" in (await client.get(group)).text
    page = await client.get(groups.hers)
    assert "Avgör om uppgifterna ska vara skyddade här" in page.text
    assert "Anna Ask" not in page.text
    assert "anna@example.invalid" not in page.text
    await post_form(client, f"{groups.hers}/skydd", {"svar": "kanske"}, groups.hers)
    assert (await queries.enrolment(groups.anna)).protection_asked
    assert (await post_form(client, f"{groups.hers}/skydd", {"svar": answer}, groups.hers)).status_code == 303
    facts = await queries.enrolment(groups.anna)
    assert (facts.protected, facts.protection_asked) == (answer == "ja", False)
    assert bool(await kept(owner, groups.anna, keys)) == (answer == "nej")
    found = await lookup_services.find("Anna Ask", keys)
    assert (facts.participant_id in found) == (answer == "nej")
    # Answered once; an old page changes nothing.
    assert (await post_form(client, f"{groups.hers}/skydd", {"svar": "ja"}, groups.hers)).status_code == 409
    assert (await queries.enrolment(groups.anna)).protected == (answer == "ja")


async def test_who_puts_it_right_in_the_form_instead_keeps_the_contact_that_was_hidden(
    groups: Groups, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "robin", clock.now())
    await put_right(client, groups.his, {**FORM, "skydd": "ja"})
    await sign_in_as(client, "kim", clock.now())
    assert (await put_right(client, groups.hers, {"namn": "Anna Ask", "fodd": "19900118", "pnr": "9811"})).status_code == 303
    facts = await queries.enrolment(groups.anna)
    assert (facts.protected, facts.protection_asked) == (False, False)
    assert await kept(owner, groups.anna, keys) != ""


async def test_a_leader_who_types_a_number_cannot_tell_whether_it_is_protected_anywhere(
    groups: Groups, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    answers = []
    for protected in (False, True):
        await details_services.correct(groups.anna, KNOWN, protected, 1, keys, clock.now())
        await sign_in_as(client, "robin", clock.now())
        said = await put_right(client, groups.his, FORM)
        page = await client.get(groups.his)
        answers.append((said.status_code, said.headers["location"], "numret" in page.text.lower(), "skydd" in page.text))
        await put_right(client, groups.his, {**FORM, "pnr": ""})
    assert answers[0] == answers[1]
    assert answers[0][0] == 303
    assert (await queries.enrolment(groups.anna)).protected


async def test_staff_who_enrol_with_protection_hide_elsewhere_as_a_correction_does_and_applicants_do_not(
    groups: Groups, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    for staff_id in (None, 1):
        form = await an_application(cohort, "Anna Ask")
        sent = documented(form, PersonRecord("Anna Ask", "1990-01-18", NUMBER), protected=True)
        applied = replace(sent, staff_id=staff_id)
        await services.apply(applied, await catalogue.programme(cohort.programme_id), keys, clock.now())
        facts = await queries.enrolment(groups.anna)
        assert (facts.protected, facts.protection_asked) == (staff_id is not None, staff_id is not None)
        assert await kept(owner, groups.anna, keys) != ""
