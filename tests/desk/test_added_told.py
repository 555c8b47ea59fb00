"""Who leads hears of what is added with what is cancelled; and what is changed so late that calendars can't follow."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.i18n import moment_long, speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as changes
from programmes.desk.today import staff_message_rules
from tests.clock import FrozenClock
from tests.cohorts.test_views import typed
from tests.desk.test_calls import look
from tests.desk.test_meant import box
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.test_staff_told import group, take_back  # noqa: F401
from tests.desk.test_who_leads_then import texts
from tests.factories import a_cohort, a_coordinator, sign_in_as, somebody
from tests.notices.mail import Mail

Group = tuple[CohortFacts, Principal, Principal, Principal]
ANYWAY = "Det börjar snart. Kalendrar hinner inte alltid före, så ring genast dem som inte får besked av sig själva."


def said(mail: Mail, name: str) -> list[str]:  # noqa: F811
    return [" ".join(text.split()) for text in texts(mail, name, "led")]


async def cancel_and_add(cohort: CohortFacts, who: Principal, clock: FrozenClock) -> str:
    """When the added one is."""
    first = (await cohorts.sessions(cohort.cohort_id))[0]
    assert await changes.cancel(first.session_id, True, who, clock.now(), meant=True) == []
    with speaking("sv"):
        return moment_long((await cohorts.sessions(cohort.cohort_id))[-1].starts_at)


async def test_who_leads_hears_when_they_lead_instead_and_when_they_do_not_after_all(
    group: Group,  # noqa: F811
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    cohort, _robin, kim, _love = group
    await sign_in_as(client, "kim", clock.now())
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    page = await look(client, f"/personal/traffar/{first}/stall-in")
    added = await cancel_and_add(cohort, kim, clock)
    assert f"Träffen står som inställd. Läggs en ny till är den {added}" in page
    await mail.work()
    (told,) = said(mail, "robin")
    assert "Det som du skulle leda torsdag 3 september" in told
    assert f"Du leder det som är {added}" in told
    assert (told.count("står på gruppens sida"), "Var och hur det är står" in told) == (1, True)
    assert said(mail, "kim") == [], "who has done it knows"
    assert said(mail, "love") == [], "who does not lead it has nothing to hear"
    assert f"I stället blir det {added}." in await look(client, "/personal/idag")
    clock.advance(minutes=5)
    await take_back(cohort, kim, clock)
    await mail.work()
    (back,) = [text for text in said(mail, "robin") if text != told]
    assert "blir av. Du leder det." in back
    assert f"Det som du skulle leda {added}" in back
    assert "I stället blir det" not in await look(client, "/personal/idag")


async def test_of_an_addition_that_is_undone_no_page_says_who_has_heard_that_it_is_cancelled(
    group: Group,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    cohort, _robin, kim, _love = group
    await sign_in_as(client, "kim", clock.now())
    await cancel_and_add(cohort, kim, clock)
    *_, added = await cohorts.sessions(cohort.cohort_id)
    clock.advance(minutes=5)
    await take_back(cohort, kim, clock)
    for page in ("besked", "besked/nu"):
        assert (await client.get(f"/personal/traffar/{added.session_id}/{page}")).status_code == 404
    # What it was added for has its page when it is cancelled anew.
    first = (await cohorts.sessions(cohort.cohort_id))[0]
    assert await changes.cancel(first.session_id, False, kim, clock.now()) == []
    assert (await client.get(f"/personal/traffar/{first.session_id}/besked")).status_code == 200


async def test_who_leads_hears_of_neither_when_it_is_undone_before_the_mail_goes(
    group: Group,  # noqa: F811
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    cohort, _robin, kim, _love = group
    await cancel_and_add(cohort, kim, clock)
    await take_back(cohort, kim, clock)
    await mail.work()
    assert said(mail, "robin") == []


def test_that_one_is_ill_is_told_before_the_messages_have_gone(clock: FrozenClock) -> None:
    message = staff_message_rules.Message(
        UUID(int=1), "cancelled", "kim@kommun.example", clock.now(), clock.now(), True, None
    )
    with speaking("sv"):
        told = " ".join(staff_message_rules.letter(message, "http://x", "Karlshamns kommun").news)
    assert "Besked skickas. Vilka som inte nås står på Idag." in told


@pytest.mark.parametrize("section", ["2.1", "3.1"])
async def test_what_is_moved_to_soon_is_asked_about_once_and_then_done(
    section: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort(section, clock.now(), sessions=3, state="started", first_in=timedelta(days=2))
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    address = f"/personal/traffar/{first}/flytta"
    words = ANYWAY if section == "2.1" else "Det börjar snart. Kalendrar hinner inte alltid före. Sätt en lapp på dörren."
    assert "Det börjar snart" not in await look(client, address)
    soon = {"dag": "2026-09-02", "fran": "18:00", "till": "20:00"}
    asked = await typed(client, address, **soon)
    assert asked.status_code == 422
    assert f"{words} Kryssa i att det är meningen." in asked.text
    assert (await typed(client, address, **soon, anda=box(asked.text))).status_code == 303
    # Of what begins soon anyway it is said on the page, and not asked.
    for page in ("flytta", "stall-in"):
        assert words in await look(client, f"/personal/traffar/{first}/{page}")
    assert (await typed(client, address, **{**soon, "till": "21:00"})).status_code == 303


async def test_of_the_rest_it_is_said_with_the_days(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=3, state="started", first_in=timedelta(days=2))
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    address = f"/personal/traffar/{first}/flytta"
    for day, is_soon in (("2026-09-02", True), ("2026-09-03", False)):
        shown = await typed(client, address, dag=day, fran="18:00", till="20:00", omfang="resten")
        assert "Så blir det" in shown.text
        assert (ANYWAY in shown.text) == is_soon


@pytest.mark.parametrize("anybody", [True, False])
async def test_of_a_group_with_nobody_in_it_no_page_says_that_messages_are_being_written(
    anybody: bool, db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    if anybody:
        await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await cancel_and_add(cohort, kim, clock)
    group = f"/personal/grupper/{cohort.cohort_id}"  # noqa: F811
    done = await look(client, f"{group}/andrat")
    assert ("Alla har inte fått veta än" in done, "Ingen behöver få besked" in done) == (anybody, not anybody)
    for page in ("andrat", "ring", "besked"):
        assert ("Beskeden skrivs just nu" in await look(client, f"{group}/{page}")) == (anybody and page != "besked"), page
