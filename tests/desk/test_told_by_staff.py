"""What staff read of whom to tell: who has been told by them, in which language, until when, and of what kind of thing."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries, session_services
from programmes.core.contacts import by_text
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import sent_pages, sent_queries
from programmes.desk.group.calls_services import calls
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody
from tests.notices.mail import Mail


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return found


async def test_who_was_told_while_the_message_waited_is_counted_as_that_and_not_as_failed(
    kim: Principal,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    people = [await somebody(cohort, keys, clock.now(), name, by_text("+46701740605")) for name in ("Al", "Ek", "Lind")]
    await mail.work()
    await owner.execute("delete from notice")
    states = (("failed", clock.now()), ("no_channel", clock.now()), ("failed", None))
    for person, (state, said) in zip(people, states, strict=True):
        await owner.execute(
            """insert into notice (id, kind, enrolment_id, state, created_at, sent_at)
               values ($1, 'rest_moved', $2, $3, $4, $5)""",
            uuid4(), person.enrolment_id, state, clock.now(), said,
        )  # fmt: skip
    found = await sent_queries.sendings(cohort.cohort_id, 9)
    (line,) = sent_pages.sent_page(cohort.cohort_id, "", found, (), clock.now()).lines
    assert (line.texts, line.missed) == (("1 gick inte att skicka.", "2 har ni sagt det till."), True)
    await owner.execute("update notice set sent_at = created_at")
    (line,) = sent_pages.sent_page(
        cohort.cohort_id, "", await sent_queries.sendings(cohort.cohort_id, 9), (), clock.now()
    ).lines
    assert (line.texts, line.why, line.missed) == (("3 har ni sagt det till.",), (), False)


@pytest.mark.parametrize("told", [False, True])
async def test_of_whom_nothing_goes_to_the_people_are_counted_and_not_their_messages(
    told: bool, kim: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    person = await somebody(cohort, keys, clock.now(), "Al", "")
    await owner.execute("delete from notice")
    for _ in range(2):
        await owner.execute(
            """insert into notice (id, kind, enrolment_id, state, created_at, sent_at)
               values ($1, 'rest_moved', $2, 'no_channel', $3, $4)""",
            uuid4(), person.enrolment_id, clock.now(), clock.now() if told else None,
        )  # fmt: skip
    found = await sent_queries.sendings(cohort.cohort_id, 9)
    (line,) = sent_pages.sent_page(cohort.cohort_id, "", found, (), clock.now()).lines
    assert line.texts == (("1 har ni sagt det till.",) if told else ("1 person får inga besked av sig själv.",))


async def test_who_wants_to_be_told_in_english_is_said_beside_the_words(
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    ids = {name: (await somebody(cohort, keys, clock.now(), name, "+46700000001")).enrolment_id for name in ("Ek", "Lind")}
    await owner.execute("update enrolment set language = 'en' where id = $1", ids["Ek"])
    await mail.work()
    second = (await queries.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    await mail.work()
    said, here = "Vill ha besked på engelska.", f"/personal/traffar/{second.session_id}/besked"
    page = await look(client, here)
    assert [said in line_of(page, name) for name in ids] == [True, False]
    for name, enrolment_id in ids.items():
        shown = await post_form(client, f"{here}/kontakt", {"vem": enrolment_id}, here)
        assert (said in line_of(" ".join(shown.text.split()), name)) is (name == "Ek")
    assert (await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")).count(said) == 1
    for name, enrolment_id in ids.items():
        person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}"
        shown = await post_form(client, f"{person}/kontakt", {"varfor": "ill"}, person)
        if shown.status_code == 422:
            reason = shown.text.split('name="varfor"')[1].split('value="')[1].split('"')[0]
            shown = await post_form(client, f"{person}/kontakt", {"varfor": reason}, person)
        assert ("+46700000001" in shown.text, said in shown.text) == (True, name == "Ek")


async def test_that_it_begins_is_no_call_once_it_has_begun(
    kim: Principal,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    person = await somebody(cohort, keys, clock.now(), "Ek", "+46700000001")
    await mail.work()
    await owner.execute("delete from notice")
    first = (await queries.sessions(cohort.cohort_id))[0]
    clock.set(first.starts_at - timedelta(days=1))
    await owner.execute(
        """insert into notice (id, kind, enrolment_id, state, created_at)
           values ($1, 'cohort_started', $2, 'no_channel', $3)""",
        uuid4(), person.enrolment_id, clock.now(),
    )  # fmt: skip

    async def to_ring() -> int:
        return len(await calls([cohort.cohort_id], keys, None, clock.now(), everybody=True))

    assert await to_ring() == 1
    clock.set(first.ends_at - timedelta(minutes=1))
    assert await to_ring() == 1
    clock.set(first.ends_at)
    assert await to_ring() == 0


@pytest.mark.parametrize(
    ("section", "sees", "leaves"),
    [
        ("2.1", "Ser gruppen och får träffen", "Träffen går ur"),
        ("3.1", "Ser verksamheten och får tillfället", "Tillfället går ur"),
    ],
)
async def test_another_leader_of_a_place_is_no_leader_of_a_group(
    section: str, sees: str, leaves: str, kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now(), await a_leader(clock.now()), sessions=3)
    await a_leader(clock.now(), "love")
    session = (await queries.sessions(cohort.cohort_id))[0]
    page = await look(client, f"/personal/traffar/{session.session_id}/ledare")
    assert (sees in page, leaves in page) == (True, True)
    if section == "3.1":
        assert not [word for word in ("Ser gruppen", "gruppledare. Den som", "Träffen", "Deltagarna") if word in page]


async def test_what_went_at_different_times_says_from_when_to_when(
    kim: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    people = [await somebody(cohort, keys, clock.now(), name, "a@example.invalid") for name in ("Al", "Ek")]
    await owner.execute("delete from notice")
    for person, later in zip(people, (timedelta(0), timedelta(days=1)), strict=True):
        await owner.execute(
            """insert into notice (id, kind, enrolment_id, state, created_at, sent_at)
               values ($1, 'rest_moved', $2, 'sent', $3, $4)""",
            uuid4(), person.enrolment_id, clock.now(), clock.now() + later,
        )  # fmt: skip
    found = await sent_queries.sendings(cohort.cohort_id, 9)
    (line,) = sent_pages.sent_page(cohort.cohort_id, "", found, (), clock.now()).lines
    assert (line.texts, line.when) == (("2 skickade.",), "onsdag 2 september 10.00 till torsdag 3 september 10.00")
