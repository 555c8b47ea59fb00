"""Guessing passwords is slow from everywhere, locks nobody out, and tells nobody who exists (decision 14)."""

import asyncio
import time
from datetime import timedelta
from unittest.mock import patch

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.people import services as people
from programmes.people.attempt_rules import CODE_WAIT, LANES, PASSWORD_WAIT, device_cookie, known_device, lane, wait_after
from programmes.people.services import Browser, NotAdmitted, SignedIn, sign_in
from tests.clock import FrozenClock
from tests.conftest import START
from tests.factories import PASSWORD, a_leader
from tests.people.cast import another_browser, by_form

KEY = b"k" * 32


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> int:
    return (await a_leader(clock.now())).staff_id


async def wrong(clock: FrozenClock, times: int, lanes: int = 1, name: str = "robin") -> None:
    """Strangers guess at a name, from so many networks."""
    for number in range(times):
        await sign_in(name, "fel", KEY, clock.now(), Browser(lane=number % lanes))


def test_five_tries_are_free_and_then_the_wait_doubles_to_its_longest() -> None:
    assert [wait_after(n).total_seconds() for n in (0, 4, 5, 6, 7)] == [0, 0, 2, 4, 8]
    assert wait_after(1000) == PASSWORD_WAIT
    assert wait_after(1000, CODE_WAIT) == CODE_WAIT


@given(st.integers(0, 10_000))
def test_the_wait_never_grows_shorter(failures: int) -> None:
    assert wait_after(failures) <= wait_after(failures + 1) <= PASSWORD_WAIT


def test_a_lane_is_one_of_sixteen_and_the_same_for_the_same_network() -> None:
    found = [lane(KEY, f"10.0.{n}.1") for n in range(200)]
    assert set(found) == set(range(LANES))
    assert found == [lane(KEY, f"10.0.{n}.1") for n in range(200)]


async def test_the_usual_browser_of_somebody_is_not_shut_out_by_strangers(robin: int, clock: FrozenClock) -> None:
    first = await sign_in("robin", PASSWORD, KEY, clock.now())
    assert isinstance(first, SignedIn)
    await wrong(clock, 400, LANES)
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now()), NotAdmitted)
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now(), Browser(device=first.device)), SignedIn)


async def test_strangers_at_one_address_shut_out_no_other_network(robin: int, clock: FrozenClock) -> None:
    await wrong(clock, 100)
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now(), Browser(lane=0)), NotAdmitted)
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now(), Browser(lane=1)), SignedIn)


async def test_guesses_from_every_network_are_four_a_minute_in_all(robin: int, clock: FrozenClock) -> None:
    await wrong(clock, LANES * 20, LANES)
    clock.advance(hours=1)
    looked_at = 0
    with patch.object(people, "_verify", side_effect=lambda *_: False) as verify:
        for _ in range(60):
            clock.advance(minutes=1)
            for number in range(LANES):
                for _again in range(3):
                    await sign_in("robin", "fel", KEY, clock.now(), Browser(lane=number))
        looked_at = verify.call_count
    # In the first hour the waits are still growing.
    assert looked_at <= 60 * 5 + LANES * 8


async def test_a_stolen_computer_gets_no_more_tries_than_a_stranger(robin: int, clock: FrozenClock) -> None:
    first = await sign_in("robin", PASSWORD, KEY, clock.now())
    assert isinstance(first, SignedIn)
    own = Browser(device=first.device)
    for _ in range(5):
        assert await sign_in("robin", "fel", KEY, clock.now(), own) == NotAdmitted()
    waiting = await sign_in("robin", PASSWORD, KEY, clock.now(), own)
    assert isinstance(waiting, NotAdmitted)
    assert waiting.wait_seconds > 0
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now()), SignedIn)


async def test_trying_while_waiting_prolongs_nothing(robin: int, clock: FrozenClock) -> None:
    await wrong(clock, 50)
    clock.advance(seconds=3)
    assert isinstance(await sign_in("robin", PASSWORD, KEY, clock.now()), SignedIn)


async def test_tries_at_once_are_counted_each(robin: int, clock: FrozenClock) -> None:
    with patch.object(people, "_verify", side_effect=lambda *_: False) as verify:
        await asyncio.gather(*(sign_in("robin", "fel", KEY, clock.now()) for _ in range(40)))
        assert verify.call_count == 5


async def test_known_and_unknown_names_have_the_same_answers_all_the_way(robin: int, clock: FrozenClock) -> None:
    for _ in range(12):
        known, unknown = [await sign_in(name, "fel", KEY, clock.now()) for name in ("robin", "ingen")]
        assert known == unknown
        clock.advance(seconds=1)


async def test_the_same_pages_word_for_word(robin: int, client: httpx.AsyncClient) -> None:
    pages = []
    for name in ("robin", "ingen"):
        found = [(await by_form(another_browser(client), name, "fel")).text for _ in range(7)]
        pages.append([page.replace(name, "X").partition("<form")[0] for page in found])
    assert pages[0] == pages[1]
    assert "Vänta" in pages[0][-1]


async def test_a_hash_is_computed_for_a_name_that_nobody_has_and_for_who_has_no_password(
    robin: int, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute("update staff set password_hash = '', oidc_issuer = 'https://x', oidc_subject = '1'")
    for name in ("robin", "ingen"):
        with patch.object(people._hasher.__class__, "verify", return_value=True) as verify:
            assert await sign_in(name, "nobody has this password", KEY, clock.now()) == NotAdmitted()
            assert verify.call_args.args[0] == people._NOBODY


async def test_known_and_unknown_names_take_as_long(robin: int, clock: FrozenClock) -> None:
    """With one hash of the same cost for both, the middle of many tries differs by less than the hash itself takes."""
    cheap = people._hasher.hash("x")
    took: dict[str, list[float]] = {"robin": [], "ingen": []}
    with patch.object(people, "_NOBODY", cheap):
        for number in range(40):
            for name, times in took.items():
                begun = time.perf_counter()
                await sign_in(name, "fel", KEY, clock.now() + timedelta(days=2 * number))
                times.append(time.perf_counter() - begun)
    known, unknown = (sorted(times)[len(times) // 2] for times in took.values())
    assert abs(known - unknown) < 0.5 * max(known, unknown)


def test_a_device_cookie_is_one_persons_one_passwords_and_half_a_years() -> None:
    cookie = device_cookie(KEY, "n" * 32, 7, "hash", START)
    assert len(cookie) < 200
    assert known_device(KEY, cookie, 7, "hash", START + timedelta(days=179)) == "n" * 32
    for key, given_cookie, staff_id, stored, days in (
        (KEY, cookie, 8, "hash", 0),
        (KEY, cookie, 7, "another hash", 0),
        (KEY, cookie, 7, "hash", 181),
        (b"o" * 32, cookie, 7, "hash", 0),
        (KEY, cookie.replace("n", "m", 1), 7, "hash", 0),
        (KEY, cookie[:-1], 7, "hash", 0),
        (KEY, "", 7, "hash", 0),
        (KEY, "å.٣.x", 7, "hash", 0),
    ):
        assert known_device(key, given_cookie, staff_id, stored, START + timedelta(days=days)) == ""


async def test_the_browser_keeps_its_device_cookie_and_a_shared_one_gets_none(robin: int, client: httpx.AsyncClient) -> None:
    mine = await by_form(client, "robin")
    assert mine.status_code == 303
    kept = next(c for c in mine.headers.get_list("set-cookie") if c.startswith("enhet="))
    assert "HttpOnly" in kept
    assert "Max-Age=15552000" in kept
    assert "robin" not in kept
    shared = await by_form(another_browser(client), "robin", delad="ja")
    assert shared.status_code == 303
    assert "enhet" not in shared.cookies


async def test_nothing_of_names_or_addresses_is_kept_and_it_is_forgotten(
    robin: int, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    await wrong(clock, 3)
    await wrong(clock, 3, name="ingen")
    rows = await owner.fetch("select id, failures from sign_in_attempt")
    assert [row["failures"] for row in rows] == [3, 3]
    assert all(len(row["id"]) == 32 for row in rows)
    clock.advance(hours=25)
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from sign_in_attempt") == 0
