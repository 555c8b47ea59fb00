"""Each member of staff gets one mail a day at the most, only when something waits, and it names nobody."""

from datetime import UTC, datetime
from email.message import EmailMessage

import asyncpg
import httpx
import pytest

from programmes.cohorts import session_services
from programmes.core.contacts import by_text
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from programmes.desk.today import mail as today_mail
from programmes.desk.today.mail import Needs, letter
from programmes.notices.post_services import Deferred
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_notices import session_of
from tests.oversight.retention_cast import as_worker


async def test_staff_get_one_mail_a_day_that_says_how_much_waits_and_names_nobody(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=5, maximum=8)
    elsewhere = await a_cohort("2.8", clock.now(), await a_leader(clock.now(), "love"), minimum=5, maximum=8)
    await somebody(cohort, keys, clock.now(), "Anna Ask", "+46701740605")
    await owner.execute("update staff set email = username || '@example.invalid'")
    await owner.execute("update cohort set decide_by = '2026-12-01'")
    await mail.work()
    mine = {to: lambda to=to: mail.to(f"{to}@example.invalid") for to in ("robin", "kim")}  # type: ignore[misc]
    assert [found() for found in mine.values()] == [[], []], "nothing waits"
    assert await owner.fetchval("select array_agg(distinct state) from staff_digest") == ["nothing"]
    # Friday: the start of both is to be decided on within a fortnight; kim decides, robin doesn't.
    await owner.execute("update cohort set decide_by = '2026-09-04'")
    clock.set(datetime(2026, 9, 4, 3, 59, tzinfo=UTC))
    await mail.work()
    assert mine["kim"]() == []
    looks = await owner.fetchval("select count(*) from record_look")
    clock.advance(minutes=1)
    for _ in range(2):
        await mail.work()
        clock.advance(hours=1)
    assert (len(mine["kim"]()), len(mine["robin"]())) == (1, 0)
    [text] = mine["kim"]()
    assert "2 saker väntar på dig på Idag." in text
    assert "2 av dem är försenade eller gäller idag." in text
    assert "/personal/idag" in text
    for hidden in ("Anna", "70174", cohort.name, elsewhere.name, "ABC"):
        assert hidden not in mail.all()[-1].as_string()
    assert await owner.fetchval("select count(*) from record_look") == looks, "nobody's record was looked at"
    for day in (5, 6):  # Saturday and Sunday
        clock.set(datetime(2026, 9, day, 6, tzinfo=UTC))
        await mail.work()
    assert len(mine["kim"]()) == 1
    clock.set(datetime(2026, 9, 7, 6, tzinfo=UTC))
    sent: list[str] = []

    class Away:
        async def send(self, message: EmailMessage) -> None:
            sent.append(str(message["Message-ID"]))
            raise Deferred("Away", away=True)

    for minutes in (0, 0, 1, 60 * 24):
        clock.advance(minutes=minutes)
        async with as_worker(mail.worker.settings):
            await today_mail.send(Away(), mail.worker.settings, keys, clock)
    assert (len(sent), len(set(sent))) == (3, 2), "tried again that day under the same number, and not the day after"
    assert kim.staff_id == await owner.fetchval("select min(staff_id) from staff_digest where state = 'sent'")


async def test_what_was_sent_to_a_group_is_seen_by_kind_and_time_and_why_it_failed(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4, sessions=3)
    page = f"/personal/grupper/{cohort.cohort_id}/besked"
    await sign_in_as(client, "kim", clock.now())
    assert "Inga besked än" in (await client.get(page)).text
    for name, contact in (("Al", "al@example.invalid"), ("Bok", by_text("+46701740605")), ("Ek", "+46701740606")):
        await somebody(cohort, keys, clock.now(), name, contact)
    await mail.work()
    clock.advance(hours=1)
    assert not await session_services.cancel_session(await session_of(cohort, 1), True, kim, clock.now())
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(page)).text
    assert "En träff är inställd (onsdag 30 september 10.00)" in shown
    assert "onsdag 2 september 11.00" in shown
    assert "1 skickat. 1 gick inte att skicka. 1 person får inga besked av sig själv." in shown
    assert "Sms går inte att skicka längre." in shown
    for hidden in ("70174", "example.invalid", "är inställt", "Hej", "NoGatewaySet"):
        assert hidden not in shown
    assert f'href="/personal/grupper/{cohort.cohort_id}/ring"' in shown
    assert page in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert "SMTPRecipientRefused550" not in shown
    await owner.execute("update notice_attempt set error = 'SMTPRecipientRefused550'")
    assert "Adressen eller numret tar inte emot." in (await client.get(page)).text


@pytest.mark.parametrize("state", ["planned", "open", "postponed"])
async def test_a_manager_is_mailed_of_late_decisions_only(
    state: str, mail: Mail, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_staff_member("maria", "manager", clock.now())
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), state=state)
    await owner.execute("update staff set email = username || '@example.invalid'")
    clock.set(datetime(2026, 9, 3, 6, tzinfo=UTC))
    await mail.work()
    assert mail.to("maria@example.invalid") == []
    for day in (4, 7):
        await owner.execute("update cohort set decide_by = '2026-09-03' where id = $1", cohort.cohort_id)
        clock.set(datetime(2026, 9, day, 6, tzinfo=UTC))
        await mail.work()
    for who in ("maria", "kim"):
        texts = mail.to(f"{who}@example.invalid")
        assert sum("1 start har passerat sin beslutsdag utan beslut." in text for text in texts) == 2, who
        assert not [text for text in texts if cohort.name in text]


@pytest.mark.parametrize(
    ("number", "urgent", "said"),
    [
        (1, 1, "1 sak väntar på dig på Idag. Den är försenad eller gäller idag."),
        (1, 0, "1 sak väntar på dig på Idag. Det här mejlet"),
        (2, 1, "2 saker väntar på dig på Idag. 1 av dem är försenad eller gäller idag."),
    ],
)
def test_of_one_thing_it_is_not_said_how_many_of_them_are_late(number: int, urgent: int, said: str) -> None:
    with speaking("sv"):
        lines = letter(Needs(number, urgent), "https://example.invalid", "Karlshamn").news
    assert said in " ".join(lines)
