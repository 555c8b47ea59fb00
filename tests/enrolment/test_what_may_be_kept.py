"""The service and the database refuse what the forms do: identity where it is exempt, and records that can't be right."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.application_rules import exceptions_for
from programmes.enrolment.records import details_services, partner_services
from programmes.enrolment.records.services import record_of
from programmes.enrolment.services import Application, Refused, Taken
from programmes.people.record_rules import NotKept, PartnerRecord, PersonRecord, why_not_keep
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader
from tests.factories import a_cohort, an_application, somebody

GOOD = PersonRecord("Anna Ask", "1985-02-14", "", "anna@example.invalid", ("email",), "efter 17", "so")
TODAY = date(2026, 9, 2)


async def sent(application: Application, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> Taken | Refused:
    return await services.apply(application, await catalogue.programme(cohort.programme_id), keys, clock.now())


def wrong(answer: Taken | Refused) -> set[tuple[str, str]]:
    assert isinstance(answer, Refused), answer
    return {(one.field, one.code) for each in answer.wrong for one in each}


async def nothing_written(owner: asyncpg.Connection) -> bool:
    counts = [await owner.fetchval(f"select count(*) from {t}") for t in ("enrolment", "participant", "person_lookup")]
    return counts == [0, 0, 0]


@pytest.mark.parametrize(
    ("alias", "code"),
    [("19121212-1212", "alias"), ("Anna Svensson 0701234567 Storgatan 5", "alias"), ("x" * 400, "too_long")],
)
async def test_what_leads_to_somebody_is_no_alias_whoever_writes_it(
    alias: str, code: str, db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    application = replace(await an_application(cohort), alias=alias)
    assert wrong(await sent(application, cohort, keys, clock)) == {("alias", code)}
    assert await nothing_written(owner)
    assert not list(keys.made_before("entry", clock.now().replace(year=2100)))


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        ("a@b.se, 0701234567, Anna Svensson 19121212-1212", "no_channel"),
        ("070-174 06 05", "no_channel"),
        ("sms:anna@example.invalid", "not_textable"),
        ("sms:+4684650040", "not_textable"),
    ],
)
async def test_whom_nobody_knows_has_at_most_one_channel(
    contact: str, code: str, db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    application = replace(await an_application(cohort), contact=contact)
    assert wrong(await sent(application, cohort, keys, clock)) == {("contact", code)}
    assert await nothing_written(owner)


@pytest.mark.parametrize("contact", ["", "anna@example.invalid", "+46701740605", "sms:+46701740605"])
async def test_a_name_and_one_channel_are_taken(contact: str, db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now())
    answer = await sent(replace(await an_application(cohort, "Anna 2"), contact=contact), cohort, keys, clock)
    assert isinstance(answer, Taken)
    assert place_services.unseal(await queries.enrolment(answer.enrolment_id), keys).contact == contact


async def test_nobody_is_documented_where_identity_is_exempt(
    db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    application = replace(await an_application(cohort), alias="", record=GOOD)
    assert wrong(await sent(application, cohort, keys, clock)) == {("name", "not_here")}
    assert await nothing_written(owner)
    assert not list(keys.made_before("person", clock.now().replace(year=2100)))


async def test_where_people_are_documented_somebody_is(
    db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    given = await an_application(cohort)
    assert wrong(await sent(replace(given, record=None), cohort, keys, clock)) == {("name", "missing")}
    beside = replace(given, alias="Anna", contact="anna@example.invalid")
    assert wrong(await sent(beside, cohort, keys, clock)) == {("alias", "not_here"), ("contact", "not_here")}
    assert await nothing_written(owner)


async def test_the_database_documents_nobody_in_an_exempt_programme(
    db: None, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    exempt, other = await a_cohort("2.1", clock.now()), await a_cohort("2.8", clock.now())
    unknown = (await somebody(exempt, keys, clock.now())).enrolment_id
    known = (await somebody(other, keys, clock.now())).enrolment_id
    person = await owner.fetchval("select participant_id from enrolment where id = $1", known)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute("update enrolment set participant_id = $2 where id = $1", unknown, person)
    assert refused.value.constraint_name == "nobody_documented_here"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute(
            """insert into enrolment (id, cohort_id, participant_id, state, arrival, turn, applied_at, language, only_waited)
               values ($1, $2, $3, 'queued', 9, 9, $4, 'sv', true)""",
            uuid4(),
            exempt.cohort_id,
            person,
            clock.now(),
        )
    assert refused.value.constraint_name == "nobody_documented_here"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute("update cohort set programme_id = $2 where id = $1", other.cohort_id, exempt.programme_id)
    assert refused.value.constraint_name == "cohort_documents_nobody"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute("update programme set doc_level = 'operational' where id = $1", other.programme_id)
    assert refused.value.constraint_name == "programme_documents_nobody"


async def test_of_protected_identity_the_service_keeps_no_contact(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    given = await an_application(cohort)
    record = replace(GOOD, birth_date=given.record.birth_date) if given.record else GOOD
    answer = await sent(replace(given, record=record, protected=True), cohort, keys, clock)
    assert isinstance(answer, Taken)
    # As it is sealed, not as it is shown.
    facts = replace(await queries.enrolment(answer.enrolment_id), protected=False)
    kept = record_of(facts, keys, "rewrite")
    assert kept
    assert (kept.name, kept.contact, kept.safe, kept.avoid) == ("Anna Ask", "", (), "efter 17")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "missing"),
    ({"name": "  "}, "name", "missing"),
    ({"name": "x" * 121}, "name", "too_long"),
    ({"birth_date": ""}, "birth_date", "born_when"),
    ({"birth_date": "19850214"}, "birth_date", "born_when"),
    ({"birth_date": "1899-12-31"}, "birth_date", "born_early"),
    ({"birth_date": "2026-09-03"}, "birth_date", "born_late"),
    ({"number": "19121212-1213"}, "number", "number_other"),
    ({"number": "199001189811"}, "number", "number_other"),
    ({"contact": "junk, two@x.se, 070"}, "contact", "no_channel"),
    ({"safe": ("fax",)}, "safe", "unknown_way"),
    ({"contact": "+4684650040", "safe": ("sms",)}, "safe", "not_textable"),
    ({"avoid": "efter 17 " * 500}, "avoid", "too_long"),
    ({"avoid": "Exmannen Kalle bor Storgatan 5, ring 0701234567, hon dricker"}, "avoid", "leads"),
    ({"interpreter": "xx"}, "interpreter", "no_language"),
]


@pytest.mark.parametrize(("changes", "field", "code"), WRONG)
def test_a_record_that_cannot_be_right_is_refused(changes: dict[str, Any], field: str, code: str) -> None:
    assert [(one.field, one.code) for one in why_not_keep(replace(GOOD, **changes), TODAY)] == [(field, code)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"birth_date": "1990-01-18", "number": "199001189811"}, {"contact": "+46701740605", "safe": ("sms", "call")},
     {"contact": "", "safe": ()}, {"avoid": ""}, {"avoid": "vardagar 9–12, inte 24/12"}, {"interpreter": "sgn"}],
)  # fmt: skip
def test_a_record_as_people_write_it_is_kept(changes: dict[str, Any]) -> None:
    assert why_not_keep(replace(GOOD, **changes), TODAY) == []


async def test_correcting_and_applying_refuse_alike(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort, kim = await a_cohort("2.8", clock.now()), await a_coordinator(clock.now())
    known = (await somebody(cohort, keys, clock.now())).enrolment_id
    given = await an_application(cohort, "Cia")
    bad = replace(GOOD, name="", number="19121212-1213", contact="junk, two@x.se", safe=("fax",), avoid="x" * 4000)
    with pytest.raises(NotKept) as refused:
        await details_services.correct(known, bad, False, kim.staff_id, keys, clock.now())
    said = {(one.field, one.code) for one in refused.value.wrong}
    assert {field for field, _code in said} == {"name", "number", "contact", "safe", "avoid"}
    kept = record_of(await queries.enrolment(known), keys, "rewrite")
    assert kept
    assert kept.name == "Björk"
    assert given.record
    bad = replace(bad, birth_date=given.record.birth_date)
    assert wrong(await sent(replace(given, record=bad), cohort, keys, clock)) == said


async def test_the_age_that_is_judged_is_that_of_the_record(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    given = await an_application(cohort)
    assert given.record
    other = replace(given, record=replace(given.record, birth_date="2015-02-14"))
    assert wrong(await sent(other, cohort, keys, clock)) == {("birth_date", "other_age")}


async def test_a_partner_is_kept_by_the_same_rules(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort, robin = await a_cohort("2.14", clock.now()), await a_leader(clock.now())
    known = (await somebody(cohort, keys, clock.now())).enrolment_id
    with pytest.raises(NotKept) as refused:
        await partner_services.keep(known, PartnerRecord("", "junk", ("sms",)), robin.staff_id, keys, clock.now())
    assert {one.field for one in refused.value.wrong} == {"name", "contact", "safe"}


async def test_an_exception_is_made_by_who_may_make_it(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort, kim = await a_cohort("2.2", clock.now()), await a_coordinator(clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    assert exceptions_for(programme, by_staff=False, coordinates=False, protected=True) == ()
    given = await an_application(cohort, today=local_date(clock.now()))
    answers = replace(given.answers, residency=False, exception="protected_registration")
    from_web = replace(given, answers=answers, protected=True)
    assert wrong(await sent(from_web, cohort, keys, clock)) == {("exception", "not_theirs")}
    open_details = replace(from_web, protected=False, staff_id=kim.staff_id)
    assert wrong(await sent(open_details, cohort, keys, clock)) == {("exception", "not_theirs")}
    assert isinstance(await sent(replace(from_web, staff_id=kim.staff_id), cohort, keys, clock), Taken)
