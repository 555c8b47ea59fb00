"""axe finds nothing on the pages, with target-size on, light and dark; no page scrolls sideways at 320 px (WCAG 2.2 AA)."""

from datetime import timedelta
from typing import Any, Literal

import asyncpg
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, ViewportSize

from programmes import worker
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.enrolment.roster import label_of
from programmes.enrolment.visits import step_services
from programmes.oversight import services as decisions
from programmes.people.looks import looking
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, somebody
from tests.journeys.acts import open_place, sign_in
from tests.journeys.conftest import NewContext

_FAULTS_ONLY: dict[str, Any] = {"resultTypes": ["violations"]}
_EVERYTHING: dict[str, Any] = _FAULTS_ONLY | {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},
}
# Only colours differ in the dark.
_COLOURS: dict[str, Any] = _FAULTS_ONLY | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

_NARROW: ViewportSize = {"width": 320, "height": 720}
_LARGE_TEXT: ViewportSize = {"width": 390, "height": 720}
_TWICE_AS_LARGE = """() => {
  document.documentElement.style.fontSize = "200%";
  return document.documentElement.scrollWidth;
}"""


# The script is in the page already, for both schemes; only what is said of a fault travels back.
_RUN = """options => axe.run(options).then(found =>
  found.violations.map(fault => [fault.id, fault.nodes[0].html.slice(0, 120)]))"""
# The colours are there when the next picture has been drawn.
_NEXT_FRAME = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


async def faults(page: Page, address: str) -> list[str]:
    """What axe says of a page, in the light and in the dark, and whether it scrolls sideways."""
    await page.goto(address)
    await page.evaluate(AXE_SCRIPT)
    said = await _axe(page, "light", _EVERYTHING) + await _axe(page, "dark", _COLOURS)
    # A phone that finds a page too wide makes the window wider: only the screen's own width tells.
    wide = await page.evaluate("document.documentElement.scrollWidth")
    too_wide = [f"{wide} px wide on a screen of {_NARROW['width']}"] if wide > _NARROW["width"] else []
    await page.set_viewport_size(_LARGE_TEXT)
    wide = await page.evaluate(_TWICE_AS_LARGE)
    if wide > _LARGE_TEXT["width"]:
        too_wide.append(f"{wide} px wide on a screen of {_LARGE_TEXT['width']}, text twice as large")
    await page.set_viewport_size(_NARROW)
    return [f"{address}: {fault}" for fault in said + too_wide]


async def _axe(page: Page, scheme: Literal["light", "dark"], options: dict[str, Any]) -> list[str]:
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate(_NEXT_FRAME)
    found = await page.evaluate(_RUN, options)
    return [f"{name} in the {scheme} {html}" for name, html in found]


async def _everything(clock: FrozenClock, keys: KeyFolder) -> tuple[list[str], list[str], tuple[str, str]]:
    """Public addresses, staff addresses, and the codes of two places, the second with a consent to change."""
    robin = await a_leader(clock.now())
    kim = await a_coordinator(clock.now())
    abc = await a_cohort("2.1", clock.now(), robin, sessions=4)
    treatment = await a_cohort("2.8", clock.now(), robin)
    await a_cohort("3.1", clock.now(), sessions=2, first_in=timedelta(days=2), state="started")
    begins = clock.now() + timedelta(days=5)
    ends = begins + timedelta(hours=1)
    await step_services.add_slot(treatment.cohort_id, begins, ends, treatment.venue_id, kim.staff_id, 3, clock.now())
    taken = await somebody(treatment, keys, clock.now())
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    public = ["/", "/insatser/aterfallsprevention", "/insatser/ambivalenssamtal", "/insatser/traffpunkter", "/uppgifter"]
    public += ["/tillganglighet", "/kalender", "/kontakt", "/logga-in", "/min-plats", "/u", "/finns-inte"]
    public += [f"/anmalan/{abc.public_id}", f"/anmalan/{treatment.public_id}"]
    group = f"/personal/grupper/{treatment.cohort_id}"
    staff = ["/personal/idag", "/personal/grupper", "/personal/starter", "/personal/utvarderingar", "/personal/kalender"]
    staff += [group, f"{group}/traffar", f"{group}/avsluta", f"{group}/utvardering", f"{group}/studiebesok"]
    staff += [f"{group}/deltagare/{taken.enrolment_id}", "/personal/grupper/ny?insats=2.8", "/personal/texter"]
    staff += [
        f"{group}/besked",
        "/personal/statistik?insats=3.2",
        "/personal/statistik?fran=x",
        "/personal/statistik/utlamning",
    ]
    staff += [f"/personal/starter/{treatment.cohort_id}/stall-in", f"/personal/starter/{treatment.cohort_id}/skjut-upp"]
    staff += ["/personal/starter?vy=lista", "/personal/starter/per-ar", "/personal/veckan"]
    staff += [f"{group}/checklista", f"{group}/flytta-flera"]
    staff += ["/personal/konto", "/personal/konto/losenord", "/personal/konto/kod"]
    staff += [f"/personal/bekrafta?till={group}/ko.csv", f"/personal/bekrafta?klart=ja&till={group}/ko.csv"]
    talks = await a_cohort("2.14", clock.now(), robin, minimum=1, maximum=1)
    talking = await somebody(talks, keys, clock.now())
    person = f"/personal/grupper/{talks.cohort_id}/deltagare/{talking.enrolment_id}"
    staff += [person, f"{person}/partner", f"{person}/utdrag"]
    later = await a_cohort("2.3", clock.now(), robin, minimum=1, maximum=1, sessions=0, one_at_a_time=True)
    public += [f"/anmalan/{later.public_id}", "/insatser/anhorigstod"]
    series = f"/personal/grupper/{later.cohort_id}"
    staff += [series, f"{series}/traffar", f"{series}/boka", f"{series}/boka-flera"]
    return public, staff, (code, place_services.unseal(await queries.enrolment(talking.enrolment_id), keys).code)


async def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, db: None
) -> None:
    public, staff, (code, consenting) = await _everything(clock, keys)
    page = await (await new_context("phone", viewport=_NARROW, reduced_motion="reduce")).new_page()
    wrong = [fault for address in public for fault in await faults(page, address)]
    await open_place(page, code)
    for address in ("/min-plats", "/min-plats/lamna"):
        wrong += await faults(page, address)
    await page.context.clear_cookies()
    await open_place(page, consenting)
    wrong += await faults(page, "/min-plats/samtycke")
    desk = await sign_in(await new_context("phone", viewport=_NARROW, reduced_motion="reduce"), "kim")
    for address in staff:
        wrong += await faults(desk, address)
    assert wrong == [], "\n".join(wrong)


async def test_axe_finds_nothing_where_a_start_is_cancelled_and_one_moves_to_the_next(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, db: None
) -> None:
    kim = await a_coordinator(clock.now())
    here = await a_cohort("2.8", clock.now())
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=70))
    taken = await somebody(here, keys, clock.now())
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    await decisions.cancel(here.cohort_id, "too_few", decisions.seen_as(here.state, here.first_start), kim, clock.now())
    page = await (await new_context("phone", viewport=_NARROW, reduced_motion="reduce")).new_page()
    await open_place(page, code)
    wrong = await faults(page, "/min-plats") + await faults(page, "/min-plats/flytta")
    desk = await sign_in(await new_context("phone", viewport=_NARROW, reduced_motion="reduce"), "kim")
    wrong += await faults(desk, f"/personal/starter?klart=installd&grupp={here.cohort_id}")
    assert wrong == [], "\n".join(wrong)


_STICKS_OUT = """() => [...document.querySelectorAll("table, .card *")].filter(one => {
  const card = one.closest(".card")?.getBoundingClientRect();
  const edge = Math.min(card ? card.right : Infinity, window.innerWidth);
  return one.getClientRects().length && one.getBoundingClientRect().right > edge + 1 && !one.closest(".hidden, thead");
}).map(one => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`).slice(0, 5)"""


async def test_the_starts_fit_the_screen_at_every_width_also_when_one_is_postponed(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, db: None, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    far = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    planned = await a_cohort("2.15", clock.now(), first_in=timedelta(days=66), state="planned")
    await owner.execute(
        "update cohort set name = 'Stödgrupp för barn med skilda föräldrar, vår 2027' where id = $1", planned.cohort_id
    )
    near = await a_cohort("2.7", clock.now())
    for cohort in (far, near):
        for number in range(7):
            await somebody(cohort, keys, clock.now(), f"P{number}")
        clock.advance(minutes=1)
        first = (cohort.first_start or clock.now()).date() + timedelta(days=35)
        again = await decisions.plan_again(cohort.cohort_id, first, kim, clock.now())
        seen, by = decisions.seen_as(cohort.state, cohort.first_start), first - timedelta(days=30)
        assert not await decisions.postpone(
            cohort.cohort_id, first, by, "no_venue", seen, again.digest, kim, clock.now(), meant=True
        )
    await owner.execute("update cohort set decide_by = '2026-09-01' where id = $1", near.cohort_id)
    desk = await sign_in(await new_context("desktop"), "kim")
    wrong = []
    for address in ("/personal/starter", "/personal/starter?vy=lista"):
        for width in (360, 768, 1024, 1280):
            await desk.set_viewport_size({"width": width, "height": 800})
            await desk.goto(address)
            wide = await desk.evaluate("document.documentElement.scrollWidth")
            out = await desk.evaluate(_STICKS_OUT)
            assert "7 har inte svarat om de kan." in await desk.content()
            if wide > width or out:
                wrong.append(f"{address} at {width}: {wide} px, {out}")
    assert wrong == [], "\n".join(wrong)


async def test_axe_finds_nothing_on_what_managers_go_through(
    new_context: NewContext, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    robin, begun = await a_leader(clock.now()), clock.now()
    await a_staff_member("sasha", "manager", clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin)
    person = await somebody(cohort, keys, clock.now(), "Anna Ask")
    async with looking(robin, "person", clock.now() + timedelta(hours=13)) as look:
        label_of(await queries.enrolment(person.enrolment_id), keys, look)
    clock.set(begun + timedelta(days=30))
    await worker.drain(the_worker)
    await owner.execute("update cohort set state = 'closed', closed_at = $1", clock.now())
    desk = await sign_in(await new_context("phone", viewport=_NARROW, reduced_motion="reduce"), "sasha")
    wrong = []
    retention = ["/personal/gallring", "/personal/gallring/regler/protected_record", "/personal/gallring/stopp"]
    for address in ("/personal/idag", *retention, "/personal/granskning?manad=2026-09", "/personal/granskning/2026-09"):
        wrong += await faults(desk, address)
    assert await desk.locator("fieldset.seg").count() == 2
    room = await sign_in(await new_context("phone", viewport=_NARROW, reduced_motion="reduce"), "robin")
    wrong += await faults(room, f"/personal/grupper/{cohort.cohort_id}/deltagare/{person.enrolment_id}")
    wrong += await faults(room, f"/personal/grupper/{cohort.cohort_id}/deltagare/{person.enrolment_id}?skal=x")
    assert wrong == [], "\n".join(wrong)


async def test_the_first_link_by_keyboard_leaves_the_page_and_the_second_skips_to_the_content(
    new_context: NewContext, db: None
) -> None:
    page = await (await new_context("desktop")).new_page()
    await page.goto("/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "exit"
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
