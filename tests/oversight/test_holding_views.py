"""Holding a record back on the pages, and who is due: who may, who sees it, and what leaves a line in the log."""

import asyncpg
import httpx
import pytest

from programmes.core.sealing import KeyFolder
from programmes.oversight.due import views as due_views
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import post_form, sign_in_as
from tests.lists import lines_of
from tests.oversight.retention_cast import NIGHT, Past, alive, erase, text_of


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


async def test_who_is_due_is_a_file_too_and_that_it_was_taken_stands_in_the_log(
    past: Past, client: httpx.AsyncClient, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await owner.execute("update participant set protected_identity = true where id = $1", past.records[2])
    await sign_in_as(client, "kim", NIGHT)
    assert 'href="/personal/gallras.csv"' in (await client.get("/personal/gallras")).text
    before = await owner.fetchval("select max(id) from record_look")
    lines = await lines_of(client, "/personal/gallras.csv")
    assert sorted(line[1] for line in lines) == ["Anna Ask", "Bo Ek", "Deltagare 3"]
    assert {line[0] for line in lines} == {"Internt, sekretess"}
    assert {line[2] for line in lines} == {past.cohort.name}
    looks = await owner.fetch("select participant_id, page from record_look where id > $1", before)
    assert sorted(row["participant_id"] for row in looks) == sorted(past.records)
    assert {row["page"] for row in looks} == {"retention_file"}
    await sign_in_as(client, "mia", NIGHT)
    assert await lines_of(client, "/personal/gallras.csv") == []


async def test_the_page_has_a_hundred_and_the_file_all(
    past: Past, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_views, "_MOST", 2)
    await sign_in_as(client, "kim", NIGHT)
    shown = await text_of(client, "/personal/gallras")
    assert "Det finns fler." in shown
    assert "Cia Al" not in shown
    assert len(await lines_of(client, "/personal/gallras.csv")) == 3
