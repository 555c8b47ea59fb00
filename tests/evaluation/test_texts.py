"""Free texts: held sealed, gone through by a coordinator in view of both, shown from five of two groups, then destroyed."""

import html
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.core.sealing import KeyGone, Unreadable
from programmes.evaluation import review_queries, review_services, services, text_rules
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.text_keys import open_for_review
from programmes.evaluation.text_rules import ReviewFacts, seen_digest
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.factories import a_coordinator, post_form, sign_in_as

PAGE = "/personal/utvarderingar/abc/kommentarer"


@given(st.lists(st.integers(0, 3), max_size=9))
def test_texts_are_read_and_shown_from_five_of_two_groups(groups_: list[int]) -> None:
    tags = [uuid4() for _ in range(4)]
    enough = text_rules.enough([tags[n] for n in groups_])
    assert enough == (len(groups_) >= 5 and len(set(groups_)) >= 2)


async def group_of(groups: Groups, texts: Sequence[dict[str, object]], section: str = "2.1") -> None:
    """A group that has closed, of which everybody chose a step and some wrote."""
    cohort, slips = await groups.with_slips(len(texts), section)
    for code, text in zip(slips, texts, strict=True):
        assert await services.cast(code, {"safety": 4, **text}, groups.worker.settings.key_folder)
    await services.close(cohort.cohort_id, groups.leader, groups.clock.now())
    await worker.drain(groups.worker)


def good(*words: str) -> list[dict[str, object]]:
    return [{"good": word} for word in words]


async def review(section: str = "2.1") -> ReviewFacts:
    found = await review_queries.review_of(section)
    assert found
    return found


async def begun(groups: Groups) -> ReviewFacts:
    await review_services.ask(await review(), groups.leader.staff_id, groups.clock.now())
    await worker.drain(groups.worker)
    found = await review()
    assert found.state == "open"
    return found


@asynccontextmanager
async def order_of_insertion(owner: asyncpg.Connection) -> AsyncIterator[list[UUID]]:
    """The ids in the order they were written. The place of a row need not say it: a page with room is filled first."""
    ids: list[UUID] = []

    def note(_connection: object, _pid: int, _channel: str, id_: object) -> None:
        ids.append(UUID(str(id_)))

    await owner.execute(
        """create function say_insertion() returns trigger language plpgsql as
           $$begin perform pg_notify('inserted', new.id::text); return new; end$$;
           create trigger say_insertion after insert on held_text for each row execute function say_insertion()"""
    )
    await owner.add_listener("inserted", note)
    try:
        yield ids
        await owner.execute("select 1")
    finally:
        await owner.remove_listener("inserted", note)
        await owner.execute("drop trigger say_insertion on held_text; drop function say_insertion()")


async def test_five_texts_of_one_group_wait_and_one_more_group_is_enough(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    await group_of(groups, [*good(*"abcde"), {"change": "x"}, {"change": "y"}])
    assert await review_queries.review_of("2.1") is None
    first = await owner.fetch("select id, group_tag, blob, key_id from held_text")
    async with order_of_insertion(owner) as written:
        await group_of(groups, [*good("f"), *[{}] * 4])
    assert (await review()).state == "ready"
    # Nothing that lay there before is seen again: not its id, its bytes, its group's tag, nor its key.
    second = await owner.fetch("select id, group_tag, blob, key_id, xmin from held_text")
    for column in ("id", "group_tag", "blob", "key_id"):
        assert not {row[column] for row in first} & {row[column] for row in second}
    assert written[-len(second) :] == sorted(row["id"] for row in second)
    assert len({row["xmin"] for row in second}) == 1
    with pytest.raises(KeyGone):
        ballot_keys.texts.open("2.1", first[0]["key_id"], first[0]["blob"])
    assert [r["kind"] for r in ballot_keys.texts.receipts() if r["key"] == str(first[0]["key_id"])] == ["text"]


async def test_what_the_release_before_held_or_wrote_again_is_taken_over(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys, settings: Settings
) -> None:
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    path = settings.ballot_key_folder / "text" / "2.1.key"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(key)
    plain = (3).to_bytes(4, "big") + b"old".ljust(2044, b"\0")
    await owner.execute(
        """insert into held_text (id, section, question, group_tag, blob, state)
           values (gen_random_uuid(), '2.1', 'good', gen_random_uuid(), $1, 'held')""",
        nonce + AESGCM(key).encrypt(nonce, plain, b"2.1"),
    )
    await group_of(groups, good(*"abcde"))
    assert not path.exists()
    # Its worker knows no ids of keys; it may run once more.
    await owner.execute("update held_text set key_id = null")
    await worker.drain(groups.worker)
    await group_of(groups, [*good("f"), *[{}] * 4])
    rows = await owner.fetch("select key_id, blob from held_text")
    assert {ballot_keys.texts.open("2.1", row["key_id"], row["blob"]) for row in rows} == {"old", *"abcdef"}
    assert ballot_keys.texts.alive("2.1") == [rows[0]["key_id"]]


async def test_only_a_coordinator_of_the_programme_reads_and_only_while_the_review_is_open(
    groups: Groups, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    await a_coordinator(clock.now(), "kim", "2.1")
    await a_coordinator(clock.now(), "alex", "2.7")
    staff = {row["username"]: row["id"] for row in await owner.fetch("select id, username from staff")}
    await group_of(groups, good(*"abcd", "lone"))
    await group_of(groups, [*good("شكرا"), *[{"change": "less"}] * 4])
    found = await begun(groups)
    web = await asyncpg.connect(settings.web_database_url)
    try:
        for name, number in (("kim", 6), ("alex", 0), ("robin", 0)):
            assert len(await web.fetch("select * from review_texts($1, $2)", found.review_id, staff[name])) == number
        assert not await web.fetchval("select keep_drafts($1, $2, '{}', '{}')", found.review_id, staff["alex"])
        for statement in ("select * from review_text", "update text_review set ends_at = null", "delete from text_review"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.execute(statement)
    finally:
        await web.close()
    texts = await review_services.texts(found, staff["kim"], settings.key_folder)
    assert {t.original for t in texts} == {*"abcd", "lone", "شكرا"}
    assert {t.question for t in texts} == {"good"}, "one group alone has written to the other question"
    rows = await owner.fetch("select * from review_text order by ctid")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    with pytest.raises(Unreadable):
        open_for_review(settings.key_folder, found.review_id, rows[0]["id"], rows[1]["blob"])
    key = settings.key_folder / "reviews" / f"{found.review_id}.key"
    assert key.stat().st_mode & 0o777 == 0o600
    # Later texts wait for another review, also when this one is paused and begun again.
    await group_of(groups, good(*"ghijk"))
    assert found.ends_at
    clock.set(found.ends_at - timedelta(seconds=1))
    await worker.drain(groups.worker)
    assert (await review()).state == "open"
    clock.set(found.ends_at)
    await worker.drain(groups.worker)
    assert (await review()).state == "paused"
    assert not key.exists()
    assert await owner.fetchval("select count(*) from review_text") == 0
    again = await begun(groups)
    assert again.review_id == found.review_id
    texts = await review_services.texts(again, staff["kim"], settings.key_folder)
    assert {t.original for t in texts} == {*"abcd", "lone", "شكرا"}
    # A key that is lost: what was open is locked again, and can be begun anew.
    key.unlink()
    await worker.drain(groups.worker)
    assert (await review()).state == "paused"


async def sign(client: httpx.AsyncClient, **more: str) -> httpx.Response:
    shown = await client.get(f"{PAGE}/visa")
    seen = re.findall(r'name="sett" value="([0-9a-f]+)"', shown.text)[0]
    return await post_form(client, f"{PAGE}/visa", {"sett": seen, "last": "ja", **more}, page=f"{PAGE}/visa")


def written(page: str) -> dict[str, str]:
    """Every field of a part with what stands in it."""
    found = re.findall(r'<textarea[^>]* name="(t-[0-9a-f-]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


async def test_a_coordinator_goes_through_both_texts_signs_off_and_the_originals_are_destroyed(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    await a_coordinator(clock.now(), "kim", "2.1")
    await group_of(groups, [{"good": f"Bra {n}", "change": f"Mer {n}"} for n in range(9)])
    await group_of(groups, [{"good": f"Fint {n}", "change": "<i>Vi</i> på Storgatan 3"} for n in range(9)])
    await group_of(groups, good(*"abcde"), section="2.7")
    await sign_in_as(client, "kim", clock.now())
    assert PAGE in (await client.get("/personal/utvarderingar?insats=abc")).text
    assert "Börja granska" in (await client.get(PAGE)).text
    assert (await post_form(client, PAGE, {"gor": "borja"}, page=PAGE)).status_code == 303
    assert "görs i ordning" in (await client.get(PAGE)).text
    await worker.drain(groups.worker)
    assert (await client.get(f"{PAGE}/visa")).headers["location"] == PAGE, "not everything is decided"
    held = await owner.fetch("select key_id, blob from held_text where section = '2.1'")
    for place in range(1, 5):
        shown = await client.get(PAGE)
        assert f"Del {place} av 4" in shown.text
        fields = written(shown.text)
        # Both texts stand there.
        assert all(shown.text.count(html.escape(text)) >= 2 for text in fields.values())
        edited = {name: text.replace("på Storgatan 3", "") for name, text in fields.items()}
        if place == 1:
            wrong: dict[str, object] = {"del": str(place), **fields, next(iter(fields)): "x" * 501}
            refused = await post_form(client, PAGE, wrong, page=PAGE)
            assert refused.status_code == 422
            assert "Skriv högst 500 tecken." in refused.text
            edited[next(iter(fields))] = ""
        if any("Storgatan" in text for text in fields.values()):
            leading = await post_form(client, PAGE, {"del": str(place), **fields}, page=PAGE)
            assert (leading.status_code, "som kan leda till någon" in leading.text) == (422, True)
        stale: dict[str, object] = {"del": str(place), f"t-{uuid4()}": "Påhittad"}
        assert (await post_form(client, PAGE, stale, page=PAGE)).headers["location"] == PAGE
        assert (await post_form(client, PAGE, {"del": str(place), **edited}, page=PAGE)).status_code == 303
    both = await client.get(PAGE, follow_redirects=True)
    assert both.url.path == f"{PAGE}/visa"
    assert "&lt;i&gt;Vi&lt;/i&gt; på Storgatan 3" in both.text
    assert "Visas inte" in both.text
    assert (await sign(client, last="")).status_code == 422
    assert (await sign(client, sett="0" * 64)).status_code == 409
    assert (await review()).state == "open"
    assert (await sign(client)).status_code == 303
    assert "Du har skrivit under" in (await client.get(PAGE)).text
    await worker.drain(groups.worker)
    rows = await owner.fetch("select * from release_text order by ctid")
    assert Counter(row["question"] for row in rows) == {"good": 17, "change": 18}
    assert not any("Storgatan" in row["words"] for row in rows)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    # What was written is nowhere: no row, no key, and its receipt is there.
    assert await owner.fetchval("select count(*) from held_text where section = '2.1'") == 0
    assert await owner.fetchval("select count(*) from review_text") == 0
    assert ballot_keys.texts.alive("2.1") == []
    assert ballot_keys.texts.reviews() == []
    with pytest.raises(KeyGone):
        ballot_keys.texts.open("2.1", held[0]["key_id"], held[0]["blob"])
    assert len(ballot_keys.texts.alive("2.7")) == 1
    for name in ("kim", "robin"):
        await sign_in_as(client, name, clock.now())
        page = (await client.get("/personal/utvarderingar?insats=abc")).text
        assert "”&lt;i&gt;Vi&lt;/i&gt;”" in page
        assert "Kommentarer, Hösten 2026" in page
    entries = await owner.fetch("select action, subject from audit_entry where action like 'evaluation:%' order by id")
    assert [tuple(e) for e in entries] == [
        ("evaluation:review", "section/2.1"), ("evaluation:comments", "section/2.1")
    ]  # fmt: skip


async def test_what_leads_to_somebody_and_was_kept_by_the_release_before_is_not_signed_off(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, settings: Settings
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    await group_of(groups, good(*"abcde"))
    await group_of(groups, good("Anna på Storgatan 3", *"fghi"))
    found = await begun(groups)
    texts = await review_services.texts(found, kim.staff_id, settings.key_folder)
    shown = {text.text_id: text.original for text in texts}
    kept = await review_services.keep(found, shown, seen_digest(texts), kim.staff_id, settings.key_folder)
    assert kept == "kept"
    await sign_in_as(client, "kim", clock.now())
    refused = await sign(client)
    assert (refused.status_code, "som kan leda till någon" in refused.text) == (422, True)
    assert (await review()).state == "open"


async def test_a_page_from_before_another_coordinators_changes_undoes_none_of_them(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, settings: Settings
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    await a_coordinator(clock.now(), "alex", "2.1")
    await group_of(groups, good(*"abcde"))
    await group_of(groups, good("Anna på Storgatan", *"fghi"))
    found = await begun(groups)
    await sign_in_as(client, "kim", clock.now())
    old = (await client.get(f"{PAGE}?del=1")).text

    def sent(page: str, **more: str) -> dict[str, object]:
        seen = re.findall(r'name="sett" value="([0-9a-f]+)"', page)[0]
        return {"del": "1", "sett": seen, **written(page), **more}

    (named,) = [name for name, text in written(old).items() if "Storgatan" in text]
    await sign_in_as(client, "alex", clock.now())
    assert (await post_form(client, PAGE, sent(old, **{named: "En ledare"}), page=f"{PAGE}?del=1")).status_code == 303
    # Sent twice it is the same.
    assert (await post_form(client, PAGE, sent(old, **{named: "En ledare"}), page=f"{PAGE}?del=1")).status_code == 303
    await sign_in_as(client, "kim", clock.now())
    refused = await post_form(client, PAGE, sent(old), page=f"{PAGE}?del=1")
    assert refused.status_code == 409
    assert "Någon annan har sparat något annat" in refused.text
    assert written(refused.text)[named] == "Anna på Storgatan"
    assert '<p dir="auto">En ledare</p>' in refused.text

    async def shown() -> set[str | None]:
        return {text.shown for text in await review_services.texts(found, kim.staff_id, settings.key_folder)}

    assert "En ledare" in await shown()
    # What has been seen may be decided.
    again = await post_form(client, PAGE, sent(refused.text, **{named: "Ledaren"}), page=f"{PAGE}?del=1")
    assert again.status_code == 303
    assert {"En ledare", "Ledaren"} & await shown() == {"Ledaren"}


async def test_a_question_of_which_too_little_is_left_is_dropped(
    groups: Groups, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    await group_of(groups, [{"good": f"A{n}", "change": f"A{n}"} for n in range(6)])
    await group_of(groups, [{"good": f"B{n}", "change": f"B{n}"} for n in range(5)])
    found = await begun(groups)
    texts = await review_services.texts(found, kim.staff_id, settings.key_folder)
    # Of one question only one group's are left, of the other four texts of both.
    kept: dict[UUID, str] = {}
    for text in texts:
        left = text.original.startswith("A") if text.question == "good" else text.original in {"A0", "A1", "B0", "B1"}
        kept[text.text_id] = text.original if left else ""
    assert await review_services.keep(found, kept, "", kim.staff_id, settings.key_folder) == "kept"
    texts = await review_services.texts(found, kim.staff_id, settings.key_folder)
    seen = text_rules.seen_digest(texts)
    assert await review_services.sign_off(found, seen, kim.staff_id, settings.key_folder, clock.now())
    assert await review_services.keep(found, kept, "", kim.staff_id, settings.key_folder) == "over"
    await worker.drain(groups.worker)
    assert await owner.fetchval("select count(*) from release_text") == 0
    assert await owner.fetchval("select count(*) from held_text") == 0
    assert await review_queries.review_of("2.1") is None


async def test_a_restored_backup_brings_no_text_back(
    groups: Groups, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    await group_of(groups, good(*"abcde"))
    await group_of(groups, good(*"fghij"))
    found = await begun(groups)
    tables = ("held_text", "text_review", "review_text")
    saved = {table: await owner.fetch(f"select * from {table}") for table in tables}
    texts = await review_services.texts(found, kim.staff_id, settings.key_folder)
    kept = {text.text_id: text.original for text in texts}
    assert await review_services.keep(found, kept, "", kim.staff_id, settings.key_folder) == "kept"
    seen = text_rules.seen_digest(await review_services.texts(found, kim.staff_id, settings.key_folder))
    assert await review_services.sign_off(found, seen, kim.staff_id, settings.key_folder, clock.now())
    await worker.drain(groups.worker)
    assert await owner.fetchval("select count(*) from release_text") == 10
    await owner.execute("delete from release_text")
    for table in tables:
        await owner.execute(f"delete from {table}")
        for row in saved[table]:
            places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
            await owner.execute(f"insert into {table} values ({places})", *row.values())
    await worker.drain(groups.worker)
    paused = await review()
    assert paused.state == "paused"
    await review_services.ask(paused, kim.staff_id, clock.now())
    await worker.drain(groups.worker)
    assert await review_queries.review_of("2.1") is None
    assert {t: await owner.fetchval(f"select count(*) from {t}") for t in tables} == dict.fromkeys(tables, 0)
