"""What has to be in order, for managers; and an edition to come, from a file, compared fact by fact."""

import argparse
import dataclasses
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes import edition_commands
from programmes.catalogue import queries as catalogue
from programmes.catalogue.edition_rules import Difference, differences
from programmes.catalogue.file_services import EDITIONS
from programmes.catalogue.services import load_edition
from programmes.core.sealing import KeyFolder
from programmes.oversight.checklist import queries as checklist
from programmes.oversight.compliance.edition_wording_rules import fact_words, value_words
from programmes.oversight.compliance.queries import compliance
from programmes.settings import Settings
from tests.catalogue.test_storing import may_store
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, sign_in_as, somebody
from tests.lists import lines_of
from tests.oversight.test_statistics_rules import EDITION

PAGE = "/personal/efterlevnad"
OF_2_8 = next(p for p in EDITION.values() if p.section == "2.8")
__all__ = ["may_store"]


def test_two_editions_are_compared_fact_by_fact() -> None:
    everything = list(EDITION.values())
    assert differences(everything, everything) == ()
    other = dataclasses.replace(OF_2_8, participants_max=10, study_visit=False)
    changed = [other if p.section == "2.8" else p for p in everything]
    assert differences(everything, changed) == (
        Difference("2.8", "participants", (5, 8), (5, 10)), Difference("2.8", "study_visit", True, False),
    )  # fmt: skip
    gone = [p for p in everything if p.section != "2.8"]
    assert differences(everything, gone) == (Difference("2.8", "name", OF_2_8.name, None),)
    assert differences(gone, everything) == (Difference("2.8", "name", None, OF_2_8.name),)
    # How something is put is no fact.
    lead = dataclasses.replace(OF_2_8.lead, sv="Annat")
    assert differences([OF_2_8], [dataclasses.replace(OF_2_8, lead=lead)]) == ()


@pytest.mark.parametrize("programme", EDITION.values(), ids=lambda p: p.section)
def test_every_fact_of_every_section_has_words(programme: object) -> None:
    nothing = dataclasses.replace(
        OF_2_8, section=programme.section, name="", form="x", way_in="x", doc_level="x", age_facts=None, declarations=(),  # type: ignore[attr-defined]
        participants_min=99, sessions_min=99, duration_weeks=99, starts_per_year_min=99, figures=("x",), interpretations=(),
    )  # fmt: skip
    for one in differences([nothing], [programme]):  # type: ignore[list-item]
        assert fact_words(one.fact)
        said = value_words(one.fact, one.after)
        assert said
        assert one.fact == "address" or "_" not in said, (one.fact, said)
        assert "Text(" not in said


@pytest.fixture
async def sasha(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_staff_member("sasha", "manager", clock.now())
    await sign_in_as(client, "sasha", clock.now())


async def _page(client: httpx.AsyncClient) -> str:
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    return answer.text


async def test_what_is_not_in_order_is_named_and_nobody_in_it(
    sasha: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    text = await _page(client)
    assert "2.1 ABC" in text, "no decision is known"
    assert "PROGRAMMES_BOARD_DECISION" in text
    await owner.execute(
        """insert into interpretation_choice (section, key, value, chosen_by, chosen_at)
           select section, 'board_decision', '"§ 12"', 1, $1 from programme""",
        clock.now(),
    )
    text = await _page(client)
    assert "2.1 ABC" not in text
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=1)
    await somebody(cohort, keys, clock.now(), "Hemlig")
    await owner.execute("update cohort set state = 'started', name = 'ABC i Hamnen'")
    last = await owner.fetchval("select max(ends_at) from cohort_session")
    # As long as the checklist gives: whoever keeps its day is in order here too.
    for days, late in ((29, False), (30, False), (31, True)):
        clock.set(last + timedelta(days=days))
        await sign_in_as(client, "sasha", clock.now())
        text = await _page(client)
        assert ("mer än 30 dagar sedan" in text) == late, days
        assert ("programmes doctor" in text) == late, days
        assert text.count("2.1 ABC i Hamnen") == 2 * late
        [way] = await checklist.ways(kim, clock.now(), cohort.cohort_id)
        close = checklist.steps(way, clock.now())[-1]
        assert close.due is not None
        assert (close.due < clock.now().date()) == late
    assert "Hemlig" not in text
    await owner.execute(
        "insert into look_review (month, seed, lines, made_at) values ('2026-08-01', '0', 0, $1)", clock.now()
    )
    text = await _page(client)
    assert 'href="/personal/granskning/2026-08"' in text


async def test_an_edition_to_come_says_what_it_changes_and_which_groups_go_on_under_the_one_before(
    sasha: None, may_store: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    assert "Ingen ny utgåva är inlagd" in await _page(client)
    robin = await a_leader(clock.now())
    for section, name in (("2.8", "Går vidare"), ("2.7", "Berörs inte")):
        cohort = await a_cohort(section, clock.now(), robin)
        await owner.execute("update cohort set name = $2 where id = $1", cohort.cohort_id, name)
    in_force = [p for _id, p in await catalogue.in_force(date(2026, 9, 2))]
    changed = tuple(dataclasses.replace(p, participants_max=9) if p.section == "2.8" else p for p in in_force)
    [path] = EDITIONS.glob("*.toml")
    later = dataclasses.replace(
        edition_commands.read_edition(path), valid_from=date(2026, 9, 20), digest=b"later", programmes=changed
    )
    assert await edition_commands.load(later, date(2026, 9, 20)) == 1, "its day has come already"
    await load_edition(later, clock.now())
    text = await _page(client)
    assert "Ny utgåva från 20 september 2026" in text
    assert "1 sak blir annorlunda" in text
    assert "5–9" in text
    assert "2.8 Går vidare" in text
    assert "Berörs inte" not in text


async def test_a_series_that_has_talks_left_to_book_is_touched_too_and_main_rule_touches_all(
    sasha: None, may_store: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, most = await a_leader(clock.now()), EDITION["2.14"].sessions_max
    assert most is not None
    told = {
        "Ingen tid än": (0, True),
        "Fler att boka": (1, True),
        "Alla hållna": (most, True),
        "Bokade på en gång": (1, False),
    }
    for name, (sessions, one_at_a_time) in told.items():
        series = await a_cohort(
            "2.14", clock.now(), robin, minimum=1, maximum=1, sessions=sessions, one_at_a_time=one_at_a_time,
            first_in=timedelta(days=2),
        )  # fmt: skip
        await owner.execute("update cohort set name = $2, state = 'started' where id = $1", series.cohort_id, name)
    group = await a_cohort("2.8", clock.now(), robin)
    await owner.execute("update cohort set name = 'Gruppen' where id = $1", group.cohort_id)
    later = clock.now().date() + timedelta(days=400)
    in_force = [p for _id, p in await catalogue.in_force(date(2026, 9, 2))]
    changed = tuple(dataclasses.replace(p, duration_weeks=50) if p.section == "2.14" else p for p in in_force)
    [path] = EDITIONS.glob("*.toml")
    shipped = edition_commands.read_edition(path)
    await load_edition(dataclasses.replace(shipped, valid_from=later, digest=b"later", programmes=changed), clock.now())
    text = await _page(client)
    assert {name for name in told if name in text} == {"Ingen tid än", "Fler att boka"}
    # What is said for all sections is compared as it was stored, and a main rule touches each of them.
    rule = {**shipped.facts, "doc_main_rule": "nothing is documented"}
    soon = clock.now().date() + timedelta(days=20)
    await load_edition(dataclasses.replace(shipped, valid_from=soon, digest=b"soon", facts=rule), clock.now())
    [first, _second] = (await compliance(clock.now())).coming
    assert [(c.section, c.fact, c.after) for c in first.changes] == [("", "main_rule", "nothing is documented")]
    assert {name for _section, name in first.touched} >= {"Gruppen", "Ingen tid än"}
    text = await _page(client)
    assert "Alla avsnitt" in text
    assert '<span lang="en">nothing is documented</span>' in text


async def test_what_could_not_be_compared_is_said_until_the_file_is_loaded_again(
    sasha: None,
    may_store: None,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A release before this one stores an edition of one's own without what it says for all sections."""
    [path] = EDITIONS.glob("*.toml")
    shipped, today = edition_commands.read_edition(path), date(2026, 9, 2)
    rule = {**shipped.facts, "doc_main_rule": "nothing is documented"}
    later = dataclasses.replace(shipped, valid_from=date(2026, 9, 20), digest=b"later", facts=rule)
    await load_edition(later, clock.now())
    await owner.execute("update edition set facts = null where digest = $1", b"later")
    text = await _page(client)
    assert "0 saker blir annorlunda." in text
    assert "Det som gäller alla avsnitt är inte jämfört" in text
    assert "Ingen planerad eller pågående grupp berörs." not in text
    lines = (await client.get("/personal/efterlevnad.csv")).text
    assert "Inte jämfört" in lines
    even_later = dataclasses.replace(later, valid_from=date(2026, 10, 20), digest=b"even later")
    assert await edition_commands.compare(even_later, today) == 0
    assert "could not be compared" in capsys.readouterr().out
    # Its file again.
    assert await edition_commands.load(later, today) == 0
    text = await _page(client)
    assert "nothing is documented" in text
    assert "inte jämfört" not in text
    assert await edition_commands.compare(even_later, today) == 0
    assert "could not be compared" not in capsys.readouterr().out


async def test_a_section_that_is_gone_or_new_is_said_in_words(
    sasha: None, may_store: None, client: httpx.AsyncClient, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    in_force = [p for _id, p in await catalogue.in_force(date(2026, 9, 2))]
    changed = (
        *(p for p in in_force if p.section != "3.1"),
        dataclasses.replace(in_force[0], section="2.99", slug="ny-insats", name="Ny insats för alla"),
    )
    [path] = EDITIONS.glob("*.toml")
    later = dataclasses.replace(
        edition_commands.read_edition(path), valid_from=date(2026, 9, 20), digest=b"gone", programmes=changed
    )
    assert await edition_commands.compare(later, date(2026, 9, 2)) == 0
    told = capsys.readouterr().out
    assert "2 facts are otherwise" in told
    # The words of the edition stand on lines of their own, with no English beside them.
    assert "was:" not in told
    assert told.count("\n      - ") == told.count("\n      + ") == 2
    one = dataclasses.replace(later, programmes=changed[:-1])
    assert await edition_commands.compare(one, date(2026, 9, 2)) == 0
    assert "1 fact is otherwise" in capsys.readouterr().out
    await load_edition(later, clock.now())
    for text in (told, await _page(client)):
        assert "3.1 finns inte längre" in text
        assert "2.99 är ny" in text


async def test_an_edition_is_taken_back_until_its_day_or_until_something_stands_on_it(
    may_store: None, db: None, clock: FrozenClock, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = EDITIONS.glob("*.toml")
    day, today = date(2026, 9, 20), date(2026, 9, 2)
    later = dataclasses.replace(edition_commands.read_edition(path), valid_from=day, digest=b"later")
    edition = await load_edition(later, clock.now())
    # Of one day there is one edition.
    assert await edition_commands.load(dataclasses.replace(later, digest=b"another"), today) == 1
    assert "programmes edition remove 2026-09-20" in capsys.readouterr().err
    assert [found for found, *_rest in await catalogue.coming(today)] == [day]
    assert await edition_commands.load(later, today) == 0
    assert "stored already" in capsys.readouterr().out
    assert await edition_commands.remove(day, day) == 1
    assert "is in force" in capsys.readouterr().err
    await a_cohort("2.8", clock.now())
    await owner.execute(
        "update cohort set programme_id = (select id from programme where edition_id = $1 and section = '2.8')", edition
    )
    assert await edition_commands.remove(day, today) == 1
    assert "stands on" in capsys.readouterr().err
    await owner.execute(
        """update cohort set programme_id = (select id from programme where edition_id <> $1 and section = '2.8')""", edition
    )
    assert await edition_commands.remove(day, today) == 0
    assert await catalogue.coming(today) == []
    assert await edition_commands.remove(day, today) == 1
    assert "no edition is stored" in capsys.readouterr().err
    assert await edition_commands.remove(date(2026, 4, 1), date(2026, 3, 1)) == 1
    assert "belongs to this release" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(9999, 1, 1), "edition.valid_from: 9999-01-01 is more than 10 years ahead"),
        (date(2036, 10, 1), "edition.valid_from: 2036-10-01 is more than 10 years ahead"),
        (
            date(2016, 4, 1),
            "edition.valid_from: 2016-04-01 is before the edition that is in force, which is from 2026-04-01",
        ),
        (date(1, 1, 1), "edition.valid_from: 0001-01-01 is before the edition"),
    ],
)
async def test_a_first_day_that_cannot_be_meant_is_refused_before_anything_is_stored(
    may_store: None, db: None, capsys: pytest.CaptureFixture[str], day: date, says: str
) -> None:
    [path] = EDITIONS.glob("*.toml")
    today, stored = date(2026, 9, 2), await catalogue.digests()
    other = dataclasses.replace(edition_commands.read_edition(path), valid_from=day, digest=b"other")
    for command in (edition_commands.compare, edition_commands.load):
        assert await command(other, today) == 1
        assert says in capsys.readouterr().err
    assert await catalogue.digests() == stored


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 8, 1), "it would be in force since 2026-08-01. What has been decided since then was decided by the one"),
        (date(2026, 9, 2), "it would be in force since 2026-09-02."),
        (date(2026, 9, 20), "another one is stored for 2026-09-20. Take that back first"),
    ],
)
async def test_comparing_says_that_loading_would_be_refused_and_why_in_the_same_words(
    may_store: None, db: None, clock: FrozenClock, capsys: pytest.CaptureFixture[str], day: date, says: str
) -> None:
    [path] = EDITIONS.glob("*.toml")
    shipped, today = edition_commands.read_edition(path), date(2026, 9, 2)
    await load_edition(dataclasses.replace(shipped, valid_from=date(2026, 9, 20), digest=b"later"), clock.now())
    other = dataclasses.replace(shipped, valid_from=day, digest=b"other")
    assert await edition_commands.load(other, today) == 1
    why = capsys.readouterr().err.removeprefix("programmes edition: ").strip()
    assert why.startswith(says)
    assert await edition_commands.compare(other, today) == 1
    told = capsys.readouterr()
    assert "otherwise" in told.out, "it is compared all the same"
    assert told.err.strip() == f"programmes edition: loading it would be refused: {why}"
    # What is stored already is let in again.
    assert await edition_commands.compare(shipped, today) == 0
    assert capsys.readouterr().err == ""


async def test_a_file_that_is_no_edition_is_refused_in_words(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    edition_commands.add_to(parser)
    (tmp_path / "no.toml").write_text("hej = 1")
    for name, told in (("no.toml", "this is no edition: no.toml"), ("none.toml", "cannot be read (No such file")):
        arguments = parser.parse_args(["compare", str(tmp_path / name)])
        assert arguments.run(settings, arguments) == 1
        assert told in capsys.readouterr().err


async def test_the_page_is_a_file_too(
    sasha: None, may_store: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), await a_leader(clock.now()))
    await owner.execute("update cohort set name = 'Går vidare' where id = $1", cohort.cohort_id)
    await owner.execute(
        "insert into look_review (month, seed, lines, made_at) values ('2026-08-01', '0', 0, $1)", clock.now()
    )
    in_force = [p for _id, p in await catalogue.in_force(date(2026, 9, 2))]
    in_order = ["Internt, sekretess", "Riktlinjens utgåvor", "I ordning", "", ""]
    assert in_order in await lines_of(client, f"{PAGE}.csv")
    changed = tuple(dataclasses.replace(p, participants_max=9) if p.section == "2.8" else p for p in in_force)
    [path] = EDITIONS.glob("*.toml")
    await load_edition(
        dataclasses.replace(
            edition_commands.read_edition(path), valid_from=date(2026, 9, 20), digest=b"later", programmes=changed
        ),
        clock.now(),
    )
    assert f'href="{PAGE}.csv"' in await _page(client)
    lines = await lines_of(client, f"{PAGE}.csv")
    assert ["Internt, sekretess", "Månader som inte är granskade", "Inte i ordning", "augusti 2026", ""] in lines
    assert ["Internt, sekretess", "Grupper som inte är avslutade", "I ordning", "", ""] in lines
    assert in_order not in lines
    assert [line[2:] for line in lines if line[1] == "Ny utgåva från 20 september 2026"] == [
        ["Ändras", "2.8 Antal deltagare", "5–8 blir 5–9"],
        ["Berörs", "2.8 Går vidare", ""],
    ]
