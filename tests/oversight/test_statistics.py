"""Statistics on a real database: counted once, by its day, kept whoever is erased; by no way more than what is listed."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes.attendance import figure_services
from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import fetch, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.oversight.statistics import queries
from programmes.oversight.statistics.rules import FIGURES, NotListed, Period, Section, year_of
from programmes.worker import Worker
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.desk.cast import do_everything_first, with_a_past
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, a_venue, sign_in_as
from tests.oversight.retention_cast import NIGHT, run_at, wake
from tests.oversight.test_statistics_rules import EXPECTED

PAGE = "/personal/statistik"
_YEAR = year_of(2026)


@pytest.fixture
async def robin(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    await a_coordinator(clock.now())
    await a_coordinator(clock.now(), "mia", "2.7")
    await a_staff_member("sasha", "manager", clock.now())
    return await a_leader(clock.now())


async def _closed(
    section: str, robin: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> CohortFacts:
    """A group with all kinds of traces, closed in the way that the checklist asks for."""
    cohort, *_ = await with_a_past(section, clock, keys, robin, owner)
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    answer = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    assert isinstance(answer, closing.Closed)
    return cohort


async def _open_place(section: str, robin: Principal, clock: FrozenClock, counts: Mapping[str, Count]) -> None:
    """An occasion at each place, with so many visits."""
    for place, counted in counts.items():
        cohort = await a_cohort(section, clock.now(), robin, sessions=1, first_in=timedelta(), state="started",
                                venue_id=await a_venue(place))  # fmt: skip
        [session] = await session_ids(cohort)
        assert await attendance.count(session, counted, robin, clock.now()) is None


async def _sections(now: datetime, period: Period = _YEAR) -> dict[str, Section]:
    return {section.section: section for section in await queries.sections(period, (), now)}


def _values(section: Section, window: int = 0) -> dict[str, int | None]:
    return {figure: section.value(figure, 0 if window == 0 else 1) for figure in section.figures}


async def test_a_documented_group_is_counted_once_and_the_same_after_its_people_have_been_erased(
    robin: Principal, hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await _closed("2.7", robin, clock, keys, owner)
    # Four came to both sessions, one never came; one left before it began.
    before = await _sections(clock.now())
    assert _values(before["2.7"]) == {
        "starts": 1, "cancelled_starts": 0, "held": 2, "cancelled_sessions": 0, "people": 4, "women": 0, "men": 0,
        "other": 4, "visits": 8, "completed": 4, "dropped_out": 1, "waiting": 28, "no_shows": 2, "study_visits": 1,
        "led_on": 1, "answers": 0, "response_rate": None,
    }  # fmt: skip
    assert before["2.7"].windows[0]["most_visits"] == 4 * 2
    assert set(before) == {section for section, figures in EXPECTED.items() if figures}
    assert all(section.empty for name, section in before.items() if name != "2.7")
    # Written once: neither web nor worker can change it, and writing again changes nothing.
    row = await owner.fetchrow("select * from closed_figures")
    async with transaction():
        await figure_services.keep_figures([cohort.cohort_id])
    for statement in ("update closed_figures set people = 3", "delete from closed_figures"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(statement)
    assert await owner.fetchrow("select * from closed_figures") == row
    # Of this year it is counted in the year before of the next.
    later = await _sections(NIGHT, year_of(2027))
    assert _values(later["2.7"], 1) == _values(before["2.7"])
    assert later["2.7"].windows[0].empty
    erased = NIGHT + timedelta(days=120, hours=1)
    await wake(owner, erased)
    await run_at(hands, clock, erased)
    assert await owner.fetchval("select count(*) from participant") == 0
    assert await _sections(clock.now()) == before
    # What the release before closed is written down by the worker: what is known once people are erased, the waiting apart.
    await owner.execute("delete from closed_figures")
    await figure_services.keep_missing(hands)
    found = _values((await _sections(clock.now()))["2.7"])
    assert found == {**_values(before["2.7"]), "waiting": None}


@pytest.mark.parametrize(("column", "n", "named"), [
    ("people", 5, "sexes_make_people"), ("visits", 3, "who_came_has_visits"), ("led_on", 2, "led_on_means_visited"),
    ("no_shows", -1, "figures_not_negative"), ("cohort_id", 0, "closed_figures_cohort_id_fkey"),
])  # fmt: skip
async def test_the_database_refuses_what_no_group_can_come_to(
    column: str, n: int, named: str, robin: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await _closed("2.7", robin, clock, keys, owner)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=named):
        await owner.execute(f"update closed_figures set {column} = $1", n)


async def test_a_group_is_counted_on_the_day_it_is_closed_and_until_then_it_is_said(
    robin: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, *_ = await with_a_past("2.7", clock, keys, robin, owner)
    await do_everything_first(cohort, "2.7", robin, clock.now(), owner)
    found = await _sections(clock.now())
    assert (found["2.7"].value("starts"), found["2.7"].value("people")) == (1, 0)
    await sign_in_as(client, "kim", clock.now())
    text = (await client.get(PAGE)).text
    assert "1 grupp som har haft sin sista träff i perioden är inte avslutad." in text
    await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    today = clock.now().date()
    for first, last, people in ((today, today, 4), (today + timedelta(days=1), date(2026, 12, 31), 0)):
        assert (await _sections(clock.now(), Period(first, last)))["2.7"].value("people") == people
    assert "är inte avslutad" not in (await client.get(PAGE)).text
    # By local days: just before midnight it is the day that ends.
    midnight = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    await owner.execute("update cohort_session set starts_at = $1, ends_at = $2 where number = 1", midnight,
                        midnight + timedelta(hours=1))  # fmt: skip
    assert (await _sections(NIGHT))["2.7"].value("starts") == 0
    assert (await _sections(NIGHT, year_of(2027)))["2.7"].value("starts") == 1


async def test_groups_without_names_are_counted_as_their_section_says(
    robin: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    start = clock.now()
    for section in ("2.1", "2.16"):
        clock.set(start)
        await _closed(section, robin, clock, keys, owner)
    for sessions in (3, 4):
        clock.set(start)
        cohort, _people = await a_running("2.9", clock, keys, robin, ("Familjen",), sessions=sessions)
        assert cohort.last_end
        clock.set(cohort.last_end + timedelta(hours=1))
        await do_everything_first(cohort, "2.9", robin, clock.now(), owner)
        await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
    found = await _sections(clock.now())
    assert _values(found["2.1"]) == {
        "people": 6, "women": 4, "men": 2, "other": 0, "visits": 10, "visits_women": 6, "visits_men": 4, "visits_other": 0,
        "answers": 0,
    }  # fmt: skip
    # Two sessions were held, whatever the guideline says.
    assert found["2.1"].windows[0]["most_visits"] == 6 * 2
    ended = {"ended_early": 0, "ended_cancelled": 0}
    assert _values(found["2.16"]) == {"form": 1, "talks": 2, "ended_completed": 1, **ended}
    assert _values(found["2.9"]) == {"form": 2, "talks": 7, "ended_completed": 2, **ended}
    assert await owner.fetchval("select count(*) from closed_figures") == 0
    # A figure that nobody noted here can't come in by another way: the group's slips, and who was confirmed at its start.
    assert set(found["2.16"].windows[0].counts) <= {"form", "talks", "ended_completed"}
    # Series are there by half-years only.
    part = await _sections(clock.now(), Period(date(2026, 7, 2), date(2026, 12, 31)))
    assert part["2.9"].value("talks") is None
    assert part["2.1"].value("people") == 6


async def test_a_group_whose_list_went_by_itself_is_counted_when_it_is_closed_like_any_other(
    robin: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: Worker,
) -> None:
    start, like_any_other = clock.now(), {}
    for by_itself in (False, True):
        for section in ("2.1", "2.16"):
            clock.set(start)
            cohort, *_ = await with_a_past(section, clock, keys, robin, owner)
            if by_itself:
                clock.advance(days=30)
                await closing.erase_overdue(the_worker)
                assert not await owner.fetchval("select count(*) from enrolment")
            await do_everything_first(cohort, section, robin, clock.now(), owner)
            if by_itself:
                await sign_in_as(client, "kim", clock.now())
                assert "som har haft sin sista träff i perioden är inte avslutad." in (await client.get(PAGE)).text
            answer = await closing.close(cohort.cohort_id, uuid4(), robin, keys, clock.now())
            assert isinstance(answer, closing.Closed), answer
        clock.advance(minutes=1)
        found = await _sections(clock.now())
        values = {section: _values(found[section]) for section in ("2.1", "2.16")}
        if not by_itself:
            like_any_other = values
            assert values["2.1"]["people"] == 6
    # The second of each adds what the first did.
    for section, of_first in like_any_other.items():
        assert values[section] == {name: 2 * n if n is not None else None for name, n in of_first.items()}


async def test_open_places_are_counted_day_by_day_and_meeting_places_each_by_itself(
    robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await _open_place("3.2", robin, clock, {"Asarum": Count(10, 3, 0), "Svängsta": Count(2, 0, 1)})
    await _open_place("3.1", robin, clock, {"Karlshamn": Count(5, 5, 5)})
    found = await _sections(clock.now() + timedelta(days=1))
    assert _values(found["3.2"]) == {
        "occasions": 2, "visits": 16, "visits_women": 12, "visits_men": 3, "visits_other": 1
    }  # fmt: skip
    assert [found["3.2"].value("visits", 0, place) for place in ("Asarum", "Svängsta")] == [13, 3]
    assert found["3.1"].value("visits") == 15
    with pytest.raises(NotListed):
        found["3.1"].value("visits", 0, "Karlshamn")
    day = clock.now().date()
    assert (await _sections(clock.now(), Period(day - timedelta(days=9), day - timedelta(days=1))))["3.2"].empty


async def _rows(client: httpx.AsyncClient, address: str) -> list[dict[str, str]]:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.headers
    assert "no-store" in answer.headers["cache-control"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


async def _fill_everything(owner: asyncpg.Connection, robin: Principal, clock: FrozenClock) -> None:
    """Every section with everything that any could have, whether it may or not: as if somebody had written it by mistake."""
    for section, figures in EXPECTED.items():
        if not figures or section.startswith("3"):
            continue
        cohort = await a_cohort(section, clock.now(), robin, sessions=1, first_in=timedelta())
        day, ids = clock.now().date(), (cohort.cohort_id, clock.now())
        await owner.execute(
            "update cohort set state = 'closed', closed_at = $2, ended_how = 'completed' where id = $1", *ids
        )
        await owner.execute("update cohort_session set state = 'held' where cohort_id = $1", cohort.cohort_id)
        await owner.execute(
            """insert into closed_figures (cohort_id, closed_on, held, cancelled_sessions, people, women, men, other, visits,
                 excused, no_shows, completed, dropped_out, waited, waited_days, study_visits, led_on)
               values ($1, $2, 7, 7, 21, 7, 7, 7, 27, 7, 7, 7, 7, 7, 49, 17, 7)""", cohort.cohort_id, day,
        )  # fmt: skip
        await owner.execute(
            """insert into head_count (session_id, women, men, other, counted_at)
               select id, 7, 7, 7, $2 from cohort_session where cohort_id = $1""", *ids,
        )  # fmt: skip
        await owner.execute("insert into unique_participants (cohort_id, women, men, other) values ($1, 7, 7, 7)", ids[0])
        await owner.execute(
            """insert into release (section, form_version, half_year, answers, slips, results, released_on)
               values ($1, 1, '2026-2', 7, 17, '{}', $2)""", section, day,
        )  # fmt: skip
        await owner.execute(
            """insert into period_total (section, half_year, form, ended_how, series, talks, updated_at)
               values ($1, '2026-2', 'individual', 'completed', 7, 17, $2)""", section, clock.now(),
        )  # fmt: skip
    await _open_place("3.1", robin, clock, {"Karlshamn": Count(7, 7, 7)})
    await _open_place("3.2", robin, clock, {"Asarum": Count(7, 7, 7), "Svängsta": Count(7, 7, 7)})


async def test_of_a_period_before_the_service_nothing_is_counted_and_nothing_compared(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await _open_place("3.1", robin, clock, {"Karlshamn": Count(7, 7, 7)})
    clock.set(datetime(2027, 2, 1, 12, tzinfo=UTC))
    await sign_in_as(client, "sasha", clock.now())
    text = (await client.get(f"{PAGE}?fran=2026-01-01&till=2026-12-31")).text
    [row] = re.findall(r'<tr role="row" data-figure="visits">(.*?)</tr>', text)
    assert re.findall(r"<span>(.*?)</span>", row) == ["21", "–", ""]
    assert "2026. Från 2025 finns inga uppgifter: det var före tjänsten." in text
    by_year = {"2026": "21", "2025": "–"}
    inside = await _rows(client, f"{PAGE}.csv?fran=2026-01-01&till=2026-12-31&insats=3.1")
    assert {row["Period"]: row["Värde"] for row in inside if row["Mått"] == "Besök"} == by_year
    # Both are told as soon as there was something in each, and it is said when both were before.
    text = (await client.get(f"{PAGE}?fran=2027-01-01&till=2027-12-31")).text
    [row] = re.findall(r'<tr role="row" data-figure="visits">(.*?)</tr>', text)
    assert re.findall(r"<span>(.*?)</span>", row) == ["0", "21", "−21"]
    inside = await _rows(client, f"{PAGE}.csv?fran=2025-01-01&till=2025-12-31&insats=3.1")
    assert {row["Period"]: row["Värde"] for row in inside if row["Mått"] == "Besök"} == {"2025": "–", "2024": "–"}


async def test_a_figure_that_a_section_does_not_list_can_be_had_by_no_way(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await _fill_everything(owner, robin, clock)
    clock.set(datetime(2027, 2, 1, 12, tzinfo=UTC))
    found = await _sections(clock.now())
    await sign_in_as(client, "sasha", clock.now())
    text = (await client.get(f"{PAGE}?fran=2026-01-01&till=2026-12-31")).text
    inside = await _rows(client, f"{PAGE}.csv?fran=2026-01-01&till=2026-12-31")
    outside = await _rows(client, f"{PAGE}/utlamning.csv?ar=2026")
    before_it_leaves = (await client.get(f"{PAGE}/utlamning?ar=2026")).text
    assert {row["Märkning"] for row in inside} == {"Internt, sekretess"}
    assert {row["Märkning"] for row in outside} == {"Små tal är dolda, inte fastställt"}
    shown = dict(re.findall(r'<span class="muted">([0-9.]+)</span>(.*?)</section>', text, re.S))
    for section, figures in EXPECTED.items():
        # The way of reports, the page, both files: for each figure, what is listed and nothing else.
        for figure in FIGURES if figures else ():
            if figure in figures:
                assert found[section].value(figure) is not None
            else:
                with pytest.raises(NotListed):
                    found[section].value(figure)
        not_asked = set() if section in {"2.1", "2.12"} else {"women", "men"}
        assert set(re.findall(r'data-figure="(\w+)"', shown.get(section, ""))) == figures - not_asked, section
        in_file = {row["Mått"] for row in inside if row["Avsnitt"] == section}
        assert len(in_file) == len(figures), section
        outwards = {row["Mått"] for row in outside if row["Avsnitt"] == section}
        assert outwards <= in_file
        told = re.findall(rf"<caption>{section} (.*?)</table>", before_it_leaves, re.S)
        assert {m.rpartition(", ")[2] for m in re.findall(r'scope="row">([^<]+)', "".join(told))} == {
            m.rpartition(", ")[2] for m in outwards
        }
        # Nobody is asked what sex they are where they are documented, and no file makes it a number.
        asked = {row["Värde"] for row in inside if row["Avsnitt"] == section and row["Mått"] in {"Kvinnor", "Män"}}
        assert asked <= ({"7", "–"} if section in {"2.1", "2.12"} else {"Frågas inte"})
    # Everything is seven, and so nothing is hidden but what is not there the year before, and that nobody came twice.
    many = [row for row in outside if row["Period"] == "2026" and row["Avsnitt"] in {"2.1", "3.1", "3.2"}]
    assert {row["Värde"] for row in many} == {"21", "7", "1", "2", "42", "14", "dolt"}
    assert [(row["Avsnitt"], row["Mått"]) for row in many if row["Värde"] == "dolt"] == [("2.1", "Besök")]
    assert {row["Mötesplats"] for row in outside} == {"", "Asarum", "Svängsta"}
    assert {row["Period"] for row in outside} == {"2026"}, "before that the service was not there"


async def test_each_sees_their_own_programmes_and_what_cannot_be_asked_is_said(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await _closed("2.1", robin, clock, keys, owner)
    await sign_in_as(client, "mia", clock.now())
    text = (await client.get(PAGE)).text
    assert "Inget att räkna i perioden" in text
    assert "ABC" not in text.partition("<main")[2]
    answer = await client.get(f"{PAGE}?insats=2.1")
    assert answer.status_code == 422
    assert "Välj en insats i listan." in answer.text
    assert {row["Avsnitt"] for row in await _rows(client, f"{PAGE}.csv")} == {"2.7"}
    assert (await client.get(f"{PAGE}.csv?insats=2.1")).headers["location"] == f"{PAGE}?insats=2.1"
    for query, told in (
        ("fran=2026-02-30&till=2026-03-01", "Skriv ett datum som finns"),
        ("fran=2026-03-01&till=2026-02-01", "Perioden slutar före den börjar."),
        ("fran=1900-01-01&till=2200-12-31", "Välj högst elva år."),
        ("fran=%00%27%22%3Cscript%3E&till=", "Skriv ett datum som finns"),
    ):
        answer = await client.get(f"{PAGE}?{query}")
        assert answer.status_code == 422
        assert told in answer.text
        assert "<script>'" not in answer.text
        assert (await client.get(f"{PAGE}.csv?{query}")).status_code == 303
    # The first years there can be, and days that are still to come, are only empty.
    for query in ("fran=1900-01-01&till=1900-12-31", "fran=2200-01-01&till=2200-12-31"):
        assert (await client.get(f"{PAGE}?{query}")).status_code == 200
    # What leaves the house is a year that is over.
    clock.set(datetime(2027, 2, 1, 12, tzinfo=UTC))
    await sign_in_as(client, "mia", clock.now())
    for year in ("2027", "2028", "x", "1e3", "1999", "2025", "%00"):
        address = f"{PAGE}/utlamning.csv?ar={year}"
        assert (await client.get(address)).headers["location"] == f"{PAGE}/utlamning?ar={year}"
    # Both files are asked for again from the pages that they stand on.
    clock.advance(minutes=6)
    for address in (f"{PAGE}.csv?fran=2026-01-01&till=2026-12-31&insats=2.7", f"{PAGE}/utlamning.csv?ar=2026"):
        answer = await client.get(address)
        assert answer.status_code == 303
        shown = (await client.get(answer.headers["location"])).text
        assert f'value="{escape(address)}"' in shown
        above = re.findall(r'<a class="alone" href="([^"]+)">Avbryt', shown)
        assert [(await client.get(href)).status_code for href in above] == [200]
    await sign_in_as(client, "mia", clock.now())
    assert await _rows(client, f"{PAGE}/utlamning.csv?ar=2026")


async def test_more_cohorts_need_no_more_statements(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    queries_log: QueryLog,
) -> None:
    await sign_in_as(client, "kim", clock.now())
    await client.get(PAGE)
    start, counts = clock.now(), []
    for section in ("2.1", "2.7", "2.7", "2.7"):
        clock.set(start)
        await owner.execute("delete from condition_met")
        await owner.execute("delete from notice_attempt")
        await _closed(section, robin, clock, keys, owner)
        await sign_in_as(client, "kim", clock.now())
        queries_log.clear()
        assert (await client.get(PAGE)).status_code == 200
        counts.append(len(queries_log.statements))
    assert len(set(counts)) == 1
    assert counts[0] <= 12
    assert not [s for s in queries_log.statements if re.search(r"\b(enrolment|attendance|participant)\b", s)]
