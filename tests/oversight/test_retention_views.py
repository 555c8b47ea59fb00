"""What managers and coordinators see and decide of retention, and the shell's commands."""

import argparse
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import cli, retention_commands
from programmes.core.restoring import restoring
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.retention_commands import Hands
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import PASSWORD, csrf_of, post_form, sign_in_as
from tests.lists import lines_of
from tests.oversight.retention_cast import NIGHT, Past, a_past, alive, as_worker, erase, text_of


async def test_managers_see_what_goes_when_and_how_it_went_but_nobody(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    await a_past(owner, keys, NIGHT - timedelta(days=5 * 365 - 60), {"Dan Ed": "1990-01-01"})
    shown = await text_of(client, "/personal/gallring")
    assert "Gallringen har inte körts än" in shown
    assert "Raderas i natt: 2" in shown
    assert "Väntar på arkivet: 1" in shown
    assert "September 2031 3 (varav 1 väntar) – –" in shown
    assert "November 2031 1 – –" in shown
    run = await erase(settings, keys, clock)
    assert run.gone == 2
    shown = await text_of(client, "/personal/gallring")
    assert "Gallringen gick som den skulle" in shown
    assert "2 personers uppgifter raderades." in shown
    link = re.search(r"/personal/gallring/protokoll/[0-9a-f-]{36}", (await client.get("/personal/gallring")).text)
    assert link
    receipt = await text_of(client, link[0])
    assert "5 år" in receipt
    assert "2 personers uppgifter" in receipt
    for name in ("Anna", "Bo Ek", "Cia", "Dan"):
        assert name not in shown + receipt
    assert await owner.fetchval("select count(*) from record_look") == 0


async def test_what_kept_a_run_from_erasing_is_said_in_words(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock,
    owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await sign_in_as(client, "sasha", NIGHT)
    with monkeypatch.context() as gone:
        gone.setattr(KeyFolder, "usable", lambda _: False)
        await erase(settings, keys, clock)
    assert "nyckelmappen går inte att använda" in await text_of(client, "/personal/gallring")
    assert "Gallringen kunde inte göras som den skulle" in await text_of(client, "/personal/idag")
    await owner.execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ('entry', gen_random_uuid(), 'left', $1)",
        clock.now() - timedelta(seconds=61),
    )
    await owner.execute("update retention_run set state = 'done', gone = 2")
    shown = await text_of(client, "/personal/gallring")
    assert "Allt är inte raderat: nycklar ligger kvar" in shown
    assert "raderades" not in shown.partition("Det som kommer")[0]
    await owner.execute("delete from key_destruction")
    await owner.execute("update retention_run set gone = 0")
    async with restoring(settings.database_url, keys):
        await erase(settings, keys, clock)
    assert "en säkerhetskopia läses tillbaka" in await text_of(client, "/personal/gallring")
    keys.discard("person", past.records[1])
    await erase(settings, keys, clock)
    shown = await text_of(client, "/personal/gallring")
    assert "Allt gick inte att radera" in shown
    assert "Går inte att läsa: 1" in shown
    await owner.execute(
        """update retention_run set state = 'running', finished_at = null, due = 9, gone = 0, failed = 0
           where id = (select max(id) from retention_run)"""
    )
    assert "0 av 9 är klara" in await text_of(client, "/personal/gallring")
    clock.advance(days=3)
    await sign_in_as(client, "sasha", clock.now())
    assert "Gallringen har inte körts i natt" in await text_of(client, "/personal/gallring")


async def test_a_closed_group_says_that_its_people_have_been_erased_and_asks_for_no_attendance(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    group = f"/personal/grupper/{past.cohort.cohort_id}"
    await sign_in_as(client, "robin", NIGHT)
    await erase(settings, keys, clock)
    partly = await text_of(client, group)
    assert "Uppgifterna om 2 personer är raderade. Gallringen var klar 20 september 2031." in partly
    clock.advance(days=1)
    await sign_in_as(client, "robin", clock.now())
    await erase(replace(settings, archive="nobody"), keys, clock)
    shown = await text_of(client, group)
    assert "Uppgifterna om 3 personer är raderade. Gallringen var klar 21 september 2031." in shown
    assert "Fullföljde: 3 Avbröt: 0 Kom minst en gång: 2 Antal närvarande, alla träffar hopräknade: 2" in shown
    assert "Ingen var med" not in shown
    assert "Närvaro saknas" not in shown
    # Also while a long series still runs: what was noted then is not noted anew.
    await owner.execute("update cohort set state = 'started', closed_at = null")
    session = await owner.fetchval("select min(id) from cohort_session")
    address = f"/personal/traffar/{session}/narvaro"
    assert "är raderade av gallringen. Närvaron finns kvar som antal" in await text_of(client, address)
    assert (await post_form(client, address, {}, "/personal/konto")).status_code == 422
    assert "Närvaro saknas" not in await text_of(client, group)
    assert await owner.fetchval("select count(*) from cohort_session where state = 'held'") == 0


async def test_a_run_of_a_day_that_has_not_been_says_the_year_and_that_a_clock_is_wrong(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock
) -> None:
    clock.advance(days=50)
    await erase(settings, keys, clock)
    clock.set(NIGHT)
    await sign_in_as(client, "sasha", NIGHT)
    shown = await client.get("/personal/gallring")
    text = await text_of(client, "/personal/gallring")
    assert "Klockan verkar ha gått fel" in text
    assert "söndag 9 november 2031" in text
    assert "I dag är det 20 september 2031." in text
    assert "notice--ok" not in shown.text
    assert "Gallringen kunde inte göras som den skulle" in await text_of(client, "/personal/idag")


async def test_a_file_is_made_taken_home_after_showing_who_it_is_and_confirmed_by_its_checksum(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "kim", NIGHT)
    made = await post_form(client, "/personal/gallras", {})
    address = made.headers["location"]
    clock.advance(minutes=6)
    asked = await client.get(f"{address}.zip")
    assert asked.headers["location"].startswith("/personal/bekrafta")
    done = await post_form(
        client, "/personal/bekrafta", {"losen": PASSWORD, "till": f"{address}.zip"}, asked.headers["location"]
    )
    assert f'href="{address}.zip"' in done.text
    answer = await client.get(f"{address}.zip")
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as stored:
        assert stored.testzip() is None
        manifest = json.loads(stored.read("manifest.json"))
        records = stored.read("records.jsonl")
    assert manifest["format"] == "programmes-archive/1"
    assert manifest["files"][0]["sha256"] == hashlib.sha256(records).hexdigest()
    [line] = [json.loads(one) for one in records.splitlines()]
    assert (line["name"], line["birth_date"]) == ("Anna Ask", "1985-02-15")
    [way] = line["ways"]
    assert (way["section"], way["outcome"], [mark["mark"] for mark in way["attendance"]]) == (
        "2.8",
        "completed",
        ["present"],
    )
    assert way["applied"] == "2026-09-02T10:00:00+02:00"
    digest = hashlib.sha256(answer.content).hexdigest()
    for typed in ("", "0" * 64, digest[:10]):
        wrong = await post_form(client, address, {"summa": typed})
        assert wrong.status_code == 422
    assert (await post_form(client, address, {"summa": digest})).status_code == 303
    received = await text_of(client, address)
    assert "Arkivet tog emot filen" in received
    assert "Uppgifterna raderas här nästa natt." in received
    await owner.execute(
        """insert into retention_hold (participant_id, reason, set_at, set_by)
           select participant_id, 'court', $1, 1 from archive_item""",
        clock.now(),
    )
    assert "De som har gallringsstopp raderas inte." in await text_of(client, address)
    await owner.execute("delete from retention_hold")
    await erase(settings, keys, clock)
    assert await alive(owner) == set()
    # What has been erased is in no file any more; the page of it names nobody.
    assert (await client.get(f"{address}.zip")).status_code == 404
    gone = await text_of(client, address)
    assert "Anna" not in gone
    assert "Uppgifterna är raderade här." in gone
    assert "nästa natt" not in gone
    # Made when nobody waits, there is no file.
    assert (await post_form(client, "/personal/gallras", {}, "/personal/konto")).headers["location"] == "/personal/gallras"
    client.cookies.clear()
    await sign_in_as(client, "mia", clock.now())
    assert (await client.get(address)).status_code == 404


def _in_the_way(*_: object) -> None:
    raise KeysAway("something lies there")


async def _nobody(_: date) -> list[UUID]:
    return []


async def test_the_commands_say_what_they_did_and_fail_when_something_was_not_done(
    past: Past, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    at_work = Hands(settings, clock, keys)

    def asked(**given: object) -> argparse.Namespace:
        return argparse.Namespace(**{"preview": False, "hold_status": False, "catch_up": False, **given})

    async def erase_by_hand(**given: bool) -> int:
        async with as_worker(settings):
            return await retention_commands._erase(at_work, asked(**given))

    assert await erase_by_hand(preview=True) == 0
    told = capsys.readouterr().out
    assert "2 records would be erased now" in told
    assert "1 waits for the archive" in told
    assert len(await alive(owner)) == 3
    assert await owner.fetchval("select count(*) from retention_run") == 0
    with monkeypatch.context() as gone:
        gone.setattr(KeyFolder, "usable", lambda _: False)
        assert await erase_by_hand() == 1
    assert "key folder" in capsys.readouterr().err
    lost = past.records[1]
    keys.discard("person", lost)
    await owner.execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ('entry', gen_random_uuid(), 'left', $1)",
        clock.now(),
    )
    with monkeypatch.context() as nothing:
        nothing.setattr(retention_commands.retention.queries, "due_records", _nobody)
        nothing.setattr(KeyFolder, "destroy", _in_the_way)
        assert await erase_by_hand() == 1
    said = capsys.readouterr()
    assert "0 records are out of the database." in said.out
    assert "lie in the key folder still" in said.err
    await owner.execute("delete from key_destruction")
    assert await erase_by_hand() == 1
    said = capsys.readouterr()
    assert "1 record has been erased." in said.out
    assert "1 record could not be erased" in said.err
    file = tmp_path / "arkiv.zip"
    export = argparse.Namespace(file=file, staff="kim")
    assert await retention_commands._export(at_work, argparse.Namespace(file=file, staff="nobody")) == 2
    # On the web managers and administrators make no file, and leaders neither: nor do they by a command.
    for name in ("sasha", "robin"):
        assert await retention_commands._export(at_work, argparse.Namespace(file=file, staff=name)) == 2
    assert not file.exists()
    assert await retention_commands._export(at_work, export) == 0
    confirm = re.search(r"archive confirm (\S+) (\S+) --staff kim", capsys.readouterr().out)
    assert confirm
    assert hashlib.sha256(file.read_bytes()).hexdigest() == confirm[2]
    assert file.stat().st_mode & 0o777 == 0o600
    assert await retention_commands._export(at_work, export) == 2
    assert await owner.fetchval("select count(*) from record_look where page = 'archive'") == 1

    def received(batch: str, checksum: str, staff: str = "kim") -> argparse.Namespace:
        return argparse.Namespace(batch=batch, checksum=checksum, staff=staff)

    for typed, code in (
        (received("x", confirm[2]), 2),
        (received(confirm[1], confirm[2], "mia"), 2),
        (received(confirm[1], "0" * 64), 1),
        (received(confirm[1], confirm[2]), 0),
    ):
        assert await retention_commands._confirm(at_work, typed) == code
    await erase_by_hand()
    assert await alive(owner) == {lost}
    assert await erase_by_hand(hold_status=True) == 0
    assert "0 records are held back." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["erase"], ["archive", "export"], ["archive", "confirm"]])
def test_every_command_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--help"])
    assert ended.value.code == 0
    assert "usage: programmes" in capsys.readouterr().out


async def test_forms_without_a_token_change_nothing(
    past: Past, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    assert csrf_of((await client.get("/personal/gallring/stopp")).text)
    sent = {"grupp": str(past.cohort.cohort_id), "nummer": "1", "stopp": "court"}
    assert (await client.post("/personal/gallring/stopp", data=sent)).status_code == 403
    assert await owner.fetchval("select count(*) from retention_hold") == 0


async def test_a_receipt_of_a_run_says_whether_somebody_ran_it(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    await erase(settings, keys, clock)
    by_itself, by_hand = "Tjänsten, av sig själv", "Den som sköter tjänsten, med ett kommando på servern"
    for hands, told, other in ((False, by_itself, by_hand), (True, by_hand, by_itself)):
        await owner.execute("update retention_run set by_hand = $1", hands)
        lines = await lines_of(client, "/personal/gallring/protokoll.csv")
        assert lines
        assert {line[7] for line in lines} == {told}
        receipt = await text_of(client, f"/personal/gallring/protokoll/{lines[0][6]}")
        assert told in receipt
        assert other not in receipt


async def test_what_is_to_come_and_what_went_are_files_that_name_nobody(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    await a_past(owner, keys, NIGHT - timedelta(days=5 * 365 - 60), {"Dan Ed": "1990-01-01"})
    assert await lines_of(client, "/personal/gallring.csv") == [
        ["Internt, sekretess", "September 2031", "3", "1", "–", "–"],
        ["Internt, sekretess", "November 2031", "1", "–", "–", "–"],
    ]
    # Of the three whose time is over one is not to go tonight, and that stands where they are counted.
    assert "(varav 1 väntar)" in (await client.get("/personal/gallring")).text
    assert await lines_of(client, "/personal/gallring/protokoll.csv") == []
    await erase(settings, keys, clock)
    shown = (await client.get("/personal/gallring")).text
    assert 'href="/personal/gallring.csv"' in shown
    assert 'href="/personal/gallring/protokoll.csv"' in shown
    lines = await lines_of(client, "/personal/gallring/protokoll.csv")
    [gone] = [line for line in lines if line[4]]
    assert gone[:2] == ["Internt, sekretess", "2031-09-20"]
    assert gone[4] == "2 personers uppgifter"
    assert gone[3].startswith("5 år")
    assert f"/personal/gallring/protokoll/{gone[6]}" in shown
