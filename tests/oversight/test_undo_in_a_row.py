"""Decisions about a start in a row, some taken back: what is sent is what the last that stand say, once, in their words."""

from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_long, speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, hidden, post_form, somebody
from tests.notices.mail import Mail
from tests.oversight.test_undo import as_it_is, decide, decided

WORDS = {"postpone": "Starten är framflyttad.", "cancel": "Det blir tyvärr inget den här gången.", "start": "Det blir av."}
MOST = 3
# Longer ones, in which several are taken back, or something follows that.
LONGER = ("postpone-cancel-undo-undo", "postpone-postpone-undo-undo", "postpone-cancel-undo-cancel",
          "postpone-postpone-undo-start", "postpone-start-undo-undo")  # fmt: skip


def sequences(done: tuple[str, ...] = (), standing: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every way to decide and take back, at most so many steps; what is started or cancelled can only be taken back."""
    if standing or done:
        yield done
    if len(done) == MOST:
        return
    if standing:
        yield from sequences((*done, "undo"), standing[:-1])
    if not standing or standing[-1] == "postpone":
        for what in WORDS:
            yield from sequences((*done, what), (*standing, what))


def left(sequence: tuple[str, ...]) -> list[str]:
    """What stands in the end."""
    standing: list[str] = []
    for what in sequence:
        standing = standing[:-1] if what == "undo" else [*standing, what]
    return standing


def told(standing: list[str], waits: bool) -> list[str]:
    """What somebody is to hear: the last postponing, and that it starts or is cancelled; who waits hears of no start."""
    last = standing[-1:]
    if last == ["start"]:
        postponed = [WORDS["postpone"]] if "postpone" in standing else []
        return postponed if waits else [*postponed, WORDS["start"]]
    return [WORDS[what] for what in last]


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def full(keys: KeyFolder, clock: FrozenClock, mail: Mail) -> CohortFacts:  # noqa: F811
    """Two with a place and one who waits, who know of it."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=2, sessions=4)
    for name in ("one", "two", "waits"):
        await somebody(cohort, keys, clock.now(), name, f"{name}@example.invalid")
    await mail.work()
    return await cohorts.by_id(cohort.cohort_id)


def heard(mail: Mail, name: str, known: int) -> list[str]:  # noqa: F811
    """What somebody has been told since they knew so many things."""
    texts = [" ".join(text.split()) for text in mail.to(f"{name}@example.invalid")]
    assert not [text for text in texts if "nya tider" in text]
    found = [word for text in texts for word in WORDS.values() if word in text]
    assert len(texts) == known + len(found)
    return sorted(found)


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("sequence", [*sequences(), *(tuple(longer.split("-")) for longer in LONGER)], ids="-".join)
async def test_what_is_sent_is_what_the_last_decision_that_stands_says(
    sequence: tuple[str, ...],
    quick: bool,
    kim: Principal,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    cohort = await full(keys, clock, mail)
    names = ("one", "two", "waits")
    known = {name: len(mail.to(f"{name}@example.invalid")) for name in names}
    for what in sequence:
        if what == "undo":
            number = await decided(cohort, clock)
            assert not await undo_services.undo(cohort.cohort_id, number, kim, clock.now())
        else:
            await decide(what, await cohorts.by_id(cohort.cohort_id), kim, clock)
        if quick:
            await mail.work()
        clock.advance(minutes=2)
    await mail.work()
    assert not [name for name in names if heard(mail, name, known[name])], "before the time is over"
    for _ in range(5):
        clock.advance(minutes=5)
        await worker.tick(mail.worker)
        await mail.work()
    for name in names:
        assert heard(mail, name, known[name]) == sorted(told(left(sequence), name == "waits")), name
    first = (await cohorts.by_id(cohort.cohort_id)).first_start
    if left(sequence)[-1:] == ["postpone"] and first:
        with speaking("sv"):
            day = day_long(local_date(first))
        assert any(day in text for text in mail.to("one@example.invalid"))


@pytest.mark.parametrize("second", ["cancel", "postpone"])
async def test_the_first_decision_can_be_taken_back_once_the_second_is_and_until_its_own_time(
    second: str,
    kim: Principal,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    cohort = await full(keys, clock, mail)
    before = await as_it_is(cohort, owner)
    await decide("postpone", cohort, kim, clock)
    until = (await undo_services.undoable(cohort.cohort_id, clock.now())).undone_until
    await mail.work()
    clock.advance(minutes=3)
    await decide(second, await cohorts.by_id(cohort.cohort_id), kim, clock)
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get("/personal/starter")).text
    angra = f"/personal/starter/{cohort.cohort_id}/angra"
    answer = await post_form(client, angra, {"beslut": hidden(shown, "beslut")}, "/personal/starter")
    text = " ".join((await client.get(answer.headers["location"])).text.split())
    assert "Framflyttningen före det gäller igen. Beskeden om den går " in text
    await mail.work()
    held = await owner.fetch("select look_again_at from notice where kind = 'cohort_postponed' and state = 'waiting'")
    assert [row["look_again_at"] for row in held] == [until] * 3
    assert "Ångra beslutet" in text
    assert not await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    assert await as_it_is(cohort, owner) == before
    assert "Framflyttningen före det" not in (await client.get(answer.headers["location"])).text


@pytest.mark.parametrize(("what", "said", "unsaid"), [
    ("start", "Ingen deltagare har fått besked om beslutet.", "hade flyttat till en annan start"),
    ("cancel", "Den som redan hade flyttat till en annan start är kvar där.", "fick veta andra dagar"),
    ("postpone", "den som däremellan fick veta andra dagar får veta vilka som gäller.", "gäller igen"),
])  # fmt: skip
async def test_what_taking_back_tells_goes_by_the_decision(
    what: str, said: str, unsaid: str, kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock,  # noqa: F811
    client: httpx.AsyncClient,
) -> None:  # fmt: skip
    cohort = await full(keys, clock, mail)
    await decide(what, cohort, kim, clock)
    assert not await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())
    await sign_in_as(client, "kim", clock.now())
    text = " ".join((await client.get(f"/personal/starter?klart=angrad&grupp={cohort.cohort_id}")).text.split())
    assert said in text
    assert unsaid not in text
