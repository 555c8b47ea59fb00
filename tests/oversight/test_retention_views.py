"""What managers and coordinators see and decide of retention, and the shell's commands."""

import argparse
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes import cli, retention_commands
from programmes.core.restoring import restoring
from programmes.core.sealing import KeyFolder
from programmes.oversight import retention_queries as queries
from programmes.oversight import retention_services as retention
from programmes.retention_commands import Hands
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import PASSWORD, a_coordinator, a_leader, a_staff_member, csrf_of, hidden, post_form, sign_in_as
from tests.oversight.retention_cast import NIGHT, Past, a_past, alive, as_worker

BORN = {"Anna Ask": "1985-02-15", "Bo Ek": "1990-07-02", "Cia Al": "1990-01-01"}


@pytest.fixture
async def past(client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> Past:
    """A group of five years ago, the night in which its records are due, and everybody who has to do with them."""
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await a_coordinator(clock.now(), "mia", "2.7")
    await a_staff_member("sasha", "manager", clock.now())
    found = await a_past(owner, keys, clock.now(), BORN, robin)
    clock.set(NIGHT)
    await owner.execute("insert into audit_entry (at, action, subject) values ($1, 'cohort:open', 'cohort/1')", NIGHT)
    return found


async def erase(settings: Settings, keys: KeyFolder, clock: FrozenClock) -> queries.Run:
    """What is due now, as the worker does it."""
    async with as_worker(settings):
        return await retention.run_now(Hands(settings, clock, keys))


async def text_of(client: httpx.AsyncClient, address: str) -> str:
    """What stands on a page, without its markup."""
    answer = await client.get(address)
    assert answer.status_code == 200, address
    shown = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


async def test_managers_see_what_goes_when_and_how_it_went_but_nobody(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    await a_past(owner, keys, NIGHT - timedelta(days=5 * 365 - 60), {"Dan Ed": "1990-01-01"})
    shown = await text_of(client, "/personal/gallring")
    assert "Gallringen har inte körts än" in shown
    assert "Raderas i natt: 2" in shown
    assert "Väntar på arkivet: 1" in shown
    assert "September 2031 3 – –" in shown
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


async def test_a_rule_is_changed_within_the_law_with_the_decision_and_who_and_when(
    past: Past, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    address = "/personal/gallring/regler/protected_record"
    for typed, told in (
        ({"tid": "4", "beslut": "KS 12"}, "ska sparas minst 5 år"),
        ({"tid": "31", "beslut": "KS 12"}, "får sparas högst 30 år"),
        ({"tid": "x", "beslut": "KS 12"}, "Skriv ett tal från 0 till 999."),
        ({"tid": "6", "beslut": " "}, "Skriv vilket beslut det är."),
    ):
        answer = await post_form(client, address, typed)
        assert answer.status_code == 422
        assert told in answer.text
    assert await owner.fetchval("select count(*) from retention_choice") == 0
    answer = await post_form(client, address, {"tid": "6", "beslut": "KS § 12"})
    assert answer.status_code == 303
    shown = await text_of(client, address)
    assert "Sparas nu 6 år" in shown
    assert "Från början 5 år" in shown
    assert "6 år från 20 september 2031. KS § 12. Skrivet av Sasha." in shown
    assert "KS § 12, ändrat från 5 år." in await text_of(client, "/personal/gallring")
    # The public is told what is in force, in both languages.
    for public in ("/uppgifter", "/insatser/aterfallsprevention"):
        said = await text_of(client, public)
        assert "uppgifter" in said
        assert "senast sex år efter den sista anteckningen" in said
        assert "fem år" not in said
        assert "six years after the last note" in await text_of(client, f"{public}?lang=en")
    assert await owner.fetchval("select subject from audit_entry where action = 'retention:choose'") == (
        "retention/protected-record"
    )
    for subject in ("working_list", "figures", "x", "%00"):
        assert (await client.get(f"/personal/gallring/regler/{subject}")).status_code == 404


async def test_a_rule_is_made_shorter_only_by_who_has_shown_who_it_is_and_seen_what_goes(
    past: Past, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """insert into retention_choice (subject, amount, decision, staff_id, chosen_at)
           select s.subject, s.amount, 'KS 1', 1, $1
           from (values ('protected_record', 6), ('audit_entry', 11)) s (subject, amount)""",
        NIGHT,
    )
    await sign_in_as(client, "sasha", NIGHT)
    clock.advance(minutes=6)
    address = "/personal/gallring/regler/protected_record"
    sent = await post_form(client, address, {"tid": "5", "beslut": "KS § 12"})
    asked = await client.get(sent.headers["location"])
    assert asked.headers["location"].startswith("/personal/bekrafta"), "nothing is said before that"
    back = sent.headers["location"]
    done = await post_form(client, "/personal/bekrafta", {"losen": PASSWORD, "till": back}, asked.headers["location"])
    assert done.headers["location"] == back
    shown = await text_of(client, back)
    assert "Sparas nu 6 år Ska sparas 5 år" in shown
    assert "Det här raderas i nästa gallring: 2 personers uppgifter" in shown
    assert "natten till lördag 20 september 2031" in shown
    assert "Med regeln i dag: 0 personers uppgifter." in shown
    assert "1 till har gallringsstopp, väntar på arkivet eller går inte att läsa." in shown
    assert 'value="KS § 12"' in (await client.get(back)).text
    logs = await text_of(client, "/personal/gallring/regler/audit_entry/kortare?tid=5")
    assert "Det här raderas i nästa gallring: 0 rader" in logs
    newest = "select amount from retention_choice where subject = 'protected_record' order by id desc limit 1"
    assert await owner.fetchval(newest) == 6
    wrong = await post_form(client, f"{address}/kortare", {"tid": "5", "beslut": " "}, back)
    assert (wrong.status_code, "Skriv vilket beslut det är." in wrong.text) == (422, True)
    for typed in ({"tid": "4", "beslut": "KS"}, {"tid": "6", "beslut": "KS"}, {"tid": "x", "beslut": "KS"}):
        refused = await post_form(client, f"{address}/kortare", typed, back)
        assert refused.headers["location"] == address, typed
    # Five minutes later nobody is believed any more, with or without a page from before.
    clock.advance(minutes=6)
    token = csrf_of((await client.get("/personal/gallring/stopp")).text)
    late = await client.post(f"{address}/kortare", data={"tid": "5", "beslut": "KS", "_csrf_token": token})
    assert late.headers["location"].startswith("/personal/bekrafta")
    assert await owner.fetchval(newest) == 6
    client.cookies.clear()
    await sign_in_as(client, "sasha", clock.now())
    # Exactly what was counted: another number than the page said, or other records by now, are shown first.
    other = "/personal/gallring/regler/audit_entry/kortare"
    ten = hidden((await client.get(f"{other}?tid=10")).text, "sett")
    for sett in (ten, "x", ""):
        swapped = await post_form(client, other, {"tid": "5", "beslut": "KS", "sett": sett}, f"{other}?tid=10")
        assert (swapped.status_code, "något annat som raderas än du har sett" in swapped.text) == (422, True)
    assert await owner.fetchval("select min(amount) from retention_choice where subject = 'audit_entry'") == 11
    asked = {"tid": "5", "beslut": "KS", "sett": hidden((await client.get(back)).text, "sett")}
    assert (await post_form(client, f"{address}/kortare", asked, back)).status_code == 303
    assert await owner.fetchval(newest) == 5


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


async def test_a_coordinator_holds_a_record_back_and_its_leader_sees_that(
    past: Past, client: httpx.AsyncClient, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "kim", NIGHT)
    person = f"/personal/grupper/{past.cohort.cohort_id}/deltagare/{past.ways[1]}"
    page = f"{person}?skal=question"
    for typed, told in (
        ({}, "Välj varför uppgifterna inte får gallras."),
        ({"stopp": "because"}, "Välj varför uppgifterna inte får gallras."),
        ({"stopp": "court", "till": "2031-09-19"}, "Dagen har varit."),
        ({"stopp": "court", "till": "2031-02-30"}, "Skriv ett datum som finns"),
    ):
        answer = await post_form(client, f"{person}/stopp", {**typed, "skal_visning": "question"}, page)
        assert answer.status_code == 422
        assert told in answer.text
    answer = await post_form(client, f"{person}/stopp", {"stopp": "court", "skal_visning": "question"}, page)
    assert answer.headers["location"] == f"{page}#gallring"
    assert "Rättsprocess. Tills det hävs. Satt 20 september 2031 av Kim." in await text_of(client, page)
    # Sent again it stays as it was; for another reason it is another, and each is lifted by itself.
    for reason in ("court", "error", "error"):
        await post_form(client, f"{person}/stopp", {"stopp": reason, "skal_visning": "question"}, page)
    shown = (await client.get(page)).text
    court, error = [row["id"] for row in await owner.fetch("select id from retention_hold order by id")]
    assert all(f'name="vilket" value="{hold}"' in shown for hold in (court, error))
    assert (await post_form(client, f"{person}/stopp/hav", {}, page)).status_code == 404
    await post_form(client, f"{person}/stopp/hav", {"vilket": str(error)}, page)
    assert [row["id"] for row in await owner.fetch("select id from retention_hold where lifted_at is null")] == [court]
    await sign_in_as(client, "robin", NIGHT)
    shown = (await client.get(page)).text
    assert "Rättsprocess" in shown
    assert "Häv stoppet" not in shown
    assert (await post_form(client, f"{person}/stopp/hav", {}, page)).status_code == 403
    # A manager sees the number, and lifts and sets by it.
    await sign_in_as(client, "sasha", NIGHT)
    shown_text = await text_of(client, "/personal/gallring/stopp")
    assert f"Deltagare 2, {past.cohort.name}" in shown_text
    assert "Bo Ek" not in shown_text
    by_number = {"grupp": str(past.cohort.cohort_id), "nummer": "2", "vilket": str(court)}
    assert (
        await post_form(client, "/personal/gallring/stopp/hav", by_number, "/personal/gallring/stopp")
    ).status_code == 303
    assert await owner.fetchval("select every(lifted_by is not null) from retention_hold")
    wrong = await post_form(client, "/personal/gallring/stopp", {**by_number, "nummer": "9", "stopp": "court"})
    assert wrong.status_code == 422
    assert "Det finns ingen deltagare med det numret" in wrong.text
    until = {**by_number, "stopp": "supervision", "till": "2031-12-24"}
    assert (await post_form(client, "/personal/gallring/stopp", until)).status_code == 303
    await erase(settings, keys, clock)
    assert past.records[1] in await alive(owner)


async def test_a_coordinator_sees_who_is_due_and_each_is_a_line_in_the_log(
    past: Past, client: httpx.AsyncClient, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await owner.execute("update participant set protected_identity = true where id = $1", past.records[2])
    await owner.execute("update participant set sealed = 'x' where id = $1", past.records[1])
    await sign_in_as(client, "kim", NIGHT)
    shown = await text_of(client, "/personal/gallras")
    assert "Anna Ask" in shown
    assert "Cia Al" not in shown
    assert "Deltagare 3" in shown
    assert "Deltagare 2" in shown
    assert "Går inte att läsa" in shown
    assert "1 persons uppgifter ska till arkivet först" in shown
    looks = await owner.fetch("select participant_id, page from record_look")
    assert sorted(row["participant_id"] for row in looks) == sorted(past.records)
    assert {row["page"] for row in looks} == {"retention"}
    await sign_in_as(client, "mia", NIGHT)
    shown = await text_of(client, "/personal/gallras")
    assert "Ingens uppgifter raderas" in shown


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
    assert "Arkivet tog emot filen" in await text_of(client, address)
    await erase(settings, keys, clock)
    assert await alive(owner) == set()
    # What has been erased is in no file any more; the page of it names nobody.
    assert (await client.get(f"{address}.zip")).status_code == 404
    assert "Anna" not in await text_of(client, address)
    # Made when nobody waits, there is no file.
    assert (await post_form(client, "/personal/gallras", {}, "/personal/konto")).headers["location"] == "/personal/gallras"
    client.cookies.clear()
    await sign_in_as(client, "mia", clock.now())
    assert (await client.get(address)).status_code == 404


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
    assert "1 wait for the archive" in told
    assert len(await alive(owner)) == 3
    assert await owner.fetchval("select count(*) from retention_run") == 0
    with monkeypatch.context() as gone:
        gone.setattr(KeyFolder, "usable", lambda _: False)
        assert await erase_by_hand() == 1
    assert "key folder" in capsys.readouterr().err
    lost = past.records[1]
    keys.discard("person", lost)
    assert await erase_by_hand() == 1
    said = capsys.readouterr()
    assert "1 records have been erased." in said.out
    assert "1 records could not be erased" in said.err
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
