"""What no mail server takes for a member of staff is said to whoever waits for them: nobody waits for an answer to it."""

from email.message import EmailMessage

import asyncpg
import httpx
import pytest

from programmes.desk.today import staff_mail, unreached_queries
from programmes.notices.post_services import Deferred, Refused
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, ask, house, look, mail  # noqa: F401
from tests.notices.mail import Mail

REFUSED = {
    "sv": "E-posten tog inte emot frågan: ring och fråga.",
    "en": "The question was not taken by e-mail: ring and ask.",
}
TRIED = {"sv": "Frågan har inte kommit fram än.", "en": "The question has not arrived yet."}


class Fussy:
    """A mail server that answers of some addresses as told, and takes the rest."""

    def __init__(self) -> None:
        self.says: dict[str, Exception] = {}
        self.taken: list[tuple[str, str]] = []

    async def send(self, message: EmailMessage) -> None:
        name = str(message["To"]).split("@")[0]
        if name in self.says:
            raise self.says[name]
        self.taken.append((name, message.as_string()))


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> Fussy:
    found = Fussy()
    monkeypatch.setattr(staff_mail, "post_from", lambda _url: found)
    return found


async def shown(client: httpx.AsyncClient, address: str, language: str) -> str:
    client.cookies.set("lang", language)
    return await look(client, address)


async def test_a_question_that_is_refused_is_not_waited_for(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    post_office: Fussy,
    owner: asyncpg.Connection,
) -> None:
    post_office.says["love"] = Refused("SMTPRecipientRefused550")
    await ask(house, clock.now(), house.love)
    await mail.work()
    await sign_in_as(client, "robin", clock.now())
    page = await shown(client, f"{house.page}/sjuk", "sv")
    assert REFUSED["sv"] in page
    assert "Vänta inte på svar: ring och fråga, fråga någon annan, eller ställ in." in page
    assert "Frågan är skickad" not in page
    assert page.index("Vänta inte på svar") < page.index('class="btn btn--big btn--main">Ställ in')
    assert "Ta tillbaka frågan" in page
    today = await shown(client, "/personal/idag", "sv")
    assert "E-posten tog inte emot frågan: ring och fråga, fråga någon annan, eller ställ in." in today
    assert "Ingen har svarat än" not in today
    assert REFUSED["en"] in await shown(client, f"{house.page}/sjuk", "en")
    # Who asked has left the page, and hears at once; so do coordinators, and nobody twice.
    for _ in range(2):
        await mail.work()
    clock.advance(minutes=20)
    await mail.work()
    assert sorted(name for name, text in post_office.taken if "Ingen har sagt ja" in text) == ["kim", "robin"]
    # Asked too, somebody whom it reaches is waited for.
    await ask(house, clock.now(), house.sam)
    await mail.work()
    page = await shown(client, f"{house.page}/sjuk", "sv")
    assert "Frågan är skickad." in page
    assert page.count(REFUSED["sv"]) == 1
    assert "Ingen har svarat än" in await shown(client, "/personal/idag", "sv")


async def test_a_question_that_has_been_tried_in_vain_is_said_to_be_on_its_way(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    post_office: Fussy,
) -> None:
    await ask(house, clock.now(), house.love)
    await sign_in_as(client, "robin", clock.now())
    assert TRIED["sv"] not in await shown(client, f"{house.page}/sjuk", "sv"), "nobody has tried yet"
    post_office.says["love"] = Deferred("SMTPDataError451")
    await mail.work()
    page = await shown(client, f"{house.page}/sjuk", "sv")
    assert TRIED["sv"] in page
    assert "Frågan har inte kommit fram än: ring hellre. Har ingen sagt ja" in page
    assert TRIED["sv"] in await shown(client, "/personal/idag", "sv")
    assert TRIED["en"] in await shown(client, f"{house.page}/sjuk", "en")
    post_office.says.clear()
    clock.advance(minutes=1)
    await mail.work()
    page = await shown(client, f"{house.page}/sjuk", "sv")
    assert TRIED["sv"] not in page
    assert "Frågan är skickad." in page


async def test_an_address_that_takes_nothing_is_seen_by_who_coordinates_and_by_all_on_the_status_page(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    post_office: Fussy,
    owner: asyncpg.Connection,
) -> None:
    post_office.says["love"] = Refused("SMTPRecipientRefused550")
    await ask(house, clock.now(), house.love)
    await mail.work()
    love = await owner.fetchval("select display_name from staff where username = 'love'")
    await sign_in_as(client, "kim", clock.now())
    told = {"sv": f"Vår e-post till {love} kommer inte fram", "en": f"Our e-mail to {love} does not arrive"}
    for language, title in told.items():
        assert title in await shown(client, "/personal/idag", language)
    status = await shown(client, "/personal/lage", "sv")
    assert f"E-posten till {love} kommer inte fram." in status
    assert "hoppa in" not in status
    # A coordinator of another programme only, and a leader, are not asked to do something about it.
    await owner.execute("update staff_role set section = '2.8' where role = 'coordinator'")
    await owner.execute("update staff_role set section = '2.1' where staff_id = $1", house.love.staff_id)
    assert told["sv"] not in await shown(client, "/personal/idag", "sv")
    # Once a mail has gone, it is over.
    post_office.says.clear()
    clock.advance(minutes=1)
    await ask(house, clock.now(), house.sam)
    await mail.work()
    assert [one.name for one in await unreached_queries.unreached(clock.now())] == [love]
    await owner.execute(
        """insert into staff_message (id, staff_id, session_id, kind, state, created_at, failures)
           values (gen_random_uuid(), $1, $2, 'alone', 'sent', $3, 0)""",
        house.love.staff_id,
        house.session,
        clock.now(),
    )
    assert await unreached_queries.unreached(clock.now()) == []
    assert "Inga mejl har kommit tillbaka." in await shown(client, "/personal/lage", "sv")
