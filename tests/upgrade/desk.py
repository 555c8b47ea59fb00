"""What staff do at their desks in a round: plan, decide, move and cancel, print slips, close an evaluation."""

import re

from tests.upgrade.browser import Answer, Browser
from tests.upgrade.journey import NewBrowser, Town, eventually, must, signed_in, vote

_ROOM = "insert into venue (name, address) values (gen_random_uuid(), '') returning id"
_COMING = """
select s.id from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
where c.state = 'started' and p.section = '2.7'
  and s.state in ('planned', 'moved') and s.starts_at > now() + interval '1 day'
order by s.starts_at desc limit 1
"""
# One for each round; the last ones start nothing more.
_STARTED = ("2.1", "2.15", "2.16", "2.17")


async def _meant(kim: Browser, path: str, button: str, typed: dict[str, str]) -> Answer:
    """Fill in a form and press; once more where the page asks whether it is meant."""
    page = await kim.send(await kim.get(path), button, typed)
    for _ in range(2):
        if page.status != 422 or not any(button in words for f in page.forms for _, _, words in f.buttons):
            return page
        asked = {name: value for name, value in page.form(button).choices if name.startswith("anda")}
        page = await kim.send(page, button, {**typed, **asked})
    return page


async def _decide(kim: Browser, town: Town, cohort: int, how: str, button: str, state: str) -> None:
    typed = {} if how == "starta" else {"skal": "too_few"}
    page = await _meant(kim, f"/personal/starter/{cohort}/{how}", button, typed)
    found = await town.owner.fetchval("select state from cohort where id = $1", cohort)
    must(found == state, f"a start that should be {state} is {found}", page)


async def _plans(kim: Browser, town: Town) -> None:
    """A new start, postponed, and then cancelled."""
    room = str(await town.owner.fetchval(_ROOM))
    page = await _meant(kim, "/personal/grupper/ny?insats=2.12", "Öppna", {"lokal": room, "ledare": "2"})
    cohort = await town.owner.fetchval("select id from cohort where venue_id = $1", int(room))
    must(cohort, "no start was opened", page)
    await _decide(kim, town, cohort, "skjut-upp", "Skjut upp till", "postponed")
    await _decide(kim, town, cohort, "stall-in", "Ställ in", "cancelled")


async def _sessions(kim: Browser, town: Town) -> None:
    """One is moved by half an hour, and then cancelled with another one instead."""
    session = await town.owner.fetchval(_COMING)
    before = await town.owner.fetchval("select sequence from cohort_session where id = $1", session)
    page = await kim.get(f"/personal/traffar/{session}/flytta")
    begins = dict(page.form("Flytta träffen").fields)["fran"]
    typed = {"fran": begins.replace(":00", ":05"), "till": "21:30"}
    page = await _meant(kim, f"/personal/traffar/{session}/flytta", "Flytta träffen", typed)
    after = await town.owner.fetchval("select sequence from cohort_session where id = $1", session)
    must(after > before, "a session was not moved", page)
    page = await _meant(kim, f"/personal/traffar/{session}/stall-in", "Ställ in träffen", {})
    state = await town.owner.fetchval("select state from cohort_session where id = $1", session)
    must(state == "cancelled", "a session was not cancelled", page)


async def _slips(new: NewBrowser, kim: Browser, town: Town, cohort: int) -> None:
    """Slips are printed for a group, one of them votes, and the evaluation is closed and counted by the worker."""
    page = await kim.send(await kim.get(f"/personal/grupper/{cohort}/utvardering"), "/utvardering/lappar")
    codes = re.findall(r'class="code"[^>]*>\s*([0-9A-Z-]{16,24})', page.text)
    must(codes, "no slips were printed", page)

    async def opens() -> bool:
        browser = new()
        page = await browser.send(await browser.get("/u"), "Till frågorna", {"kod": codes[0]})
        await browser.close()
        return "Skicka mitt svar" in page.text

    # The worker makes the box's key.
    await eventually(opens, "a printed slip opens no form")
    await vote(new(), codes[0])
    page = await kim.send(await kim.get(f"/personal/grupper/{cohort}/utvardering/stang"), "Ja, stäng")
    must(page.status == 200, "an evaluation could not be closed", page)

    async def counted() -> bool:
        state = await town.owner.fetchval("select state from ballot where cohort_id = $1", cohort)
        return state not in {"preparing", "open", "closing"}

    await eventually(counted, "a closed evaluation was not counted")


async def desk_work(new: NewBrowser, town: Town) -> None:
    """All of it, once."""
    kim = await signed_in(new(), town, "kim")
    if town.rounds < len(_STARTED):
        cohort = await town.owner.fetchval(
            """select c.id from cohort c join programme p on p.id = c.programme_id
               where c.state = 'open' and p.section = $1 order by c.id limit 1""",
            _STARTED[town.rounds],
        )
        await _decide(kim, town, cohort, "starta", "Starta", "started")
        await _slips(new, kim, town, cohort)
    town.rounds += 1
    await _plans(kim, town)
    await _sessions(kim, town)
    await kim.close()
