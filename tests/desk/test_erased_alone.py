"""A working list that went by itself while nobody had closed its cohort: every screen says so, and leads to the receipt."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.desk.closing.receipt_wording_rules import rule_text
from programmes.desk.closing.rules import erased_again_by
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.desk.cast import do_everything_first
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, csrf_of, post_form, sign_in_as, somebody
from tests.lists import lines_of

BY_ITSELF = "Listan raderades 6 november 2026 av sig själv, när det hade gått 30 dagar sedan sista träffen."
STILL_THERE = ("Ingen har tagit en plats än", "Listan raderas", "lediga", "Pågår", "och radera listan", "raderas på en gång")


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def gone(
    section: str, robin: Principal, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> CohortFacts:
    """A cohort whose list the worker has erased thirty days after its last session, on the clock an hour later."""
    cohort, _people = await a_running(section, clock, keys, robin, sessions=2)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=30, minutes=1))
    await closing.erase_overdue(the_worker)
    clock.advance(hours=1)
    return cohort


async def shown(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return unescape(re.sub(r"\s+", " ", answer.text))


def words(page: str) -> str:
    """What somebody reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


async def receipt_of(owner: asyncpg.Connection, cohort: CohortFacts) -> str:
    found = await owner.fetchval("select id from erasure_receipt where cohort_id = $1", cohort.cohort_id)
    return f"/personal/gallring/{found}"


@pytest.mark.parametrize("section", ["2.1", "2.16"])
async def test_every_screen_says_that_the_list_has_gone_and_leads_to_its_receipt(
    section: str,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await gone(section, robin, clock, keys, the_worker)
    group, receipt = f"/personal/grupper/{cohort.cohort_id}", await receipt_of(owner, cohort)
    await a_coordinator(clock.now(), "kim", section=section)
    for name in ("robin", "kim"):
        await sign_in_as(client, name, clock.now())
        for address in (group, f"{group}/avsluta", f"{group}/checklista", "/personal/idag"):
            page = await shown(client, address)
            assert BY_ITSELF in page, address
            assert f'href="{receipt}"' in page, address
            for told in STILL_THERE:
                assert told not in words(page.split("<main")[1]), (address, told)
        assert "Ska avslutas" in await shown(client, group)
        listed = await shown(client, "/personal/grupper")
        assert "Listan är raderad" in listed
        assert "Ska avslutas" in listed
        assert (await client.get(receipt)).status_code == 200
        [line] = await lines_of(client, "/personal/grupper.csv")
        assert (line[4], line[6]) == ("Ska avslutas", "Listan är raderad")
    # The week has what is next: once all else is done, the closing.
    await do_everything_first(cohort, section, robin, clock.now(), owner)
    for name in ("robin", "kim"):
        await sign_in_as(client, name, clock.now())
        page = await shown(client, "/personal/veckan")
        assert BY_ITSELF in page
        assert f'href="{receipt}"' in page
        assert "listan raderas" not in page


async def test_what_is_left_is_to_close_and_that_writes_no_second_receipt(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await gone("2.16", robin, clock, keys, the_worker)
    await do_everything_first(cohort, "2.16", robin, clock.now(), owner)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/avsluta"
    page = await shown(client, address)
    assert re.search(r'class="is-next"><p class="eyebrow">[^<]*</p><h3>Avsluta</h3>', page)
    [line] = await lines_of(client, "/personal/veckan.csv")
    assert (line[4], line[5]) == ("Avslut", BY_ITSELF)
    sure = await shown(client, f"{address}/radera")
    assert "Ja, avsluta</button>" in sure
    assert "raderas på en gång" not in sure
    values = dict(re.findall(r'name="(protokoll|sett)" value="([^"]*)"', sure))
    closed = await post_form(client, f"{address}/radera", values)
    assert (closed.status_code, closed.headers["location"]) == (303, address)
    again = await client.post(f"{address}/radera", data={**values, "_csrf_token": csrf_of(sure)})
    assert (again.status_code, again.headers["location"]) == (303, address)
    page = await shown(client, address)
    assert "är avslutad" in page
    assert BY_ITSELF in page
    assert f'href="{await receipt_of(owner, cohort)}"' in page
    assert await owner.fetchval("select count(*) from erasure_receipt") == 1
    assert await owner.fetchval("select state from cohort") == "closed"


async def test_a_series_whose_list_went_by_itself_is_closed_and_its_receipts_are_read_when_it_has_dissolved(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.9", clock.now(), robin, sessions=3)
    await somebody(cohort, keys, clock.now(), "Al")
    await worker.drain(the_worker)
    await owner.execute("update cohort set state = 'started'")
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=30, minutes=1))
    await closing.erase_overdue(the_worker)
    receipt = await receipt_of(owner, cohort)
    await a_coordinator(clock.now(), "kim", section="2.9")
    await sign_in_as(client, "kim", clock.now())
    page = await shown(client, f"/personal/grupper/{cohort.cohort_id}")
    assert "sedan sista samtalet" in page
    assert "Ingen har tagit en plats än" not in page
    await do_everything_first(cohort, "2.9", robin, clock.now(), owner)
    sure = await shown(client, f"/personal/grupper/{cohort.cohort_id}/avsluta/radera")
    assert "Samtalens tider" in sure
    assert "Alias och kontaktvägar" not in sure
    closed = uuid4()
    for _ in range(2):
        assert await closing.close(cohort.cohort_id, closed, robin, keys, clock.now()) == closing.Closed(closed)
    assert await owner.fetchval("select count(*) from cohort") == 0
    page = await shown(client, receipt)
    assert "Grupp</dt>" not in page
    assert (await client.get(f"/personal/gallring/{closed}")).status_code == 200


async def test_a_cancelled_start_says_it_too(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Lind")
    await worker.drain(the_worker)
    await owner.execute("update cohort set state = 'cancelled', ended_how = 'cancelled', closed_at = $1", clock.now())
    await owner.execute(
        "update cohort_session set state = 'cancelled', number = null, cancelled_at = $1", clock.now() - timedelta(minutes=1)
    )
    clock.advance(days=30, minutes=1)
    await closing.erase_overdue(the_worker)
    await sign_in_as(client, "robin", clock.now())
    receipt = await receipt_of(owner, cohort)
    for page in ("", "/avsluta", "/checklista"):
        text = await shown(client, f"/personal/grupper/{cohort.cohort_id}{page}")
        assert "av sig själv, när det hade gått 30 dagar sedan allt ställdes in." in text, page
        assert f'href="{receipt}"' in text, page
    assert "Avslut, och listan raderas" not in text


async def test_whoever_applies_anew_to_a_series_has_a_list_that_is_not_gone(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    series = await a_cohort("2.9", clock.now(), robin, sessions=1)
    await owner.execute("delete from cohort_session")
    await owner.execute("update cohort set one_at_a_time = true, last_entry_session = 1")
    series = await cohorts.by_id(series.cohort_id)
    await somebody(series, keys, clock.now(), "Al")
    await worker.drain(the_worker)
    clock.advance(days=31)
    await closing.erase_overdue(the_worker)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{series.cohort_id}"
    page = await shown(client, address)
    assert "när det hade gått 30 dagar utan något samtal." in page
    # It goes on, and has a place for the next.
    assert "Ingen har tagit en plats än" in page
    await somebody(series, keys, clock.now(), "Bok")
    assert "av sig själv" not in await shown(client, address)


async def test_managers_find_the_receipts_of_lists_and_no_group_stands_on_them(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    alone = await gone("2.16", robin, clock, keys, the_worker)
    closed, _people = await a_running("2.12", clock, keys, robin, sessions=2)
    assert closed.last_end
    clock.set(closed.last_end + timedelta(hours=1))
    await do_everything_first(closed, "2.12", robin, clock.now(), owner)
    kept = uuid4()
    assert await closing.close(closed.cohort_id, kept, robin, keys, clock.now()) == closing.Closed(kept)
    await a_staff_member("sasha", "manager", clock.now())
    await sign_in_as(client, "sasha", clock.now())
    page, receipt = await shown(client, "/personal/gallring"), await receipt_of(owner, alone)
    assert f'href="{receipt}"' in page
    assert f'href="/personal/gallring/{kept}"' in page
    assert page.index(str(kept)) < page.index(receipt)
    lines = await lines_of(client, "/personal/gallring/protokoll.csv")
    assert [line[2].startswith(f"Arbetslista, {section}") for line, section in zip(lines, ("2.12", "2.16"), strict=True)]
    assert [line[6] for line in lines] == [str(kept), receipt.rsplit("/", 1)[1]]
    assert [line[7] for line in lines] == ["Robin", "Systemet, av sig självt"]
    for address in (receipt, f"/personal/gallring/{kept}"):
        text = await shown(client, address)
        assert "/personal/grupper/" not in text.split("<main")[1]
        assert alone.name not in text
    for text in (page, str(lines)):
        assert alone.name not in text
        assert closed.name not in text
    # Whoever reads none there is led to them from Idag.
    assert 'href="/personal/gallring#protokoll"' in await shown(client, "/personal/idag")


async def test_a_list_that_a_backup_brought_back_has_a_receipt_again_and_says_why(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort, _people = await a_running("2.16", clock, keys, robin, sessions=2)
    ahead = await a_cohort("2.16", clock.now(), robin, first_in=timedelta(days=60))
    await somebody(ahead, keys, clock.now(), "Lind")
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=2))
    for row in await owner.fetch("select key_id from enrolment"):
        # As if one group had been closed, and whoever stood in the other had left, after the backup was made.
        keys.destroy("entry", row["key_id"], "closed", clock.now())
    for _ in range(2):
        await worker.start_up(the_worker)
    rows = await owner.fetch("select cohort_id, rule, staff_id from erasure_receipt")
    assert [tuple(row) for row in rows] == [(cohort.cohort_id, "closing", None)]
    await sign_in_as(client, "robin", clock.now())
    text = await shown(client, f"/personal/grupper/{cohort.cohort_id}")
    assert "Listan var redan raderad när en säkerhetskopia lästes tillbaka" in text
    assert "En säkerhetskopia lästes tillbaka." in await shown(client, await receipt_of(owner, cohort))
    ahead_of_us = await shown(client, f"/personal/grupper/{ahead.cohort_id}")
    assert "var redan raderad" not in ahead_of_us
    assert "Ingen har tagit en plats än" in ahead_of_us


def test_by_which_rule_a_list_stays_gone(clock: FrozenClock) -> None:
    now = clock.now()
    long_ago, lately = now - timedelta(days=30), now - timedelta(days=29)
    assert erased_again_by("started", long_ago, True, now) == "overdue"
    assert erased_again_by("cancelled", long_ago, True, now) == "overdue"
    assert erased_again_by("cancelled", lately, True, now) == "cancelled"
    assert erased_again_by("started", lately, True, now) == "closing"
    assert erased_again_by("open", None, False, now) is None
    assert "säkerhetskopia" not in rule_text("overdue", True)
    assert "säkerhetskopia" not in rule_text("closing", False)


async def test_a_group_that_is_still_to_be_closed_in_time_says_nothing_of_it(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _people = await a_running("2.1", clock, keys, robin, sessions=2)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=29))
    await sign_in_as(client, "robin", clock.now())
    assert len(await session_ids(cohort)) == 2
    page = await shown(client, f"/personal/grupper/{cohort.cohort_id}")
    assert "av sig själv" not in page
    assert "Pågår" in page
    assert (await cohorts.by_id(cohort.cohort_id)).state == "started"
