"""`/metrics`: true, for the inside only, and saying nothing of anybody, least of all of votes."""

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import asyncpg
import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from programmes import worker
from programmes.app import create_app
from programmes.core import backup_trace, refusals
from programmes.core.backup_trace import Seen
from programmes.core.sealing import KeyFolder
from programmes.doctor import server_checks
from programmes.doctor.backup_checks import trace_findings
from programmes.oversight.status import metrics_queries
from programmes.oversight.status.metrics_views import _TOLD
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_leader, somebody
from tests.pools import as_worker


def _values(text: str) -> dict[str, float]:
    return {
        " ".join([sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def inside(settings: Settings, clock: FrozenClock, db: None) -> httpx.AsyncClient:
    """An application of its own, which has counted nothing yet."""
    app = create_app(settings, clock, own_pool=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url)


async def test_what_waits_is_counted_and_what_is_late_apart(
    inside: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, queries_log: QueryLog
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now())
    await owner.execute("update enrolment set state = 'offered', offer_expires_at = $1", clock.now() + timedelta(hours=1))
    await owner.execute(
        """insert into notice (id, enrolment_id, kind, state, created_at, look_again_at)
           select gen_random_uuid(), $1, 'offer', state, $2, at from (values
               ('waiting', null::timestamptz), ('waiting', $2::timestamptz), ('failed', null), ('sent', null)
           ) v (state, at)""",
        taken.enrolment_id,
        clock.now(),
    )
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0)", clock.now())
    queries_log.clear()
    found = _values((await inside.get("/metrics")).text)
    assert len(queries_log.statements) <= 6
    names = (
        "offers_late",
        "messages_late",
        "messages_held",
        "messages_failed",
        "keys_usable",
        "lists_due",
        "keys_late",
    )
    assert [found[f"programmes_{name}"] for name in names] == [0, 0, 1, 0, 1, 0, 0]
    assert found["programmes_jobs"] == 0
    assert found["programmes_worker_last_seen_timestamp_seconds"] == clock.now().timestamp()
    clock.advance(hours=2)
    found = _values((await inside.get("/metrics")).text)
    assert [found[f"programmes_{name}"] for name in ("offers_late", "messages_late")] == [1, 1]
    await owner.execute(
        """insert into notice (id, enrolment_id, kind, state, created_at)
           select gen_random_uuid(), $1, 'offer', 'failed', $2 from generate_series(1, 13)""",
        taken.enrolment_id,
        clock.now(),
    )
    assert _values((await inside.get("/metrics")).text)["programmes_messages_failed"] == 10
    clock.advance(days=365)
    await owner.execute(
        """insert into key_destruction (kind, key_id, why, intended_at)
           select 'entry', gen_random_uuid(), 'left', $1 from generate_series(1, 13)""",
        clock.now() - timedelta(minutes=2),
    )
    found = _values((await inside.get("/metrics")).text)
    assert (found["programmes_lists_due"], found["programmes_keys_late"]) == (1, 1)


async def test_nobody_is_counted_where_people_are_not(
    inside: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    """One person's coming, accepting, being written to and going changes no line but those of requests."""

    async def waits() -> dict[str, float]:
        found = _values((await inside.get("/metrics")).text)
        return {name: value for name, value in found.items() if "pool" not in name}

    cohort = await a_cohort("2.15", clock.now(), await a_leader(clock.now()))
    taken = await somebody(cohort, keys, clock.now())
    before = await waits()
    other = await somebody(cohort, keys, clock.now())
    assert await waits() == before
    await owner.execute(
        "update enrolment set state = 'offered', offer_expires_at = $2 where id = $1",
        other.enrolment_id,
        clock.now() + timedelta(hours=1),
    )
    for state in ("waiting", "failed"):
        await owner.execute(
            "insert into notice (id, enrolment_id, kind, state, created_at) values (gen_random_uuid(), $1, 'offer', $2, $3)",
            taken.enrolment_id,
            state,
            clock.now(),
        )
    assert await waits() == before
    keys.destroy("entry", keys.create("entry"), "left", clock.now())
    assert await waits() == before


async def test_without_the_database_what_this_process_knows_is_told_and_that_it_does_not_answer(
    inside: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker that never was is none that was absent: the alarm compares with the beginning of time.
    found = _values((await inside.get("/metrics")).text)
    assert (found["programmes_database_answers"], found["programmes_worker_last_seen_timestamp_seconds"]) == (1, 0)

    async def away(_: object) -> None:
        raise ConnectionRefusedError

    await inside.get("/")
    monkeypatch.setattr(metrics_queries, "waiting", away)
    answer = await inside.get("/metrics")
    found = _values(answer.text)
    assert (answer.status_code, found["programmes_database_answers"], found["programmes_keys_usable"]) == (200, 0, 1)
    assert "programmes_jobs" not in found
    assert any(name.startswith("programmes_requests_total") for name in found)


async def test_when_backup_and_rehearsal_last_went_well_is_told_in_no_statement_more(
    inside: httpx.AsyncClient, settings: Settings, clock: FrozenClock, queries_log: QueryLog
) -> None:
    async def told() -> list[float]:
        queries_log.clear()
        found = _values((await inside.get("/metrics")).text)
        assert not [sql for sql in queries_log.statements if "backup_trace" in sql and "pgqueuer" not in sql]
        return [found[f"programmes_{name}_last_success_timestamp_seconds"] for name in ("backup", "restore_drill")]

    async def tried(name: backup_trace.Done, done: bool) -> None:
        async with as_worker(settings):
            await backup_trace.note(name, clock.now(), done)

    assert await told() == [0, 0]
    await tried("backup", done=True)
    await tried("drill", done=False)
    well = clock.now().timestamp()
    assert await told() == [well, 0]
    clock.advance(hours=1)
    await tried("backup", done=False)
    await tried("drill", done=True)
    assert await told() == [well, well + 3600]


async def test_requests_are_counted_by_route_and_votes_not_at_all(inside: httpx.AsyncClient) -> None:
    for address in ("/", "/insatser/abc", "/insatser/finns-inte", "/hitta-pa/Hemlig%20Person", "/u", "/k/hemlig.ics"):
        await inside.get(address)
    await inside.post("/u", data={"kod": "ABCD-EFGH"})
    text = (await inside.get("/metrics")).text
    found = _values(text)
    assert found["programmes_requests_total answer=2xx method=GET route=/"] == 1
    assert found["programmes_requests_total answer=2xx method=GET route=/insatser/{slug}"] == 1
    assert found["programmes_requests_total answer=4xx method=GET route=/insatser/{slug}"] == 1
    assert found["programmes_request_seconds_count route=/"] == 1
    assert not [name for name in found if "route=/u" in name or "route=/k" in name or "route=/metrics" in name]
    assert "emlig" not in text
    assert "ABCD" not in text


@pytest.mark.parametrize(("networks", "headers", "status"), [
    ("127.0.0.0/8", {}, 200), ("10.0.0.0/8", {}, 404), ("127.0.0.0/8", {"x-forwarded-for": "127.0.0.1"}, 404),
    ("127.0.0.0/8", {"forwarded": "for=127.0.0.1"}, 404), ("127.0.0.0/8", {"x-forwarded-for": ""}, 404),
    ("127.0.0.0/8", {"x-real-ip": "127.0.0.1"}, 404), ("127.0.0.0/8", {"via": "1.1 proxy"}, 404),
    ("127.0.0.0/8", {"x-forwarded-proto": "https"}, 404), ("127.0.0.0/8", {"host": "web:8000"}, 200),
])  # fmt: skip
async def test_only_the_inside_reads_it(
    networks: str, headers: dict[str, str], status: int, settings: Settings, clock: FrozenClock, db: None
) -> None:
    app = create_app(dataclasses.replace(settings, metrics_from=(ip_network(networks),)), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        answer = await browser.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


def test_alerts_and_dashboard_ask_for_nothing_that_is_not_measured() -> None:
    known = {f"programmes_{name}" for name in _TOLD} | {
        "programmes_keys_usable", "programmes_pool_connections", "programmes_pool_idle",
        "programmes_pool_most", "programmes_requests_total", "programmes_request_seconds_bucket",
        "programmes_worker_last_seen_timestamp_seconds", "programmes_database_answers", "programmes_waits_for_restore",
        "programmes_service_keys_missing",
        "programmes_backup_last_success_timestamp_seconds", "programmes_restore_drill_last_success_timestamp_seconds",
    }  # fmt: skip
    for name in ("alerts.yml", "dashboard.json"):
        asked = set(re.findall(r"programmes_[a-z_]+", (Path("deploy/prometheus") / name).read_text(encoding="utf-8")))
        assert asked, name
        assert asked <= known, name
    rules = yaml.safe_load(Path("deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert all({"alert", "expr", "labels", "annotations"} <= set(rule) for rule in rules)


# What is measured and stands in no panel, and why.
_IN_NO_PANEL = {
    "programmes_requests_created": "the library's own: since when a process has counted, which its start says as well",
    "programmes_request_seconds_created": "the library's own, as the one above",
}


async def test_all_that_is_measured_is_on_the_dashboard_or_left_out_for_a_reason(inside: httpx.AsyncClient) -> None:
    await inside.get("/")
    families = {family.name for family in text_string_to_metric_families((await inside.get("/metrics")).text)}
    panels = json.loads(Path("deploy/prometheus/dashboard.json").read_text(encoding="utf-8"))["panels"]
    asked = {
        re.sub(r"_(bucket|total)$", "", name)
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"programmes_[a-z_]+", target["expr"])
    }
    assert {name for name in families if name.startswith("programmes_")} - asked == set(_IN_NO_PANEL)
    assert all(_IN_NO_PANEL.values())


def test_an_old_backup_and_an_old_rehearsal_alarm_when_the_doctor_says_so() -> None:
    rules = yaml.safe_load(Path("deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    found = {rule["alert"]: rule["expr"] for rule in rules}
    dashboard = Path("deploy/prometheus/dashboard.json").read_text(encoding="utf-8")
    now = datetime(2026, 11, 30, tzinfo=UTC)
    for alert, kind, metric in (("BackupOld", "backup", "backup"), ("DrillOld", "drill", "restore_drill")):
        since = f"time() - max(programmes_{metric}_last_success_timestamp_seconds)"
        asked, _, seconds = found[alert].partition(" > ")
        assert asked == since
        assert since in dashboard
        levels = []
        for more in (0, 1):
            done = now - timedelta(seconds=int(seconds) + more)
            told = trace_findings({kind: Seen(done, done)}, now)
            [level] = [one.level for one in told if one.check.endswith("drill") == (kind == "drill")]
            levels.append(level)
        assert levels == ["ok", "warning"], alert


def test_what_keeps_everything_from_working_is_on_the_dashboard_and_what_is_held_for_long_alarms() -> None:
    dashboard = Path("deploy/prometheus/dashboard.json").read_text(encoding="utf-8")
    assert {"programmes_database_answers", "programmes_keys_usable"} <= set(re.findall(r"programmes_[a-z_]+", dashboard))
    rules = yaml.safe_load(Path("deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert [rule["labels"]["severity"] for rule in rules if "programmes_messages_held" in rule["expr"]] == ["ticket"]


def test_how_many_connections_a_worker_takes_is_one_number() -> None:
    most = worker.CONNECTIONS + 1
    assert most == 7
    assert f"`PROGRAMMES_POOL_SIZE` + {most} for the worker" in Path("docs/operations.md").read_text(encoding="utf-8")
    scale = Path("docs/scale.md").read_text(encoding="utf-8")
    assert "a worker has at most seven (a pool of six," in scale
    assert f"| one municipality | 2 × 10 | {most} |" in scale
    assert f"| thirty on a server | 60 × 10 | {30 * most} |" in scale
    assert "the worker seven" in refusals.in_words("TooManyConnectionsError")[1]
    assert "the worker seven" in next(server_checks.connection_findings(9, 10)).mend
    # What a server carries, from what each municipality takes; 50 are to spare.
    most_there, spare = 900, 50
    assert f"`max_connections = {most_there}`, `work_mem`" in scale
    assert (
        f"{(most_there - spare) // (2 * 10 + most)} municipalities on a server with `max_connections = {most_there}`"
        in scale
    )
    assert (most_there - spare) // (2 * 5 + most) == 50
    for processes, pool in ((60, 10), (60, 5), (580, 10)):
        workers = processes // 2 * most
        [line] = [one for one in scale.splitlines() if f"| {processes} × {pool} | {workers:,} |" in one]
        cells = [int(cell.partition(":")[0].replace(",", "")) for cell in line.split("|")[4:6]]
        assert cells[1] - 100 <= processes * pool + workers + cells[0] <= cells[1], line
    # And the cores of PostgreSQL for thirty rushes, from the slowest floor on two cores.
    each = 2 / 195
    assert f"{each * 1000:.1f} ms of a core each" in scale
    assert f"{30 * 500 * each:.0f} s of one core for everybody, {30 * 500 * each / 12:.0f} s of twelve" in scale


def test_what_serves_how_many_is_reckoned_from_the_lowest_that_was_measured() -> None:
    measured = Path("docs/performance.md").read_text(encoding="utf-8")
    seconds = re.findall(r"^\| 500 people apply for 5 groups at once[^|]*\| 1 \| 10 \| ([0-9.]+) \|", measured, re.MULTILINE)
    lowest = round(500 / max(map(float, seconds)))
    scale = Path("docs/scale.md").read_text(encoding="utf-8")
    assert f"{lowest} a second, the county's first run" in scale
    assert f"about {lowest * 60 // 1000:,},000 people a minute" in scale
    assert f"in some {round(15_000 / lowest / 16)} s" in scale
