"""How the service is, in plain words: each thing that can be wrong is said, and what to do meanwhile."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from programmes.oversight.status.pages import status_page
from tests.clock import FrozenClock
from tests.factories import a_leader, sign_in_as

NOW = datetime(2026, 9, 2, 10, tzinfo=UTC)
WELL = {"messages_late": 0, "offers_late": 0, "lists_due": 0, "keys_late": 0}


@pytest.mark.parametrize(("counts", "worker", "keys", "backup", "wrong"), [
    ({}, 1, True, 20, []),
    ({"messages_late": 1}, 1, True, 20, ["1 meddelande har väntat"]),
    ({"offers_late": 2}, 1, True, 20, ["2 erbjudanden har gått ut"]),
    ({"lists_due": 1}, 1, True, 20, ["1 arbetslista skulle ha raderats"]),
    ({"keys_late": 1}, 1, True, 20, ["nycklar till dem ligger kvar"]),
    ({"keys_late": 9, "lists_due": 2}, 1, True, 20, ["2 arbetslistor skulle ha raderats och ligger kvar. Uppgifter har"]),
    ({}, 6, True, 20, ["Det var senast i gång onsdag 2 september 11.54.", *3 * ["Det står stilla tills"]]),
    ({}, None, True, 20, ["Det har aldrig varit i gång.", *3 * ["Det står stilla tills"]]),
    ({"messages_late": 2}, 6, True, 20, ["Ring den som sköter", "2 meddelanden har väntat", *2 * ["Det står stilla"]]),
    ({}, 1, False, 20, ["Skriv på papper så länge"]),
    ({}, 1, True, 27, ["Den senaste är från tisdag 1 september"]),
    ({}, 1, True, None, ["Ingen säkerhetskopia har gjorts."]),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_else(
    counts: Mapping[str, int], worker: int | None, keys: bool, backup: int | None, wrong: list[str]
) -> None:
    with speaking("sv"):
        found = status_page(
            {**WELL, **counts},
            NOW - timedelta(minutes=worker) if worker else None,
            keys,
            NOW - timedelta(hours=backup) if backup else None,
            NOW,
        )
    said = [point.text for point in found.points if not point.ok]
    assert len(said) == len(wrong)
    assert all(told in text for told, text in zip(wrong, said, strict=True))
    assert found.well == (not wrong)
    assert found.lead.startswith("Allt fungerar" if not wrong else "Något fungerar inte")


def test_a_worker_that_waits_for_a_restore_stands_still_though_it_is_there() -> None:
    with speaking("sv"):
        found = status_page(WELL, NOW, True, NOW, NOW, waits_for_restore=True)
    said = {point.title: point.text for point in found.points if not point.ok}
    assert len(said) == 4
    assert said["Det som sköts av sig självt"].startswith("Det står stilla, för en säkerhetskopia läggs tillbaka")
    assert said["Meddelanden till deltagare"].startswith("Det står stilla tills")
    assert not found.well


async def test_staff_see_that_all_waits_for_a_restore(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0)", clock.now())
    keys.mark_restoring()
    try:
        shown = (await client.get("/personal/lage")).text
        assert "för en säkerhetskopia läggs tillbaka" in shown
        assert "Meddelanden går ut." not in shown
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["worker"], ready.json()["put_back"]) == (200, True, "restoring")
        assert "programmes_waits_for_restore 1.0" in (await client.get("/metrics")).text
    finally:
        keys.unmark_restoring()
        keys.unmark_restored()
        (keys.folder / "unconfirmed").unlink()
    assert "säkerhetskopia läggs tillbaka" not in (await client.get("/personal/lage")).text
    assert "put_back" not in (await client.get("/health/ready")).json()
    assert "programmes_waits_for_restore 0.0" in (await client.get("/metrics")).text


async def test_staff_and_measures_tell_of_each_key_of_the_service_that_is_away_or_damaged(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0)", clock.now())
    await owner.execute("insert into backup_trace (name, tried_at, done_at) values ('backup', $1, $1)", clock.now())
    for number, (name, told) in enumerate([
        ("search", "Det går inte att söka efter deltagare"),
        ("second-factor", "Det går inte att logga in med kod från en app."),
        ("feed", "Adresser till kalendrar visas inte."),
    ]):  # fmt: skip
        keys.service_key(name)
        at = keys.folder / "service" / f"{name}.key"
        right = at.read_bytes()
        shown = (await client.get("/personal/lage")).text
        assert (told in shown, "Allt fungerar." in shown) == (False, True)
        assert "programmes_service_keys_missing 0.0" in (await client.get("/metrics")).text
        at.write_bytes(b"short") if number else at.unlink()
        try:
            shown = (await client.get("/personal/lage")).text
            assert (told in shown, "Allt fungerar." in shown) == (True, False)
            assert "som behöver lägga tillbaka en nyckel" in shown
            assert "programmes_service_keys_missing 1.0" in (await client.get("/metrics")).text
        finally:
            at.write_bytes(right)


async def test_staff_see_how_it_is_now(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    assert "Det har aldrig varit i gång" in (await client.get("/personal/lage")).text
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0)", clock.now())
    await owner.execute("insert into backup_trace (name, tried_at, done_at) values ('backup', $1, $1)", clock.now())
    shown = (await client.get("/personal/lage")).text
    # Of the place where it lies web sees nothing, and claims nothing.
    assert "Säkerhetskopiering" in shown
    assert "Om den finns kvar syns inte här." in shown
    assert "Allt fungerar." in shown
    assert "Läget klockan 10.00." in shown
    await owner.execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ('entry', gen_random_uuid(), 'left', $1)",
        clock.now() - timedelta(seconds=61),
    )
    shown = (await client.get("/personal/lage")).text
    assert "Allt fungerar." not in shown
    assert "nycklar till dem ligger kvar" in shown
