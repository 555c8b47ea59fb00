"""The public interface for programs: the numbers of the public pages, and documented answers to whatever is sent."""

import contextlib
import logging
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from programmes.cohorts import queries as cohorts
from programmes.core.i18n import day_long
from programmes.core.sealing import KeyFolder
from programmes.desk.public.api_schema_pages import FIELDS
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody


@pytest.fixture
async def starts(db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection) -> list[str]:
    """A start with places left, a full one, one that opens later, one by telephone, and one that has begun."""
    robin = await a_leader(clock.now())
    some = await a_cohort("2.1", clock.now(), robin, first_in=timedelta(days=28))
    full = await a_cohort("2.8", clock.now(), first_in=timedelta(days=35))
    for n in range(full.maximum):
        await somebody(full, keys, clock.now(), f"P{n}")
    await somebody(some, keys, clock.now(), "Kim Hemlig")
    later = await a_cohort("2.7", clock.now(), first_in=timedelta(days=90))
    await owner.execute("update cohort set enrol_from = '2026-11-01' where id = $1", later.cohort_id)
    await a_cohort("2.14", clock.now(), first_in=timedelta(days=20))
    return [some.public_id, full.public_id, later.public_id]


async def test_it_says_what_the_public_pages_show(starts: list[str], client: httpx.AsyncClient, clock: FrozenClock) -> None:
    told = (await client.get("/api/v1/programmes")).json()
    assert len(told["programmes"]) == 25
    found = {start["apply_at"].rsplit("/", 1)[1]: start for p in told["programmes"] for start in p["starts"]}
    assert set(found) == set(starts)
    assert [(found[s]["free"], found[s]["full"]) for s in starts] == [(7, False), (0, True), (None, False)]
    for programme in told["programmes"]:
        page = (await client.get(programme["page"].removeprefix("http://testserver.local"))).text
        one = (await client.get(f"/api/v1/programmes/{programme['slug']}")).json()
        assert one == programme
        for start in programme["starts"]:
            # Before its day a start is shown without a way to apply.
            assert (start["apply_at"].removeprefix("http://testserver.local") in page) == (start["free"] is not None)
            if start["free"]:
                assert re.search(rf"{start['free']} av {start['places']} platser kvar", page)
    everything = (await client.get("/api/v1/starts")).json()["starts"]
    assert [s["apply_at"].rsplit("/", 1)[1] for s in everything] == starts
    assert everything[0]["first_session"].endswith("+02:00")
    assert "Hemlig" not in str(told) + str(everything)


@pytest.mark.parametrize(("section", "maximum"), [("2.16", 8), ("2.3", 1)])
async def test_nothing_public_tells_how_many_are_in_a_group_where_people_are_not_counted(
    section: str, maximum: int, db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort(section, clock.now(), minimum=1, maximum=maximum)
    addresses = ("/", f"/insatser/{cohort.slug}", f"/anmalan/{cohort.public_id}", "/api/v1/starts", "/api/v1/programmes")

    async def told() -> list[str]:
        pages = [(await client.get(address, headers={"cookie": ""})).text for address in addresses]
        return [re.sub(r'(value|nonce|data-[a-z]+)="[^"]*"', "", text) for text in pages]

    first = await told()
    assert ("Det finns lediga platser" if section == "2.16" else "En ledig plats") in first[1]
    api = (await client.get("/api/v1/starts")).json()["starts"][0]
    assert (api["places"], api["free"], api["full"]) == (None, None, False)
    for n in range(maximum - 1):
        await somebody(cohort, keys, clock.now(), f"P{n}")
        assert await told() == first
    await somebody(cohort, keys, clock.now(), "L")
    full = await told()
    assert "Fullt. Du kan ställa dig i kö." in full[1]
    assert (await client.get("/api/v1/starts")).json()["starts"][0]["full"]
    # Nor how many wait.
    for n in range(2):
        await somebody(cohort, keys, clock.now(), f"K{n}")
        assert await told() == full


async def test_it_is_asked_about_again_and_not_sent_again(
    starts: list[str], client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    first = await client.get("/api/v1/starts")
    assert first.headers["cache-control"] == "public, no-cache"
    assert not first.cookies
    tag = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = await client.get("/api/v1/starts", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    [some] = [cohort for cohort in await cohorts.upcoming() if cohort.public_id == starts[0]]
    await somebody(some, keys, clock.now(), "B")
    assert (await client.get("/api/v1/starts", headers=tag)).status_code == 200


async def test_what_is_wrong_is_a_problem_in_json_and_only_reading_is_possible(db: None, client: httpx.AsyncClient) -> None:
    for address in ("/api/v1/programmes/none", "/api/v1/none", "/schema", "/schema/none", "/api/v1/programmes/%00"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), address
    refused = await client.post("/api/v1/starts", json={"free": 9})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert refused.headers["content-type"] == "application/problem+json"
    asked = await client.options("/api/v1/starts")
    assert "HEAD" in asked.headers["allow"]
    # Why something is wrong can be read by a page elsewhere too; what knows somebody can't.
    for answer in (refused, asked, await client.get("/api/v1/programmes/none")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "If-None-Match"
    for address in ("/", "/min-plats", "/personal/idag", "/health/live"):
        assert "access-control-allow-origin" not in (await client.get(address)).headers
    # A page for staff answers no HEAD, and does not say that it does.
    assert "HEAD" not in (await client.options("/personal/starter")).headers.get("allow", "")


async def test_a_parameter_that_there_is_not_is_refused_by_its_name(db: None, client: httpx.AsyncClient) -> None:
    raw = (await client.get("/schema/openapi.json")).json()
    for address in (
        "/api/v1/programmes",
        "/api/v1/starts",
        "/api/v1/programmes/aterfallsprevention",
        "/api/v1/programmes/none",
    ):
        told = raw["paths"][re.sub("(?<=programmes)/.*", "/{slug}", address)]["get"]["responses"]["400"]
        [(kind, media)] = told["content"].items()
        answer = await client.get(f"{address}?programme=2.8&x=1")
        assert (answer.status_code, answer.headers["content-type"], answer.json()) == (400, kind, media["example"]), address
        for query, name in (("program", "program"), ("=1", ""), ("%C3%A5r=2026", "år"), ("a" * 200, "a" * 60)):
            answer = await client.get(f"{address}?{query}")
            assert (answer.status_code, answer.json()["title"]) == (400, f"Unknown parameter: {name}"), query
    assert (await client.get("/api/v1/starts?")).status_code == 200
    assert "parameter" in raw["info"]["description"]


async def test_the_schema_tells_of_the_interface_alone_and_sets_up_no_log(db: None, client: httpx.AsyncClient) -> None:
    handlers = list(logging.getLogger().handlers)
    answer = await client.get("/schema/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["paths"]) == {"/api/v1/programmes", "/api/v1/programmes/{slug}", "/api/v1/starts"}
    assert not answer.cookies
    # What describes the handlers is an application too, and those write down every request unless told not to.
    assert logging.getLogger().handlers == handlers


async def test_everything_in_the_schema_has_words_and_an_example_that_is_as_it_says(
    db: None, client: httpx.AsyncClient
) -> None:
    raw = (await client.get("/schema/openapi.json")).json()
    schemathesis.openapi.from_dict(raw).validate()
    shapes = raw["components"]["schemas"]
    for name, shape in shapes.items():
        assert set(shape["properties"]) == set(FIELDS[name])
        assert all(field.get("description") for field in shape["properties"].values()), name
    for address, operations in raw["paths"].items():
        operation = operations["get"]
        known = {"200", "304", "400", "405", "421", "503"} | ({"404"} if "{" in address else set())
        assert set(operation["responses"]) == known
        for parameter in operation["parameters"]:
            assert parameter["description"]
            assert parameter["example"]
        for status, answer in operation["responses"].items():
            _has_examples(answer, int(status), shapes)


def _has_examples(answer: dict[str, Any], status: int, shapes: dict[str, Any]) -> None:
    assert answer["description"]
    for header in answer["headers"].values():
        assert header["description"]
        assert jsonschema_rs.is_valid(header["schema"], header["example"])
    assert bool(answer.get("content")) == (status != 304)
    for media in answer.get("content", {}).values():
        examples = [one["value"] for one in media.get("examples", {}).values()] or [media["example"]]
        whole = {**media["schema"], "components": {"schemas": shapes}}
        shape = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        for example in examples:
            shape.validate(example)
            assert example.get("status", status) == status


async def test_another_host_is_answered_as_the_schema_says(db: None, client: httpx.AsyncClient) -> None:
    raw = (await client.get("/schema/openapi.json")).json()
    for address in ("/api/v1/programmes", "/api/v1/starts", "/api/v1/programmes/abc"):
        answer = await client.get(address, headers={"host": "evil.example"})
        declared = raw["paths"][address.replace("abc", "{slug}")]["get"]["responses"][str(answer.status_code)]
        [(kind, media)] = declared["content"].items()
        assert (answer.status_code, answer.headers["content-type"], answer.json()) == (421, kind, media["example"])
        assert set(declared["headers"]) <= {name.title() for name in answer.headers}


async def test_every_time_of_a_meeting_place_is_told_that_its_page_shows(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("3.1", clock.now(), sessions=8)
    [told] = [p for p in (await client.get("/api/v1/programmes")).json()["programmes"] if p["section"] == "3.1"]
    page = (await client.get(f"/insatser/{cohort.slug}")).text
    assert len(told["openings"]) == 6
    for opening in told["openings"]:
        assert day_long(datetime.fromisoformat(opening["opens"]).date()) in page.lower()
    assert [o["opens"] for o in told["openings"]] == sorted(o["opens"] for o in told["openings"])


def _made_up(operation: APIOperation, mode: GenerationMode) -> list[Case]:
    """Cases that it makes up: by the schema, or against it."""
    found: list[Case] = []

    @hypothesis_settings(max_examples=12, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    with contextlib.suppress(Unsatisfiable):
        collect()
    return found


async def test_schemathesis_finds_nothing(starts: list[str], client: httpx.AsyncClient) -> None:
    """Whatever it makes up, also against the schema, gets an answer of a documented status, kind and shape; never a 5xx."""
    schema = schemathesis.openapi.from_dict((await client.get("/schema/openapi.json")).json())
    statuses: Counter[int] = Counter()
    for operation in (result.ok() for result in schema.get_all_operations()):
        for mode in GenerationMode:
            for case in _made_up(operation, mode):
                made = case.as_transport_kwargs(base_url="http://testserver.local")
                given_by_it = {name: made[name] for name in ("headers", "params", "content", "json") if made.get(name)}
                answer = await client.request(made["method"], made["url"], **given_by_it)
                case.validate_response(answer)
                statuses[answer.status_code] += 1
    assert statuses[200] >= 2
    assert statuses[404] > 5
