"""A database that is away is no fault of the service's: 503, with what to do, and no more promised than is known."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from drills.pages import problem
from programmes.core.connecting import DatabaseAway
from programmes.web import limits
from programmes.web.limits import TookTooLong
from tests.factories import csrf_of

LOST = "Det du skickade är kanske inte sparat."
AWAY = [
    DatabaseAway("x"), TimeoutError(), ConnectionResetError(), asyncpg.ConnectionDoesNotExistError("MARKER"),
    asyncpg.CannotConnectNowError("MARKER"), asyncpg.AdminShutdownError("MARKER"), asyncpg.DiskFullError("MARKER"),
    asyncpg.ReadOnlySQLTransactionError("MARKER"), asyncpg.InternalClientError("MARKER"),
    asyncpg.InterfaceError("the underlying connection is closed MARKER"),
]  # fmt: skip


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_a_page_says_what_to_do_and_nothing_of_what_was_sent_before(
    error: Exception, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("programmes.cohorts.queries.fetch", away)
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "Inget som var sparat är borta" in answer.text
    # What was sent before, and acknowledged, leads to a page that is read.
    assert "skickade" not in answer.text
    assert "MARKER" not in answer.text


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_whoever_has_sent_something_hears_that_it_may_be_saved_or_not(
    error: Exception, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("programmes.evaluation.services.asked_of_slip", away)
    answer = await client.post("/u", data={"kod": "4F7Q-MX2P-K9TW-3HRD", "steg": "svar"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "Vi vet inte om svaret kom fram." in answer.text
    assert "Svaret kom inte fram" not in answer.text
    monkeypatch.setattr("programmes.enrolment.place_services.open_by_code", away)
    token = csrf_of((await client.get("/min-plats")).text)
    answer = await client.post("/min-plats", data={"kod": "4F7Q-MX2P-K9TW-3HRD", "_csrf_token": token})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert LOST in answer.text
    assert "är inte sparat, men" not in answer.text
    # As the drills judge every page that people see meanwhile.
    for address, data in (("/u", {"kod": "4F7Q-MX2P-K9TW-3HRD", "steg": "svar"}), ("/min-plats", {"_csrf_token": token})):
        answer = await client.post(address, data=data | {"kod": "4F7Q-MX2P-K9TW-3HRD"})
        assert problem(answer.status_code, answer.headers, answer.text, 1) == ""


async def test_a_connection_that_we_use_wrongly_is_our_fault_still(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong(*_: Any) -> Any:
        raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")

    monkeypatch.setattr("programmes.cohorts.queries.fetch", wrong)
    assert (await client.get("/")).status_code == 500


async def test_what_will_not_end_keeps_nobody_waiting_and_says_nothing_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_WINDING_UP", 0.1)
    told: list[Any] = []
    over = asyncio.Event()

    async def send(message: Any) -> None:
        told.append(message)

    async def stubborn(say: Any) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await over.wait()
            await say({"type": "http.response.start"})

    async with asyncio.timeout(20):
        with pytest.raises(TookTooLong):
            await limits._in_time(stubborn, send, 0.1)
    assert len(limits._ending) == 1
    over.set()
    await asyncio.sleep(0.05)
    assert (told, len(limits._ending)) == ([], 0)


async def test_what_ends_in_time_is_told_and_what_it_raises_too() -> None:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def quick(say: Any) -> None:
        await say(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await limits._in_time(quick, send, 1)
    assert told == [1]
