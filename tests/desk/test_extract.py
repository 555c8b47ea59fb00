"""A person's own extract: everything that is kept about them, nothing about anybody else, and only for whom they are."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.desk.extract import pages
from programmes.desk.extract.rules import (
    GOOD_FOR,
    HANDED_OUT,
    HOWS,
    LEFT_OUT,
    OUTSIDE,
    Kept,
    kept_until,
    still_good,
    ways_for,
)
from programmes.enrolment import queries, services
from programmes.enrolment.records import partner_services
from programmes.people.records import PartnerRecord, PersonRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, an_application, hidden, post_form, sign_in_as

NUMBER = "198502142386"
# What is told of the file to those who read it.
SHAPE = Path(__file__).resolve().parents[2] / "docs" / "registerutdrag.md"
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(st.builds(Kept, st.booleans(), st.booleans()), max_size=4), st.none() | MOMENTS, st.integers(5, 30))
def test_a_record_is_kept_while_it_is_in_use_and_years_after_its_last_note(
    ways: list[Kept], noted: datetime | None, years: int
) -> None:
    rule, until = kept_until(ways, noted, years)
    over = bool(ways) and noted is not None and all(way.ended for way in ways)
    assert (rule == "in_use") == (not over)
    assert (until is not None) == (over and not all(way.only_waited for way in ways))
    if until and noted:
        assert timedelta(365 * years - 1) <= until - local_date(noted) <= timedelta(366 * years)


@given(MOMENTS, st.timedeltas(-timedelta(days=1), timedelta(days=1)))
def test_a_check_is_good_for_a_quarter_of_an_hour(at: datetime, later: timedelta) -> None:
    assert still_good(at, at + later) == (timedelta(0) <= later < GOOD_FOR)
    assert ways_for(protected=True) == ("shown",)
    assert ways_for(protected=False) == HOWS


async def test_every_column_that_hangs_on_a_person_is_handed_out_or_says_why_not(
    db: None, owner: asyncpg.Connection
) -> None:
    rows = await owner.fetch(
        """select conrelid::regclass::text as child, confrelid::regclass::text as parent
           from pg_constraint where contype = 'f'"""
    )
    hangs = {"participant", "enrolment", "record_look"}
    while found := {row["child"] for row in rows if row["parent"] in hangs} - hangs:
        hangs |= found
    columns = await owner.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    )
    # Any other table that has an id of a person in it, without a foreign key.
    hangs |= {row["table_name"] for row in columns if row["column_name"] in {"participant_id", "enrolment_id", "person_id"}}
    known = {(table, name) for table, names in HANDED_OUT.items() for name in names}
    left = {(table, name) for table, reasons in LEFT_OUT.items() for name in reasons}
    assert not known & left
    assert known | left == {(row["table_name"], row["column_name"]) for row in columns if row["table_name"] in hangs}
    assert all(reason for reasons in LEFT_OUT.values() for reason in reasons.values())
    assert set(OUTSIDE) <= {row["table_name"] for row in columns}


async def enrol(cohort: CohortFacts, keys: KeyFolder, now: datetime, name: str, number: str = NUMBER) -> UUID:
    application = await an_application(cohort, name)
    record = PersonRecord(name, "1985-02-14", number, "anna@example.invalid", ("email",), "efter 17", "so")
    application = type(application)(**{**application.__dict__, "record": record})
    taken = await services.apply(application, await catalogue.programme(cohort.programme_id), keys, now)
    assert isinstance(taken, services.Taken)
    return taken.enrolment_id


def address(cohort: CohortFacts, enrolment_id: UUID) -> str:
    return f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}/utdrag"


def keys_of(found: object) -> set[str]:
    """Every name in the file, however deep."""
    if isinstance(found, dict):
        return set(found) | {name for value in found.values() for name in keys_of(value)}
    return {name for value in found for name in keys_of(value)} if isinstance(found, list) else set()


def text_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


async def fill_every_part(owner: asyncpg.Connection, enrolment_id: UUID, cohort: CohortFacts, now: datetime) -> None:
    """A row in every table that hangs on an enrolment."""
    slot = await owner.fetchval(
        """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
           values ($1, $2, $2::timestamptz + interval '1 hour', $3, 3) returning id""",
        cohort.cohort_id, now - timedelta(days=1), cohort.venue_id,
    )  # fmt: skip
    await owner.execute(
        """insert into study_visit (slot_id, enrolment_id, state, person_goes_on, booked_at)
           values ($1, $2, 'attended', true, $3)""",
        slot, enrolment_id, now,
    )  # fmt: skip
    text = await owner.fetchval(
        """insert into agreement_text (section, kind, version, valid_from, lines_sv, lines_en)
           values ('2.14', 'rules', 7, '2026-01-01', 'Ett.', 'One.') returning id"""
    )
    await owner.execute(
        "insert into agreement (enrolment_id, text_id, accepted_at) values ($1, $2, $3)", enrolment_id, text, now
    )
    session = await owner.fetchval("select min(id) from cohort_session where cohort_id = $1", cohort.cohort_id)
    await owner.execute(
        "insert into attendance (session_id, enrolment_id, mark, marked_at) values ($1, $2, 'excused', $3)",
        session, enrolment_id, now,
    )  # fmt: skip
    notice = await owner.fetchval(
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at, sent_at)
           values (gen_random_uuid(), $1, $2, 'session_moved', 'sent', $3, $3) returning id""",
        enrolment_id, session, now,
    )  # fmt: skip
    await owner.execute("insert into notice_attempt (notice_id, failed_at, error) values ($1, $2, 'OSError')", notice, now)
    await owner.execute("insert into notice_call (notice_id, at, reached) values ($1, $2, false)", notice, now)
    await owner.execute("insert into can_then (enrolment_id, asked_at, can) values ($1, $2, false)", enrolment_id, now)
    await owner.execute("insert into condition_unmet (enrolment_id, condition) values ($1, 'residency')", enrolment_id)
    await owner.execute(
        """insert into feed (id, kind, enrolment_id, token_digest, created_at, revised_at)
           values (gen_random_uuid(), 'participant', $1, 'x', $2, $2)""",
        enrolment_id, now,
    )  # fmt: skip


async def test_the_extract_holds_everything_about_the_person_and_nothing_about_anybody_else(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    leader = await a_leader(clock.now(), "love")
    await owner.execute("update staff set display_name = 'Love Ledarsson'")
    kim = await a_coordinator(clock.now())
    await owner.execute("update staff set display_name = 'Kim Koordinator' where id = $1", kim.staff_id)
    talks = await a_cohort("2.14", clock.now(), leader, minimum=1, maximum=2)
    other = await a_cohort("2.8", clock.now(), leader)
    enrolment_id = await enrol(talks, keys, clock.now(), "Anna #strong[Ask]")
    joined = await enrol(other, keys, clock.now(), "Anna Ask")
    await enrol(talks, keys, clock.now(), "Bo Alm", "")
    partner = PartnerRecord("Pia Ekmarker", "+46701740605", ("call",))
    await partner_services.keep(enrolment_id, partner, leader.staff_id, keys, clock.now())
    await fill_every_part(owner, enrolment_id, talks, clock.now())
    await sign_in_as(client, "love", clock.now())
    person = address(talks, enrolment_id).removesuffix("/utdrag")
    assert "/utdrag" not in (await client.get(person)).text
    await client.get(f"{person}/partner")
    await sign_in_as(client, "kim", clock.now())
    page = address(talks, enrolment_id)
    assert f'href="{page}"' in (await client.get(person)).text

    # Not before it is noted how identity was checked, and by the one who noted it.
    assert (await client.get(f"{page}.json")).headers["location"] == page
    assert await owner.fetchval("select count(*) from record_look where page = 'extract'") == 0
    assert (await post_form(client, page, {"hur": "gissat"})).status_code == 422
    # Each by its own page, with the number on the document.
    for one in (page, address(other, joined)):
        assert (await post_form(client, one, {"hur": "shown", "nummer": "850214-2386"})).headers["location"] == one
    assert f"{page}.pdf" in (await client.get(page)).text
    answer = await client.get(f"{page}.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="registerutdrag.json"'
    assert answer.headers["cache-control"] == "no-store"
    found = json.loads(answer.text)
    assert keys_of(found) <= set(re.findall(r'"([a-z_]+)"', SHAPE.read_text(encoding="utf-8"))) | set(
        HANDED_OUT["enrolment"]
    )
    assert (found["format"], found["version"], found["identity_check"]["how"]) == ("registerutdrag", 1, "shown")
    assert [one["section"] for one in found["covers"]] == ["2.14", "2.8"]
    mine = next(record for record in found["records"] if "strong" in record["details"]["name"])
    assert mine["details"] == {
        "name": "Anna #strong[Ask]", "birth_date": "1985-02-14", "number": NUMBER, "contact": "anna@example.invalid",
        "safe": ["email"], "avoid": "efter 17", "interpreter": "so",
    }  # fmt: skip
    [way] = mine["enrolments"]
    assert way["state"] == "confirmed"
    elsewhere = {
        "participant",
        "identity_check",
        "record_look",
        "retention_hold",
        "enrolment",
        "notice_attempt",
        "notice_call",
    }
    for table in set(HANDED_OUT) - elsewhere:
        assert way[table], table
        named = {"title" if name == "sealed_title" else name for name in HANDED_OUT[table]}
        assert named <= set(way[table][0]), table
    assert set(HANDED_OUT["enrolment"]) <= set(way)
    assert any(notice["failed_at"] for notice in way["notice"])
    assert any(notice["rung_at"] for notice in way["notice"])
    assert way["study_visit"][0]["venue"]
    assert way["agreement"][0]["version"] == 7
    looks = {look["page"] for look in mine["looks"]}
    assert "person" in looks
    # Nothing of the partner, of who else is there, or of who of staff it was; nothing that opens anything.
    code = await owner.fetchval("select encode(code_digest, 'hex') from enrolment where id = $1", enrolment_id)
    pdf = text_of((await client.get(f"{page}.pdf?sprak=sv")).content)
    english = text_of((await client.get(f"{page}.pdf?sprak=en")).content)
    for file in (answer.text, pdf, english):
        for word in (
            "Ekmarker",
            "1740605",
            "Bo Alm",
            "Ledarsson",
            "Koordinator",
            "partner_record",
            f'"{leader.staff_id}"',
            code,
        ):
            assert word not in file, word
        assert "anna@example.invalid" in file
    assert "partner" not in looks
    # What is typed is set as it is, and not run.
    assert "Anna #strong[Ask]" in pdf
    assert "Registerutdrag" in pdf
    assert "Anmäld frånvaro" in pdf
    assert "Everything" in english or "everything" in english
    # Each is an export of each record, in the log and the trail.
    assert await owner.fetchval("select count(*) from record_look where page = 'extract' and reason = 'extract'") == 6
    assert (
        await owner.fetchval(
            "select count(*) from audit_entry where action in ('person:extract_pdf', 'person:extract_json')"
        )
        == 6
    )
    clock.advance(minutes=16)
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"{page}.pdf")).headers["location"] == page


async def test_a_number_that_somebody_has_typed_joins_no_other_record_to_theirs(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    """Whoever looks for somebody applies with their birth date and number, under their own name or hers."""
    await a_coordinator(clock.now())
    hers, his = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())
    victim = await enrol(hers, keys, clock.now(), "Eva Gömd")
    await owner.execute("update participant set protected_identity = true")
    await sign_in_as(client, "kim", clock.now())
    for name in ("Tom Ekman", "Eva Gömd"):
        clock.advance(minutes=16)
        await sign_in_as(client, "kim", clock.now())
        attacker = await enrol(his, keys, clock.now(), name)
        page = address(his, attacker)
        # His own document has another number; noted without it, or with hers that he says, only his record is in the file.
        refused = await post_form(client, page, {"hur": "shown", "nummer": "19790101-1234"})
        assert refused.status_code == 422
        assert "Det är inte det nummer som står i uppgifterna." in refused.text
        for shown in ({"hur": "shown"}, {"hur": "known"}, {"hur": "shown", "nummer": NUMBER}):
            assert (await post_form(client, page, shown)).status_code == 303
            told = await client.get(page)
            assert hers.name not in told.text
            file = (await client.get(f"{page}.json")).text
            assert len(json.loads(file)["records"]) == 1
            assert hers.name not in file
    # The page of the record says to nobody that she stands anywhere, and that it was told is a look at her.
    before = await owner.fetchval("select count(*) from record_look where cohort_id = $1", hers.cohort_id)
    person = (await client.get(page.removesuffix("/utdrag"))).text
    assert "Nämn aldrig för någon" in person
    assert hers.name not in person
    assert "Fråga personen" not in person
    assert await owner.fetchval("select count(*) from record_look where cohort_id = $1", hers.cohort_id) == before + 1
    # On her own page, with the number read there too, it is decided by who may see it. It is good for a quarter of an hour.
    clock.advance(minutes=10)
    await sign_in_as(client, "kim", clock.now())
    await post_form(client, address(hers, victim), {"hur": "shown", "nummer": NUMBER})
    assert len(json.loads((await client.get(f"{page}.json")).text)["records"]) == 2
    clock.advance(minutes=6)
    await sign_in_as(client, "kim", clock.now())
    await post_form(client, address(hers, victim), {"hur": "shown"})
    found = json.loads((await client.get(f"{address(hers, victim)}.json")).text)
    assert [one["details"]["name"] for one in found["records"]] == ["Eva Gömd"]


async def test_what_may_be_the_same_persons_is_shown_with_what_its_number_rests_on(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    groups = [await a_cohort(section, clock.now()) for section in ("2.8", "2.7", "2.8")]
    names = ("Anna Ask", "anna  ask", "Bo Alm")
    people = [await enrol(one, keys, clock.now(), name) for one, name in zip(groups, names, strict=True)]
    pages_ = [address(one, person) for one, person in zip(groups, people, strict=True)]
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(pages_[0])).text
    assert f'href="{pages_[1]}"' in shown
    assert "Numret är bara ifyllt." in shown
    assert pages_[2] not in shown, "somebody else's name"
    await post_form(client, pages_[1], {"hur": "shown", "nummer": NUMBER})
    assert "Numret är läst av på legitimation." in (await client.get(pages_[0])).text
    # With another number it has not been.
    right = {"namn": "Anna Ask", "fodd": "19850214", "pnr": ""}
    details = f"{pages_[1].removesuffix('/utdrag')}/uppgifter"
    await post_form(client, details, {**right, "sedd": hidden((await client.get(details)).text, "sedd")})
    assert not await owner.fetchval("select bool_or(number_read) from identity_check")


async def test_a_coordinator_hands_out_what_they_coordinate_only_and_others_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    leader = await a_leader(clock.now(), "love")
    await a_coordinator(clock.now(), "kim", "2.14")
    talks, other = (
        await a_cohort("2.14", clock.now(), leader, minimum=1, maximum=2),
        await a_cohort("2.8", clock.now(), leader),
    )
    enrolment_id, elsewhere = (
        await enrol(talks, keys, clock.now(), "Anna Ask"),
        await enrol(other, keys, clock.now(), "Anna Ask"),
    )
    page = address(talks, enrolment_id)
    await sign_in_as(client, "kim", clock.now())
    await post_form(client, page, {"hur": "known"})
    found = json.loads((await client.get(f"{page}.json")).text)
    assert [one["section"] for one in found["covers"]] == ["2.14"]
    assert len(found["records"]) == 1
    assert "2.8" not in (await client.get(page)).text
    assert (await client.get(address(other, elsewhere))).status_code == 404
    # Another's check is none of theirs, and a leader makes none.
    await a_coordinator(clock.now(), "mika", "2.14")
    await sign_in_as(client, "mika", clock.now())
    assert (await client.get(f"{page}.json")).headers["location"] == page
    await sign_in_as(client, "love", clock.now())
    for name in (page, f"{page}.json", f"{page}.pdf"):
        assert (await client.get(name)).status_code == 403


async def test_of_protected_identity_only_who_shows_who_they_are_gets_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    enrolment_id = await enrol(cohort, keys, clock.now(), "Anna Ask")
    page = address(cohort, enrolment_id)
    await sign_in_as(client, "kim", clock.now())
    await post_form(client, page, {"hur": "sent_home"})
    assert f"{page}.pdf" in (await client.get(page)).text
    await owner.execute("update participant set protected_identity = true")
    shown = (await client.get(page)).text
    assert shown.index("Skyddade uppgifter") < shown.index("<h1>")
    assert "sent_home" not in shown
    assert "Anna Ask" not in shown
    assert f"{page}.pdf" not in shown, "the check was good for somebody else's rules"
    assert (await post_form(client, page, {"hur": "known"})).status_code == 403
    await post_form(client, page, {"hur": "shown"})
    assert json.loads((await client.get(f"{page}.json")).text)["records"][0]["protected_identity"] is True


@pytest.mark.parametrize("fault", ["gone", "wrong", "cut", "key_cut"])
async def test_a_record_that_cannot_be_read_is_said_and_nothing_is_half_done(
    fault: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    leader = await a_leader(clock.now(), "love")
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.14", clock.now(), leader, minimum=1, maximum=2)
    enrolment_id = await enrol(cohort, keys, clock.now(), "Anna Ask")
    await enrol(cohort, keys, clock.now(), "Bo Alm", "")
    await partner_services.keep(enrolment_id, PartnerRecord("Pia Ekmarker"), leader.staff_id, keys, clock.now())
    person_id = (await queries.enrolment(enrolment_id)).participant_id
    partner_id = await owner.fetchval("select id from partner_record")
    assert person_id
    for key_id in (person_id, partner_id):
        path = keys._path("person", key_id).path
        if fault == "gone":
            path.unlink()
        elif fault == "wrong":
            path.write_bytes(b"\1" * 32)
        elif fault == "key_cut":
            path.write_bytes(b"\1" * 7)
    if fault == "cut":
        await owner.execute("update participant set sealed = substr(sealed, 1, 9) where id = $1", person_id)
        await owner.execute("update partner_record set sealed = substr(sealed, 1, 40)")
    await sign_in_as(client, "kim", clock.now())
    group, page = f"/personal/grupper/{cohort.cohort_id}", address(cohort, enrolment_id)
    person, said = page.removesuffix("/utdrag"), "uppgifterna kan inte läsas"
    for name in (group, f"{group}/utskrifter", f"{group}/ko", "/personal/idag"):
        answer = await client.get(name)
        assert answer.status_code == 200, name
        if name == group:
            assert said in answer.text
            assert "Bo Alm" in answer.text
    found = await post_form(client, "/personal/sok", {"vem": "Anna Ask"})
    assert found.status_code == 200
    assert said in found.text
    for name in (person, f"{person}/partner", page):
        answer = await client.get(name)
        assert answer.status_code == 200, name
        assert said in answer.text.lower(), name
    before = await owner.fetchrow("select sealed, protected_identity from participant where id = $1", person_id)
    assert (await client.get(f"{person}/uppgifter")).status_code in {404, 409}
    changed = await post_form(client, f"{person}/uppgifter", {"namn": "X", "fodd": "19850214"}, person)
    assert changed.status_code in {404, 409, 503}
    assert await owner.fetchrow("select sealed, protected_identity from participant where id = $1", person_id) == before
    await post_form(client, page, {"hur": "shown"})
    looked = await owner.fetchval("select count(*) from record_look")
    for kind in ("json", "pdf"):
        answer = await client.get(f"{page}.{kind}")
        assert answer.status_code == 409
        assert said in answer.text.lower()
    assert await owner.fetchval("select count(*) from record_look") == looked
    assert await owner.fetchval("select count(*) from audit_entry where action like 'person:extract%'") == 0
    # A partner's record is written anew, under a key of its own.
    assert (await post_form(client, f"{person}/partner", {"namn": "Pia Ek"})).status_code == 303
    assert 'value="Pia Ek"' in (await client.get(f"{person}/partner")).text


def test_looks_of_extracts_are_one_line_for_each_day_and_every_other_look_has_its_own() -> None:
    def look(at: str, page: str, reason: str | None, group: str | None) -> dict[str, str | None]:
        return {"at": at, "page": page, "reason": reason, "group": group}

    rows = pages._looks(
        [
            look("2026-09-02T08:00:00+00:00", "person", "question", "A"),
            *[look(f"2026-09-02T21:{n:02}:00+00:00", "extract", "extract", "AB"[n % 2]) for n in range(40)],
            look("2026-09-02T21:50:00+00:00", "person", "question", "A"),
            # After midnight here, and before it in UTC.
            look("2026-09-02T22:10:00+00:00", "extract", "extract", "A"),
        ]
    )
    why = "Personen har bett om sina uppgifter"
    assert rows == [
        ("2 september 2026 10.00", "Deltagarens sida, A", "Personen har hört av sig"),
        ("2 september 2026", "Registerutdrag, A, B, 40 gånger", why),
        ("2 september 2026 23.50", "Deltagarens sida, A", "Personen har hört av sig"),
        ("3 september 2026 00.10", "Registerutdrag, A", why),
    ]
