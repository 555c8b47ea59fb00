"""Own questions: a version once written never changes, a box keeps what its slips were printed with, nothing is mixed."""

import html
import re
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.core.principal import Principal
from programmes.evaluation import form_queries, form_rules, form_services, rules, services
from programmes.evaluation.form_rules import STANDARD, OwnQuestion, Questions, own_questions, version_for
from programmes.evaluation.keys import seal
from programmes.evaluation.queries import release_of
from programmes.settings import Settings
from programmes.web.forms import Form
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups
from tests.factories import a_coordinator, post_form, sign_in_as

STEPS = OwnQuestion("scale", {"sv": "Passade lokalen?", "en": "Did the room suit you?"})
WRITTEN = OwnQuestion("text", {"sv": "Vad saknade du?"})
WIDEST = "\U0001f600"


@pytest.mark.parametrize(
    "found",
    [
        [STEPS, WRITTEN, OwnQuestion("text", {"sv": "Tre?"})],
        [OwnQuestion("text", {"en": "Only English?"})],
        [OwnQuestion("text", {"sv": "Ja?", "de": "Ja?"})],
        [OwnQuestion("voice", {"sv": "Ja?"})],  # type: ignore[arg-type]
        [STEPS, OwnQuestion("text", {"sv": "PASSADE LOKALEN?"})],
        *([OwnQuestion("text", {"sv": wrong})] for wrong in (
            "", " ", "\u2028", "\u200b", "a\nb", "a\x00", "\ud800", "x" * 161, "\u202eagarf", "Ja?\u2066", " Ja?")),
    ],
)  # fmt: skip
def test_what_no_form_can_ask_is_refused(found: list[OwnQuestion]) -> None:
    with pytest.raises(ValueError, match=r"form|question"):
        own_questions(found)


def test_the_standard_form_is_version_one_and_the_same_questions_are_the_same_version() -> None:
    two, three = Questions(2, (STEPS,)), Questions(3, (STEPS, WRITTEN))
    assert version_for([], [two, three]) == STANDARD
    assert version_for([STEPS], [two, three]) == two
    assert version_for([WRITTEN], [two, three]) == Questions(4, (WRITTEN,))
    assert len(three.scales) + len(three.texts) == form_rules.MOST_QUESTIONS == 8
    assert (three.scales, three.texts) == ((*form_rules.SCALES, "own1"), ("good", "change", "own2"))


@pytest.mark.parametrize("own", [(), (STEPS,), (WRITTEN, OwnQuestion("text", {"sv": "Mer?"}))])
@pytest.mark.parametrize("letter", ['"', "\\", "ش", WIDEST])
def test_every_answer_to_a_version_has_one_length_and_fits_into_a_row(
    own: tuple[OwnQuestion, ...], letter: str, settings: Settings
) -> None:
    asked = Questions(2 if own else 1, own)
    full: dict[str, object] = dict.fromkeys(asked.scales, 5) | {key: letter * asked.longest(key) for key in asked.texts}
    plain = rules.padded(rules.answers(full, asked), asked)
    assert len(plain) == len(rules.padded(rules.answers({"safety": 1}, asked), asked)) == asked.plain_length
    assert rules.unpadded(plain, asked).texts == {key: letter * asked.longest(key) for key in asked.texts}
    # `cast_ballot` takes 8000 bytes, and a row that is kept in line has a page.
    assert len(seal(settings.key_folder, None, plain)) < 8000


@given(st.lists(st.dictionaries(st.sampled_from(("safety", "own1")), st.integers(1, 5), min_size=1), max_size=12))
def test_an_own_scale_has_the_same_threshold(given_: list[dict[str, int]]) -> None:
    asked = Questions(2, (STEPS,))
    atom = rules.atom([[rules.Answers(one) for one in given_]], True, asked)
    answered = sum("own1" in one for one in given_)
    assert (atom is not None and "own1" in atom.results) == (answered >= 5)


async def test_a_box_keeps_what_its_slips_were_printed_with(
    groups: Groups, settings: Settings, clock: FrozenClock, robin: Principal, owner: asyncpg.Connection
) -> None:
    now = clock.now()
    before, old = await groups.with_slips(5)
    two = await form_services.choose("2.1", [STEPS, WRITTEN], robin.staff_id, now)
    assert two == await form_services.choose("2.1", [STEPS, WRITTEN], robin.staff_id, now)
    assert await form_services.choose("2.1", [], robin.staff_id, now) == STANDARD
    assert await form_services.choose("2.1", [STEPS, WRITTEN], robin.staff_id, now) == two
    assert [q.version for q in await form_queries.versions("2.1")] == [2]
    after, new = await groups.with_slips(5)
    asked = [(await services.asked_of_slip(slips[0]) or (None, None))[1] for slips in (old, new)]
    assert asked == [STANDARD, two]
    with pytest.raises(ValueError, match="no such answer"):
        await services.cast(old[0], {"own1": 3}, settings.key_folder)
    # Printed anew before any answer, the slips ask what is asked now.
    again = await services.print_slips(before.cohort_id, robin, now, replacing=True)
    assert isinstance(again, list)
    assert (await services.asked_of_slip(again[0]) or (None, None))[1] == two
    await form_services.choose("2.1", [WRITTEN], robin.staff_id, now)
    for code in new:
        assert await services.cast(code, {**GLAD, "own1": 4, "own2": "Fika"}, settings.key_folder)
    assert await services.print_slips(after.cohort_id, robin, now, replacing=True) == services.NoSlips("answered")
    for statement, named in (
        ("update ballot set form_version = 3 where cohort_id = $1", "ballot_keeps_its_form"),
        ("update ballot set form_version = 9 where cohort_id = $1", "ballot_has_a_form"),
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
            await owner.execute(statement, after.cohort_id)
        assert refused.value.constraint_name == named
    await services.close(after.cohort_id, robin, now)
    await worker.drain(groups.worker)
    release = await release_of(after.cohort_id)
    assert release
    assert release.asked == two
    assert release.results["own1"] == [0, 0, 0, 5, 0]


@pytest.mark.parametrize("role", ["web", "worker"])
@pytest.mark.parametrize("table", ["evaluation_form", "release"])
async def test_neither_a_version_nor_a_release_is_ever_changed(role: str, table: str, settings: Settings, db: None) -> None:
    connection = await asyncpg.connect(settings.web_database_url if role == "web" else settings.worker_database_url)
    try:
        for statement in (f"update {table} set section = '2.1'", f"delete from {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_small_groups_that_were_asked_differently_are_never_mixed(
    groups: Groups, clock: FrozenClock, robin: Principal, owner: asyncpg.Connection
) -> None:
    await groups.closed(3, section="2.7")
    await form_services.choose("2.7", [STEPS], robin.staff_id, clock.now())
    await groups.closed(4, section="2.7")
    assert await owner.fetchval("select count(*) from release") == 0
    await groups.closed(3, section="2.7", given={**GLAD, "own1": 2})
    row = await owner.fetchrow("select answers, form_version, results::text from release")
    assert (row["answers"], row["form_version"]) == (7, 2)
    # Three of seven answered it: not shown.
    assert "own1" not in row["results"]
    assert await owner.fetchval("select count(*) from sealed_answer") == 3


def fields(**typed: str) -> dict[str, object]:
    return {"sort1": "scale", "sort2": "text", **typed}


def test_every_character_that_a_form_takes_can_be_asked_and_answered() -> None:
    """What the page lets through and the rules refuse is an error of ours."""
    for letter in map(chr, [*range(0xD800), *range(0xE000, 0x30000), *range(0xE0000, 0xE1000)]):
        typed = Form({"sv1": [letter], "good": [f"a{letter}"]})
        words, written = typed.text("sv1", 160), typed.written("good", 500)
        if words and "sv1" not in typed.errors:
            assert own_questions([OwnQuestion("scale", {"sv": words})])
        if "good" not in typed.errors:
            assert rules.answers({"good": written})


async def test_a_coordinator_adds_questions_and_who_answers_sees_them(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now(), "kim", "2.1")
    address = "/personal/utvarderingar/abc/fragor"
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(address)).status_code == 403
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get("/personal/utvarderingar/finns-inte/fragor")).status_code == 404
    assert address in (await client.get("/personal/utvarderingar")).text
    shown = await client.get(address)
    assert "Fråga inte efter något som visar vem som svarar" in shown.text
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"en1": "Only?"}, "Skriv frågan på svenska också."),
        ({"sv1": "x" * 161}, "Skriv högst 160 tecken."),
        ({"sv1": "Ja\u202e?"}, "tecken som inte går att använda"),
        ({"sv1": "Ja\x00?"}, "tecken som inte går att använda"),
        ({"sv1": "\u200b\u200d"}, "Det finns bara tecken som inte syns."),
        ({"sv1": "Ja?", "en1": "\u2800"}, "Det finns bara tecken som inte syns."),
        ({"sv1": "Ja?", "sort1": "röst"}, "Välj ett av alternativen."),
        ({"sv1": "Ja?", "sv2": "JA?"}, "Den frågan finns redan."),
        ({"sv1": "Hur mår Anna, född 14 februari 1985?"}, "som kan leda till någon"),
        ({"sv1": "Ja?", "en1": "Did Storgatan 5 suit you?"}, "som kan leda till någon"),
    ]
    for typed, said in wrongs:
        refused = await post_form(client, address, fields(**typed), page=address)
        assert refused.status_code == 422, typed
        assert said in html.unescape(refused.text), typed
        assert html.escape(str(typed.get("en1", ""))) in refused.text
    with pytest.raises(ValueError, match="leads to nobody"):
        await form_services.choose("2.1", [OwnQuestion("text", {"sv": "Ring 070-174 06 05?"})], 1, clock.now())
    assert await owner.fetchval("select count(*) from evaluation_form") == 0
    typed = {"sv1": "Passade <b>lokalen</b>?", "en1": "Did the room suit you?", "sv2": "Vad saknade du?", "ar2": "ماذا؟"}
    assert (await post_form(client, address, fields(**typed), page=address)).status_code == 303
    kept = (await client.get(address)).text
    assert "version 2 av formuläret" in kept
    assert 'value="Did the room suit you?"' in kept
    cohort, slips = await groups.with_slips(10)
    assert "1 låda har redan sina lappar" in (await client.get(address)).text
    client.cookies.clear()
    swedish, english, arabic = [
        (await client.post(f"/u?lang={lang}", data={"kod": slips[0]})).text for lang in ("sv", "en", "ar")
    ]
    assert "Passade &lt;b&gt;lokalen&lt;/b&gt;?" in swedish
    assert "Fem frågor och tre rutor att skriva i." in swedish
    assert "bara på svenska" not in swedish
    assert "Did the room suit you?" in english
    assert re.search(r'<label[^>]*for="own2"><span lang="sv" dir="ltr">Vad saknade du\?</span>', english)
    assert "This question is in Swedish only." in english
    assert re.search(r'<h2><span lang="sv" dir="ltr">Passade', arabic)
    assert re.search(r'<label[^>]*for="own2"><bdi>ماذا؟</bdi>', arabic)
    data = {"steg": "svar", "own1": "4", "own2": "å" * 301}
    long = await client.post("/u", data={"kod": slips[0], **data})
    assert "Skriv högst 300 tecken." in long.text
    for code in slips:
        sent = await client.post("/u", data={"kod": code, **data, "own2": "Fika"})
        assert sent.status_code == 303
    await services.close(cohort.cohort_id, None, clock.now())
    await worker.drain(groups.worker)
    await sign_in_as(client, "kim", clock.now())
    done = (await client.get("/personal/utvarderingar")).text
    assert "Passade &lt;b&gt;lokalen&lt;/b&gt;?" in done
    assert '<td role="cell" class="r" data-label="Steg 4"><span>10</span></td>' in done
