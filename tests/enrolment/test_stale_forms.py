"""Every form about a place, sent twice at once from a page that was opened before something happened: an answer in words,
nothing half done and nothing done twice."""

import asyncio
import os
import re
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.enrolment.stale import (
    HAPPENINGS,
    OF_NOBODY,
    OF_THE_START,
    Happening,
    Scene,
    a_scene,
    in_words,
    nothing_is_half_done,
)
from tests.factories import a_coordinator, sign_in_as

Forms = list[tuple[str, dict[str, Any]]]
# Where everything is asked for, whatever may happen; where nobody's identity is known, what is different there.
TABLE = [("2.8", one) for one in HAPPENINGS] + [("2.1", one) for one in HAPPENINGS if one.__name__ in OF_NOBODY]
# What another happening, or the lives of cohorts, covers as well: every one of them in a night's run (`STALE_FORMS=all`).
LIKE_ANOTHER = {"the_offer_ran_out", "all_have_left_for_good", "the_clock_went_back", "it_started_and_entry_is_over"}
ALL = os.environ.get("STALE_FORMS") == "all"
USUAL = TABLE if ALL else [t for t in TABLE if t[1].__name__ not in LIKE_ANOTHER]
# Staff's forms meet what differs most for them.
OF_STAFF = {"nothing", "they_were_moved", "staff_ended_it", "the_start_was_cancelled", "it_was_closed"}
USUAL_OF_STAFF = TABLE if ALL else [t for t in TABLE if t[1].__name__ in OF_STAFF]


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


def theirs(scene: Scene) -> Forms:
    """Every form of Min plats, what ends a place last."""
    return [
        ("kommer", {}),
        ("vidare", {}),
        ("alder", {"v_age": "ja"}),
        ("godkann", {"text": scene.texts}),
        ("studiebesok", {"tid": str(scene.slot)}),
        ("studiebesok/avboka", {}),
        ("erbjudande", {"svar": "ja"}),
        ("kalender", {"rubrik": "Möte"}),
        ("kalender", {"gor": "byt"}),
        ("kalender", {"gor": "stang"}),
        ("angra", {}),
        ("lamna", {}),
        ("angra", {}),
        ("erbjudande", {"svar": "nej"}),
        ("lamna", {}),
        ("radera", {}),
        ("stang", {}),
    ]


@pytest.mark.parametrize(("section", "happened"), USUAL, ids=lambda value: getattr(value, "__name__", value))
async def test_what_people_send_from_an_old_page_twice_at_once_is_answered_in_words_and_done_once(
    section: str,
    happened: Happening,
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    scene = await a_scene(section, client, clock, keys, kim, owner)
    await happened(scene)
    for name in ("booked", "confirmed", "left", "offered", "queued" if scene.slot else "asked"):
        who, seen = scene.people[name], set[str]()
        await scene.open_for(who)
        for address, data in theirs(scene):
            if address == "lamna":
                seen.clear()
            what = f"{name}: {address} {data}"
            answers = await asyncio.gather(*(scene.send(f"/min-plats/{address}", data) for _ in range(2)))
            assert all(answer.status_code != 404 for answer in answers), what
            await in_words(scene, answers, what, seen)
            await nothing_is_half_done(scene, what)


def about(scene: Scene, who: UUID, other: UUID) -> Forms:
    """Every form that staff have about somebody, their queue and their start, what ends a place last."""
    group = f"/personal/grupper/{scene.cohort.cohort_id}"
    person = f"{group}/deltagare/{who}"
    return [
        (f"{person}/kommer", {}),
        (f"{person}/legitimation", {}),
        (f"{person}/samtycke", {}),
        (f"{person}/ko", {"skal": "wait"}),
        (f"{person}/ko", {"lyft": "1"}),
        (f"{group}/ko", {"vem": str(who), "fore": str(other), "skal": "together"}),
        (f"{group}/ko/tillbaka", {"vem": str(who)}),
        (f"{person}/besok", {"tid": str(scene.slot)}),
        (f"{person}/besok", {"utfall": "missed"}),
        (f"{person}/besok", {"utfall": "attended"}),
        (f"{person}/besok", {"utfall": "avboka"}),
        (f"{person}/papper", {"text": scene.texts}),
        (f"{person}/erbjudande", {"svar": "ja"}),
        (f"{person}/uppgifter", {"namn": "Ask", "kontakt": "0700000000", "saker": "call"}),
        (f"{person}/kontakt", {"varfor": "asked"}),
        (f"{person}/kod", {}),
        (f"{person}/flytta", {"till": str(scene.other.cohort_id), "sett": "ko-7"}),
        (f"{person}/erbjudande", {"svar": "nej"}),
        (f"{person}/flytta", {"till": str(scene.other.cohort_id), "sett": "plats"}),
        (f"{person}/avsluta", {"slut": "completed"}),
        (f"{person}/avsluta", {"slut": "declined"}),
    ]


def around(scene: Scene) -> Forms:
    """What staff send about the start as a whole."""
    group = f"/personal/grupper/{scene.cohort.cohort_id}"
    places: Forms = [
        (f"/personal/starter/{scene.cohort.cohort_id}/platser", {"min": "5", "max": most}) for most in ("8", "5")
    ]
    if not scene.programme.study_visit:
        return places
    day = scene.cohort.first_start
    assert day
    return [
        *places,
        (f"{group}/studiebesok", {"dag": f"{day:%Y-%m-%d}", "fran": "10:00", "till": "09:00", "antal": "1"}),
        (f"{group}/studiebesok/senast", {"dagar": "5"}),
        (f"{group}/studiebesok/{scene.slot}/ta-bort", {}),
        (f"{group}/studiebesok/{scene.slot}/stall-in", {"sett": "1"}),
    ]


@pytest.mark.parametrize(("section", "happened"), USUAL_OF_STAFF, ids=lambda value: getattr(value, "__name__", value))
async def test_what_staff_send_from_an_old_page_twice_at_once_is_answered_in_words_and_done_once(
    section: str,
    happened: Happening,
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    scene = await a_scene(section, client, clock, keys, kim, owner)
    await happened(scene)
    await sign_in_as(client, "kim", clock.now())
    erased = section == "2.1" and happened.__name__ == "it_was_closed"
    for name in ("confirmed" if happened.__name__ == "they_were_moved" else "booked", "offered", "queued"):
        who, seen = scene.people[name], set[str]()
        other = next(one for one in scene.people.values() if one != who)
        for address, data in [*about(scene, who, other), *(around(scene) if name == "queued" else [])]:
            what = f"{name}: {address.rpartition('/')[2]} {data}"
            answers = await asyncio.gather(*(scene.send(address, data) for _ in range(2)))
            # A study visit that is over is not there to be taken away, and the page says so.
            # Only of who is named are there details to put right, and only of who isn't a contact to be shown.
            other_kind = address.endswith("uppgifter" if section == "2.1" else "kontakt")
            gone = erased or other_kind or address.endswith("ta-bort")
            assert gone or all(answer.status_code != 404 for answer in answers), what
            await in_words(scene, answers, what, seen)
            await nothing_is_half_done(scene, what)


@pytest.mark.parametrize("by_staff", [False, True])
@pytest.mark.parametrize("happened", [h for h in HAPPENINGS if h.__name__ in OF_THE_START], ids=lambda h: h.__name__)
async def test_an_application_sent_twice_at_once_after_the_start_has_changed_is_one_place_or_says_why_not(
    happened: Happening,
    by_staff: bool,
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
) -> None:
    scene = await a_scene("2.1", client, clock, keys, kim, owner)
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{scene.cohort.cohort_id}/anmal"
    address = group if by_staff else f"/anmalan/{scene.cohort.public_id}"
    shown = (await client.get(address)).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja")
    form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
    before = await owner.fetchval("select count(*) from enrolment")
    await happened(scene)
    # A session that has grown old, or is of a time that has not come, is none.
    if happened.__name__ in {"it_started_and_entry_is_over", "the_clock_went_back"}:
        await sign_in_as(client, "kim", clock.now())
    lasting = await owner.fetchval("select count(*) from enrolment")
    answers = await asyncio.gather(*(client.post(address, data=form) for _ in range(2)))
    open_still = happened.__name__ in {"nothing", "all_have_left", "the_clock_went_forth_and_back"}
    for answer in answers:
        assert answer.status_code == (303 if open_still else 409), answer.status_code
    await in_words(scene, answers, address, set())
    assert await owner.fetchval("select count(*) from enrolment") == lasting + open_still
    assert lasting <= before
