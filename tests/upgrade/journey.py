"""The whole way of an enrolment as people go it, over HTTP, without knowing which release answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from tests.upgrade.browser import Answer, Browser, Form

_HERE = ZoneInfo("Europe/Stockholm")
# Pages that sign out, leave the service, or take long and say nothing of the database.
_NOT_WALKED = re.compile(r"^/(logga-ut|snabbt|sprak|static|demo|k/|schema)|/bekrafta")
_PERSON = {"namn": "Ask Prov", "fodd": "19850214", "saker": "email"}


class Broken(Exception):
    """A step did not go as it goes; the message says which and what the page said."""


def must(holds: object, told: str, page: Answer | None = None) -> None:
    """Raises Broken unless it holds."""
    if not holds:
        where = f": {page.address} answered {page.status}, {page.heading!r}" if page else ""
        raise Broken(f"{told}{where}")


@dataclass
class Town:
    """The demo's municipality, as its file tells of it, and a look behind the scenes."""

    told: dict[str, Any]
    owner: asyncpg.Pool
    mail: Path
    kept: list[tuple[str, str]] = field(default_factory=list)
    votes: int = 0
    numbers: int = 0
    rounds: int = 0

    def way_in(self, section: str, free: bool) -> str:
        """The path of a start's form."""
        found = next(
            c for c in self.told["cohorts"] if c["programme"] == section and c["state"] == "open" and bool(c["free"]) is free
        )
        return "/anmalan/" + str(found["enrol_url"]).rsplit("/", 1)[1]

    async def cohort(self, path: str) -> int:
        return int(await self.owner.fetchval("select id from cohort where public_id = $1", path.rsplit("/", 1)[1]))

    def code(self) -> str | None:
        """A slip that nobody has used."""
        unused = [code for ballot in self.told["ballots"] for code in ballot["codes"]]
        self.votes += 1
        return unused[self.votes - 1] if self.votes <= len(unused) else None

    def somebody(self) -> str:
        """Another address."""
        self.numbers += 1
        return f"ask{self.numbers}@example.invalid"


NewBrowser = Callable[[], Browser]


async def signed_in(browser: Browser, town: Town, user: str) -> Browser:
    """A member of the demo's staff."""
    password = next(a["password"] for a in town.told["accounts"] if a["user"] == user)
    page = await browser.send(await browser.get("/logga-in"), "Logga in", {"anv": user, "losen": password})
    must(page.status == 200 and "/personal" in page.address, f"{user} could not sign in", page)
    return browser


def _asked(page: Answer, begins: str) -> Form:
    found = [form for form in page.forms if form.action.startswith(begins) and "sprak" not in form.action]
    must(found, f"there is no form for {begins}", page)
    return found[0]


async def apply(browser: Browser, path: str, contact: str) -> Answer:
    """Through both steps, yes to everything; ends on Min plats."""
    page = await browser.get(path)
    for _ in range(4):
        if page.address.startswith("/min-plats"):
            return page
        form = _asked(page, path)
        yes = {name: "ja" for name, value in form.choices if value == "ja" and (name.startswith("v_") or name == "anda")}
        page = await browser.send(page, form, {**_PERSON, **yes, "kontakt": contact})
    must(page.address.startswith("/min-plats"), "an application did not reach Min plats", page)
    return page


def code_on(page: Answer) -> str:
    found = re.search(r'<p class="code">([0-9A-Z-]+)<br>([0-9A-Z-]+)</p>', page.text)
    must(found, "there is no code on Min plats", page)
    assert found
    return found[1] + found[2]


async def leave(browser: Browser) -> None:
    """By the link on Min plats."""
    page = await browser.send(await browser.get("/min-plats/lamna"), "Ja, ")
    must(re.search(r"lämnat|kön", page.heading), "leaving did not end as it should", page)


async def confirmed(browser: Browser, kim: Browser, town: Town, path: str, slot: int) -> Answer:
    """Book the study visit, be marked as there, accept both texts."""
    page = await browser.send(await browser.get("/min-plats"), "Boka besöket", {"tid": str(slot)})
    must("Ditt studiebesök" in page.text, "the study visit was not booked", page)
    enrolment = await town.owner.fetchval("select enrolment_id from study_visit where slot_id = $1", slot)
    cohort = await town.cohort(path)
    desk = await kim.send(await kim.get(f"/personal/grupper/{cohort}/deltagare/{enrolment}"), "båda vill gå vidare")
    must(desk.status == 200, "the study visit could not be noted", desk)
    page = await browser.get("/min-plats")
    texts = [value for name, value in page.form("Godkänn och ta platsen").choices if name == "text"]
    page = await browser.send(page, "Godkänn och ta platsen", {"text": texts})
    must(page.heading == "Du har en plats", "the place was not confirmed", page)
    return page


_PAST = """
update visit_slot set starts_at = starts_at - interval '1 day' * (id + 1), ends_at = ends_at - interval '1 day' * (id + 1)
where cohort_id = $1 and starts_at between now() - interval '1 day' and now() + interval '1 hour'
"""
_ROOM = "insert into venue (name, address) values (gen_random_uuid(), '') returning id"


async def offer_visit(kim: Browser, town: Town, path: str) -> int:
    """A time for one, in a few minutes, so that it can be noted at once. Returns its id."""
    cohort = await town.cohort(path)
    # A leader holds one at a time: those of earlier rounds are over, each on a day of its own.
    await town.owner.execute(_PAST, cohort)
    at = datetime.now(_HERE) + timedelta(minutes=11)
    typed = {
        "dag": f"{at:%Y-%m-%d}",
        "fran": f"{at:%H:%M}",
        "till": f"{at + timedelta(minutes=20):%H:%M}",
        "antal": "1",
        "lokal": str(await town.owner.fetchval(_ROOM)),
    }
    page = await kim.send(await kim.get(f"/personal/grupper/{cohort}/studiebesok"), "Lägg till tiden", typed)
    if page.status == 422:
        # A weekend, or the leader has something else: it is meant.
        page = await kim.send(page, "Lägg till tiden", dict(page.form("Lägg till tiden").choices))
    must(page.status == 200, "a study visit could not be offered", page)
    found = await town.owner.fetchval("select max(id) from visit_slot where cohort_id = $1 and cancelled_at is null", cohort)
    return int(found)


async def eventually(ask: Callable[[], Awaitable[bool]], told: str, seconds: float = 40) -> None:
    """Raises Broken unless it comes true."""
    for _ in range(int(seconds * 2)):
        if await ask():
            return
        await asyncio.sleep(0.5)
    raise Broken(told)


async def queue_and_offer(new: NewBrowser, town: Town, path: str) -> None:
    """People apply until one has to wait; one with a place leaves; who waits is offered it by the worker, and takes it. Then
    all of them leave."""
    came: list[Browser] = []
    for _ in range(9):
        browser = new()
        page = await apply(browser, path, town.somebody())
        came.append(browser)
        if "kö" in page.heading:
            break
    must("kö" in page.heading and len(came) > 1, "nobody came to wait", page)
    await leave(came.pop(0))
    waits = came[-1]

    async def offered() -> bool:
        return "Ja, jag tar platsen" in (await waits.get("/min-plats")).text

    await eventually(offered, "the freed place was not offered")
    page = await waits.send(await waits.get("/min-plats"), "Ja, jag tar platsen")
    must("plats" in page.heading and "kö" not in page.heading, "the offer could not be taken", page)
    for browser in came:
        await leave(browser)
        await browser.close()


async def roll_call(robin: Browser, town: Town) -> None:
    """Everybody present or excused, as it was not before."""
    session = await town.owner.fetchval(
        """select s.id from cohort_session s join cohort c on c.id = s.cohort_id join programme p on p.id = c.programme_id
           where c.state = 'started' and p.section = '2.7' and s.starts_at < now() and s.state <> 'cancelled'
           order by s.starts_at desc limit 1"""
    )
    page = await robin.get(f"/personal/traffar/{session}/narvaro")
    form = page.form("Spara närvaro")
    marked = "present" if town.numbers % 2 else "excused"
    typed = {name: marked for name, value in form.choices if value == marked}
    page = await robin.send(page, "Spara närvaro", typed)
    must(page.status == 200, "the roll was not saved", page)
    kept = await town.owner.fetch("select distinct mark from attendance where session_id = $1", session)
    must([row["mark"] for row in kept] == [marked], f"the roll is not what was marked ({marked})")


async def vote(browser: Browser, code: str) -> None:
    """With a slip, and once more, which counts for nothing."""
    for heading in ("Tack", ""):
        page = await browser.send(await browser.get("/u"), "Till frågorna", {"kod": code})
        if not page.forms or not any("Skicka mitt svar" in b[2] for f in page.forms for b in f.buttons):
            must(not heading, "a slip opened no form", page)
            return
        typed = dict.fromkeys(("participation", "safety", "satisfaction", "respect"), "4")
        page = await browser.send(page, "Skicka mitt svar", typed)
        must(page.heading.startswith("Tack") == bool(heading), "a slip counted other than once", page)


async def told_by_mail(town: Town, contact: str) -> None:
    """The worker has written, and each message once."""

    def mails() -> list[str]:
        return [text for path in town.mail.rglob("*") if path.is_file() and contact in (text := path.read_text("utf-8"))]

    async def arrived() -> bool:
        return bool(mails())

    await eventually(arrived, "no mail was written")
    ids = [found[1] for text in mails() if (found := re.search(r"(?im)^message-id:\s*(\S+)", text))]
    must(len(ids) == len(set(ids)), "a mail was written twice")


async def still_there(new: NewBrowser, town: Town) -> None:
    """Whoever was told that they have a place has it, whichever release told them. Afterwards they leave."""
    while town.kept:
        code, heading = town.kept.pop()
        browser = new()
        page = await browser.send(await browser.get("/min-plats"), "Öppna", {"kod": code})
        must(page.heading == heading, f"a place that was {heading!r} is another one", page)
        await leave(browser)
        await browser.close()


async def whole_journey(new: NewBrowser, town: Town) -> None:
    """From the catalogue to leaving, with staff at their desks; one confirmed place is kept, to be looked for later."""
    await still_there(new, town)
    path, contact = town.way_in("2.8", free=True), town.somebody()
    kim, robin = await signed_in(new(), town, "kim"), await signed_in(new(), town, "robin")
    person = new()
    for public in ("/", "/insatser/aterfallsprevention", "/api/v1/starts", *_paths_of_feeds(town)):
        page = await person.get(public)
        must(page.status == 200, "a public page does not open", page)
    await queue_and_offer(new, town, path)
    slot = await offer_visit(kim, town, path)
    page = await apply(person, path, contact)
    must(page.heading == "Du har en preliminär plats", "nobody took the place", page)
    code = code_on(page)
    page = await confirmed(person, kim, town, path, slot)
    town.kept.append((code, page.heading))
    await told_by_mail(town, contact)
    exempt = new()
    must("kö" not in (await apply(exempt, town.way_in("2.12", free=True), town.somebody())).heading, "2.12 is full")
    await leave(exempt)
    await roll_call(robin, town)
    if slip := town.code():
        await vote(new(), slip)
    for browser in (kim, robin, person, exempt):
        await browser.close()


def _paths_of_feeds(town: Town) -> list[str]:
    return ["/k/" + str(feed["url"]).rsplit("/", 1)[1] for feed in town.told["feeds"]]


async def walk(browser: Browser, begin: str, most: int = 150) -> int:
    """Open every page that links lead to from a page, at most two of each kind; returns how many."""
    waiting, seen, kinds = [begin], {begin}, dict[str, int]()
    opened = 0
    while waiting and opened < most:
        path = waiting.pop(0)
        page = await browser.get(path)
        opened += 1
        must(page.status < 500 and page.status != 0, "a page does not open", page)
        for link in page.links:
            found = re.sub(r"#.*", "", _inside(page.address, link, browser))
            kind = re.sub(r"[0-9a-f-]{36}|\d+|(?<==)[^&]*", "N", found)
            if not found or found in seen or _NOT_WALKED.search(found) or kinds.get(kind, 0) >= 2:
                continue
            seen.add(found)
            kinds[kind] = kinds.get(kind, 0) + 1
            waiting.append(found)
    return opened


def _inside(address: str, link: str, browser: Browser) -> str:
    """The path of a link that stays in the service; nothing of another."""
    if link.startswith(browser.bases[0]):
        return link.removeprefix(browser.bases[0])
    if link.startswith("?"):
        return address.partition("?")[0] + link
    return link if link.startswith("/") and not link.startswith("//") else ""
