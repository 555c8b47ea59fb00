"""What reaches a member of staff last is true, and says all that is otherwise than they believed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import asyncpg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.cohorts import change_services as cohort_changes
from programmes.cohorts.queries import CohortFacts
from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as change_services
from programmes.desk.illness import services as illness
from programmes.desk.illness.services import Cancelling
from programmes.desk.today import staff_mail
from programmes.desk.today.staff_belief_rules import AsItIs, Became, Stand, left_of, merged, read, written
from programmes.desk.today.staff_message_rules import Message, letter
from programmes.notices.post_services import Deferred
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.desk.test_sick import House, ask, house, mail, request_to, shown_to_stand, with_mail  # noqa: F401
from tests.desk.test_who_leads_then import cancel, texts, yes
from tests.factories import a_cohort, a_coordinator
from tests.notices.mail import Mail, text_of

Told = list[tuple[str, str]]


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> tuple[Told, Callable[[Deferred | None], None]]:
    """A mail server that takes nothing while it is told to answer so; after `maybe`, it has taken it all the same."""
    told, fails = Told(), list[Deferred | None]([None])

    class Server:
        async def send(self, message: EmailMessage) -> None:
            if (deferred := fails[0]) is None or deferred.maybe:
                told.append((str(message["To"]).split("@")[0], " ".join(text_of(message).split())))
            if deferred:
                raise deferred

    monkeypatch.setattr(staff_mail, "post_from", lambda _url: Server())

    def answers(deferred: Deferred | None) -> None:
        fails[0] = deferred

    return told, answers


@pytest.fixture
async def group(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> tuple[CohortFacts, Principal, Principal, Principal]:
    now = clock.now()
    robin, kim, love = await a_leader(now), await a_coordinator(now), await a_leader(now, "love")
    await with_mail(owner, "robin", "kim", "love")
    cohort = await a_cohort("2.1", now, robin, first_in=timedelta(hours=30))
    await owner.execute("update cohort set decide_by = '2026-09-01'")
    return cohort, robin, kim, love


async def take_back(cohort: CohortFacts, who: Principal, clock: FrozenClock) -> None:
    found = await cohort_changes.undoable(cohort.cohort_id, who, clock.now())
    assert found
    assert not await change_services.undo(cohort.cohort_id, found.change_id, who, clock.now())


@pytest.mark.parametrize("maybe", [False, True])
async def test_what_was_put_off_does_not_arrive_after_what_takes_it_back(
    maybe: bool,
    group: tuple[CohortFacts, Principal, Principal, Principal],
    post_office: tuple[Told, Callable[[Deferred | None], None]],
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    (cohort, robin, kim, love), (told, answers) = group, post_office
    first = (await session_ids(cohort))[0]
    answers(Deferred("Timeout", maybe=True) if maybe else Deferred("SMTPDataError451"))
    assert not await change_services.change_leader(first, robin.staff_id, love.staff_id, False, kim, clock.now())
    await mail.work()
    answers(None)
    clock.advance(minutes=2)
    await take_back(cohort, kim, clock)
    for _ in range(3):
        await mail.work()
        clock.advance(minutes=5)
    if not maybe:
        assert told == [], "nobody has heard of anything, and nothing is otherwise"
        return
    last = dict(told)
    assert "Du leder det som är torsdag 3 september" in last["robin"]
    assert "Du leder inte längre det som är torsdag 3 september" in last["love"]
    assert len(told) == 4


async def test_each_session_of_one_tap_and_of_its_undoing_is_named_to_who_leads_with_them(
    group: tuple[CohortFacts, Principal, Principal, Principal],
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort, robin, _kim, love = group
    first, second = (await session_ids(cohort))[:2]
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", cohort.cohort_id, love.staff_id
    )
    both = [Cancelling(first, 0, False), Cancelling(second, 0, False)]
    assert not await illness.cancel(both, keys, robin, clock.now())
    await mail.work()
    (off,) = texts(mail, "love", "är inställt")
    clock.advance(minutes=5)
    await take_back(cohort, robin, clock)
    await mail.work()
    (again,) = texts(mail, "love", "blir av. Du leder det.")
    for day in ("torsdag 3 september", "torsdag 10 september"):
        assert day in off
        assert day in again


@pytest.mark.parametrize("rest", [True, False])
async def test_who_led_hears_of_each_session_also_when_the_first_is_cancelled_before_the_mail_goes(
    rest: bool,
    group: tuple[CohortFacts, Principal, Principal, Principal],
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    cohort, robin, kim, love = group
    first = (await session_ids(cohort))[0]
    assert not await change_services.change_leader(first, robin.staff_id, love.staff_id, rest, kim, clock.now())
    stood = await shown_to_stand(first)
    assert not await illness.cancel([Cancelling(first, 0, False)], keys, kim, clock.now(), stood)
    await mail.work()
    (told,) = texts(mail, "robin", "Det som du skulle leda torsdag 3 september")
    assert ("Du leder inte längre det som är torsdag 10 september" in told.replace("\n", " ")) == rest
    others = len(await session_ids(cohort)) - 3
    assert (f"{others} tider till har ändrats för dig." in told.replace("\r\n", " ")) == rest
    assert len(texts(mail, "love", "Du leder det som är torsdag 10 september")) == rest


async def test_the_absent_one_hears_that_it_is_cancelled_where_the_yes_had_not_reached_them(
    house: House,  # noqa: F811
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    await cancel(house, clock, house.kim)
    await mail.work()
    assert texts(mail, "robin", "Någon hoppar in") == []
    assert len(texts(mail, "robin", "är inställt")) == 1


@pytest.mark.parametrize("free", [True, False])
async def test_who_had_a_substitute_hears_that_it_is_cancelled_and_undone_that_nobody_stands_in_yet(
    free: bool,
    house: House,  # noqa: F811
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    clock.set(clock.now() - timedelta(hours=3))
    await ask(house, clock.now(), house.love, house.sam)
    await mail.work()
    await yes(house, house.love, owner, clock)
    await mail.work()
    clock.advance(minutes=5)
    assert await change_services.cancel(house.session, True, house.kim, clock.now()) == []
    await mail.work()
    (off,) = [" ".join(text.split()) for text in texts(mail, "robin", "är inställt")]
    assert "Det som skulle vara onsdag 2 september 17.00–19.00 är inställt." in off
    assert "Du leder det som är onsdag" in off, "the one at the end is theirs"
    if not free:
        await owner.execute("update staff_role set role = 'manager' where staff_id = $1", house.love.staff_id)
    clock.advance(minutes=5)
    await take_back(house.cohort, house.kim, clock)
    await mail.work()
    (back,) = [" ".join(text.split()) for text in texts(mail, "robin", "blir av")]
    assert "Det som var inställt onsdag 2 september 17.00–19.00 blir av. Ingen har sagt ja till att hoppa in." in back
    assert ("Frågan är ställd igen." in back) == free
    assert len(texts(mail, "love", "Kan du hoppa in")) == (2 if free else 1)
    assert "Du leder det som är onsdag 2 september" not in back


async def test_who_had_a_substitute_hears_that_somebody_stands_in_after_all_where_they_still_do(
    house: House,  # noqa: F811
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await ask(house, clock.now(), house.love)
    await yes(house, house.love, owner, clock)
    await mail.work()
    for told in (False, True):
        await cancel(house, clock, house.kim)
        if told:  # Only that has gone: nobody has settled what Love said yes to.
            await owner.execute("update staff_message set state = 'sent', handed_over_at = $1", clock.now())
        await take_back(house.cohort, house.kim, clock)
        await mail.work()
        said = [" ".join(text.split()) for text in texts(mail, "robin", "blir av")]
        assert len(said) == told, "who has heard of neither need not hear of either"
    assert (
        "Det som var inställt onsdag 2 september 17.00–19.00 blir av. Någon hoppar in. Vem som hoppar in står på" in said[0]
    )


NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
STAND = st.builds(
    lambda hours, venue, on, role: Stand(
        NOON + timedelta(hours=hours), NOON + timedelta(hours=hours + 2), venue, on, role == "leads", role == "away"
    ),
    st.integers(1, 48),
    st.integers(1, 2),
    st.booleans(),
    st.sampled_from(["leads", "away", ""]),
)
STATE = st.dictionaries(st.integers(1, 3), STAND, min_size=1)


@given(STATE)
def test_what_is_written_is_read(believed: dict[int, Stand]) -> None:
    assert read(written(believed)) == believed


def test_the_release_before_takes_who_can_not_come_for_who_leads_and_writes_them_as_they_were() -> None:
    off = Stand(NOON, NOON + timedelta(hours=2), 1, False, False, away=True)
    entry = json.loads(written({1: off}))["1"]
    assert len(entry) == 5
    assert entry[4], "who was away, was to lead it"
    assert read(json.dumps({"1": entry})) == {1: off}


LED, NOT = Stand(NOON, NOON + timedelta(hours=2), 1, True, True), Stand(NOON, NOON + timedelta(hours=2), 1, True, False)


@given(STATE, st.lists(st.one_of(STATE, st.sampled_from(["sent", "refused", "maybe taken", "maybe lost"])), max_size=10))
@example({1: LED}, [{1: NOT}, "maybe taken", {1: LED}, "sent"])
@example({1: LED}, [{1: NOT}, "refused", {1: LED}, "sent"])
def test_whatever_happens_on_the_way_who_has_been_written_to_last_believes_what_is_so(
    first: dict[int, Stand], steps: list[dict[int, Stand] | str]
) -> None:
    now_is, believes = dict(first), dict(first)
    waiting, sure = dict[int, Stand](), True
    for step in [*steps, "sent"]:
        if isinstance(step, dict):
            became = {one: stand for one, stand in step.items() if one in now_is and not stand.same_for_them(now_is[one])}
            waiting = dict(merged(waiting, {one: now_is[one] for one in became}))
            now_is |= became
            continue
        left = left_of(waiting, {one: AsItIs(stand) for one, stand in now_is.items()}, sure, NOON - timedelta(days=1))
        assert bool(left) or all(believes[one].same_for_them(now_is[one]) for one in waiting)
        if step in {"sent", "maybe taken"} and left:
            believes |= {one: now_is[one] for one in waiting}
        if step == "sent":
            waiting, sure = {}, True
        elif step.startswith("maybe") and left:
            sure = False
    assert all(believes[one].same_for_them(now_is[one]) for one in now_is)


GONE, THERE = "Vem som hoppar in står på gruppens sida.", "Hur det är står på gruppens sida och i din kalender."
COVERED, OFF = Became(LED, NOT, covered=True), Became(LED, replace(LED, on=False), covered=False)
TO_LEAD = Became(NOT, LED, covered=False)


def news(*became: Became) -> tuple[str, ...]:
    message = Message(UUID(int=1), "off_duty", "robin@kommun.example", NOON, NOON, False, None, became=became)
    with speaking("sv", NOON):
        return letter(message, "https://stod.example", "Karlshamns kommun").news


@pytest.mark.parametrize(
    ("became", "last"),
    [
        ([COVERED], GONE),
        ([COVERED, COVERED], GONE),
        ([COVERED, OFF], "Hur det är, och vem som hoppar in, står på gruppens sida."),
        ([TO_LEAD, COVERED], "Var och hur det är, och vem som hoppar in, står på gruppens sida."),
        ([COVERED] * 4, "Hur det är, och vem som hoppar in, står på gruppens sida."),
        ([OFF], THERE),
        ([OFF, TO_LEAD], "Var och hur det är står på gruppens sida och i din kalender."),
        # Of those that are not named nothing is promised.
        ([OFF, OFF, OFF, COVERED], THERE),
    ],
)
def test_who_does_not_come_reads_once_where_the_rest_stands(became: list[Became], last: str) -> None:
    assert news(*became)[-1] == last


@given(
    st.lists(
        st.builds(Became, STAND, STAND, st.booleans(), st.booleans(), st.sampled_from(["", "sought", "again"])),
        min_size=1,
        max_size=5,
    )
)
def test_where_to_look_is_said_once_whatever_has_become(became: list[Became]) -> None:
    assert " ".join(news(*became)).count("på gruppens sida") == 1
