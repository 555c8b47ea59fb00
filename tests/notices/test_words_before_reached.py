"""Nobody is called reached without words of all that it settles: beside each who may be told stands what to tell them."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import get_args
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.contacts import by_text
from programmes.core.i18n import moment_long
from programmes.core.sealing import KeyFolder
from programmes.desk.group.left_pages import left_text
from programmes.desk.illness.reached_pages import reached_page
from programmes.desk.illness.reached_rules import Heard, Notice, Person, may_be_rung
from programmes.notices.belief_rules import Known, readings
from programmes.notices.left_rules import Left, left_together
from tests.clock import FrozenClock
from tests.cohorts.test_moved_rules import SESSION
from tests.desk.test_reached import line_of, look
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail
from tests.notices.test_changes_told import NIGHT, move
from tests.notices.test_texts import PHONE, texting  # noqa: F401

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = [Known(NOW + n * DAY, NOW + n * DAY + HOUR, 1) for n in range(-2, 7)]
MESSAGES = [UUID(int=n) for n in range(3)]
OF_ALL = ["rest_cancelled", "cohort_cancelled", "cohort_postponed"]
COHORT = SimpleNamespace(cohort_id=1, name="Gruppen", form="group", exempt=True, state="started", slug="")


@given(st.data(), st.sampled_from(get_args(Heard)), st.booleans())
def test_nobody_is_offered_as_reached_without_words_of_every_session_that_is_settled(
    data: st.DataObject, how: Heard, reachable: bool
) -> None:
    free, now_is = list(TIMES), dict[int, Known | None]()
    for session_id in range(1, data.draw(st.integers(1, 6)) + 1):
        known = now_is[session_id] = data.draw(st.sampled_from([None, *free]))
        free = [time for time in free if time != known]
    messages = dict[UUID, dict[int, Known | None]]()
    for session_id in now_is:
        holder = data.draw(st.sampled_from(MESSAGES))
        messages.setdefault(holder, {})[session_id] = data.draw(st.sampled_from([None, *TIMES]))
    told = left_together(messages, now_is, NOW)[mine := min(messages)]
    kind = data.draw(st.sampled_from(["session_moved", "session_cancelled", "rest_moved", "change_undone", "talk_booked"]))
    notice = a_notice(mine, kind, bool(told.left), told.left, told.messages)
    row = only_row(Person(UUID(int=9), "Ek", False, how, notice, reachable))
    offered = bool(row.notice_id or row.ring)
    assert offered == bool(row.say) == (may_be_rung(how) and told.left is not None)
    assert not row.ring or reachable
    assert {UUID(number) for number in (row.notice_id, *row.told_with) if number} == (told.messages if offered else set())
    if offered and told.left:
        for pair in told.left.sessions:
            for known in pair:
                assert all(moment_long(one.starts_at) in row.say for one in readings(known) if one)


@given(st.sampled_from([*OF_ALL, "session_moved", "session_cancelled"]), st.sampled_from(get_args(Heard)), st.booleans())
def test_what_tells_of_no_belief_has_its_words_too(kind: str, how: Heard, of_use: bool) -> None:
    row = only_row(Person(UUID(int=9), "Ek", False, how, a_notice(MESSAGES[0], kind, of_use), True))
    assert bool(row.notice_id) == row.ring == bool(row.say) == (of_use and may_be_rung(how))
    # Nothing is written yet: there is nothing to settle, and no channel to show.
    nothing = only_row(Person(UUID(int=9), "Ek", False, how, None, True))
    assert (nothing.notice_id, nothing.ring, nothing.say) == ("", False, "")


def a_notice(
    notice_id: UUID, kind: str, of_use: bool, left: Left | None = None, told_with: frozenset[UUID] = frozenset()
) -> Notice:
    told_with = told_with or frozenset({notice_id})
    return Notice(notice_id, UUID(int=9), "waiting", None, True, 0, "", 0, None, kind, of_use, left, False, told_with)


def only_row(person: Person):  # type: ignore[no-untyped-def]
    (row,) = reached_page(COHORT, replace(SESSION, state="cancelled"), [person], NOW).rows  # type: ignore[arg-type]
    return row


async def test_whose_text_waits_is_told_by_the_day_that_they_know_and_the_head_says_it(
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    kim = await a_coordinator(clock.now())
    clock.set(NIGHT)
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3, first_in=timedelta(days=4, hours=12))
    await owner.execute("update cohort set decide_by = '2026-09-03'")
    await somebody(cohort, keys, clock.now(), "Valnöt", "+46700000001")
    held = await somebody(cohort, keys, clock.now(), "Vide", by_text(PHONE))
    await texting.work()
    await owner.execute("delete from notice")
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    day = moment_long(second.starts_at)
    await move(cohort, 1, 3 * DAY, kim, clock)
    await texting.work()
    clock.advance(minutes=1)
    assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    await texting.work()
    await sign_in_as(client, "kim", clock.now())
    here = f"/personal/traffar/{second.session_id}/besked"
    page = await look(client, here)
    assert f"Skulle ha varit {day}." in page
    for name, sign in (("Valnöt", "Ni ringer"), ("Vide", "Väntar")):
        assert sign in line_of(page, name), name
        assert f"Det blir inget {day}." in line_of(page, name), name
    notices = await owner.fetch("select id from notice where enrolment_id = $1 and believed <> '{}'", held.enrolment_id)
    settled = re.findall(r'name="(?:besked|med)" value="([0-9a-f-]+)"', line_of(page, "Vide"))
    assert sorted(settled) == sorted(str(row["id"]) for row in notices)
    form: dict[str, object] = {"vem": held.enrolment_id, "besked": settled[0], "svar": "nadd"}
    assert (await post_form(client, here, form, here)).status_code == 303
    page = await look(client, here)
    assert "Det blir inget" not in line_of(page, "Vide")
    clock.advance(hours=14)
    await texting.work()
    assert gateway.taken == []
    # Once nobody believes in it any more, the head does not name it.
    ring = line_of(page, "Valnöt")
    form = {
        "vem": re.findall(r'name="vem" value="([0-9a-f-]+)"', ring)[0],
        "besked": re.findall(r'name="besked" value="([0-9a-f-]+)"', ring)[0],
        "svar": "nadd",
    }
    await sign_in_as(client, "kim", clock.now())
    assert (await post_form(client, here, form, here)).status_code == 303
    assert "Skulle ha varit" not in await look(client, here)


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        (((None, TIMES[5]),), "Nytt tillfälle: {5}."),
        (((TIMES[3], TIMES[6]), (None, TIMES[5])), "Det som skulle vara {3} är {6}. Nytt tillfälle: {5}."),
        (((TIMES[3], None), (None, TIMES[5])), "Det blir inget {3}. I stället blir det {5}."),
        (
            ((TIMES[3], None), (TIMES[4], TIMES[6]), (None, TIMES[5])),
            "Det blir inget {3}. Det som skulle vara {4} är {6}. Nytt tillfälle: {5}.",
        ),
    ],
)
def test_instead_stands_only_right_after_what_does_not_take_place(
    sessions: tuple[tuple[Known | None, Known | None], ...], said: str
) -> None:
    assert left_text(Left(sessions, False), "session_cancelled") == said.format(*(moment_long(t.starts_at) for t in TIMES))
