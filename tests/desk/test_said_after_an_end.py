"""What people and staff read once a group has ended since it could not start, and some wait with a first right."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.desk.test_right_over import Promised, decide, promised
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import a_group, min_plats, state_of, with_address, words
from tests.factories import a_cohort, confirm, csrf_of, hidden, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")


def said(mail: Mail, n: int) -> str:  # noqa: F811
    """All that somebody was written, on one line."""
    return " ".join(" ".join(mail.to(f"p{n}@example.invalid")).split())


async def test_everybody_reads_that_the_group_has_ended_and_what_became_of_an_offer(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 1, 2)
    await owner.execute("update enrolment set state = 'offered', offer_expires_at = $2 where id = $1", group.queued[0],
                        clock.now() + timedelta(days=1))  # fmt: skip
    await a_cohort("2.8", clock.now(), minimum=1, maximum=4, first_in=timedelta(days=60))
    clock.advance(minutes=1)
    await group.end(clock.now())
    for _ in range(2):
        await mail.work()
    assert "erbjudandet om en plats är taget tillbaka. Kön är slut." in said(mail, 4)
    assert "erbjudandet" not in said(mail, 5)
    assert "Det blev tyvärr ingen plats den här gången." in said(mail, 5)
    shown = await min_plats(client, group.queued[1], keys)
    assert "Gruppen är avslutad, så vi erbjuder inga fler platser i den." in shown
    assert "Den sista gången" not in shown
    assert "Lämna kön" not in shown
    assert "Ta bort min anmälan" in shown
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"/personal/grupper/{group.number}")
    assert "Ska avslutas" in page
    assert "Pågår" not in page
    assert "Hade plats, 4" in page
    assert "Klara, " not in page
    assert page.count("Får flytta till nästa start före andra, till och med ") == 2
    assert page.count("Hade ett erbjudande") == 1
    assert "Det går inte längre att komma med" not in page
    assert "Ska avslutas" in await words(client, "/personal/grupper")


async def test_what_is_kept_is_said_in_words_that_fit_what_was_held_in_part(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"/personal/grupper/{of.following.cohort_id}")
    assert "2 platser är reserverade till " in page
    assert "för dem som får flytta hit från en annan start." in page
    assert "ställdes in" not in page


async def test_staff_tell_the_two_messages_of_a_queue_apart(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await decide("cancel", of.following, of.group.kim, clock)
    clock.advance(minutes=11)
    for _ in range(2):
        await mail.work()
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"/personal/grupper/{of.number}/besked")
    assert page.count("Går inte längre före till nästa start") == 1
    assert page.count("Kön är slut") == 1


async def moving_form(client: httpx.AsyncClient, of: Promised, keys: KeyFolder) -> dict[str, str]:
    """What the button on the page that moves them would send."""
    await min_plats(client, of.group.queued[0], keys)
    shown = (await client.get("/min-plats/flytta")).text
    return {
        "till": str(of.following.cohort_id),
        "sett": hidden(shown, "sett"),
        "denna": hidden(shown, "denna"),
        "_csrf_token": csrf_of(shown),
    }


async def test_who_moves_on_one_phone_and_then_on_another_hears_that_it_is_done(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    form = await moving_form(client, of, keys)
    assert (await client.post("/min-plats/flytta", data=form)).headers["location"] == "/min-plats?klart=flyttad"
    again = await client.post("/min-plats/flytta", data=form)
    assert (again.status_code, again.headers.get("location")) == (303, "/min-plats?klart=flyttad")
    assert "Du har flyttat till den här starten." in await words(client, "/min-plats?klart=flyttad")
    # Of what was not done it is not said: another start, another's place, and nobody's.
    for other in ({"till": str(of.number)}, {"denna": str(of.group.queued[1])}, {"denna": str(uuid4())}, {"denna": "x"}):
        wrong = await client.post("/min-plats/flytta", data={**form, **other})
        assert wrong.status_code == 409
        assert "En annan plats visas nu" in wrong.text
    assert await state_of(of.group.queued[1]) == "queued"


async def test_who_is_kept_apart_from_somebody_there_is_promised_nothing_that_they_can_not_do(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 0, 2)
    following = await a_cohort("2.8", clock.now(), minimum=5, maximum=8, first_in=timedelta(days=60))
    there = await with_address(following, 20, clock, keys)
    await confirm(there, clock.now())
    apart, free = group.queued
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", apart, there)
    clock.advance(minutes=1)
    await group.end(clock.now())
    for _ in range(2):
        await mail.work()
    assert "Då flyttar du dit på Min plats" in said(mail, 4)
    assert "Då flyttar du dit på Min plats" not in said(mail, 3)
    assert "Vill du vara med i nästa start? Ring oss på " in said(mail, 3)
    shown = await min_plats(client, apart, keys)
    assert "Just nästa start går inte att välja här. Ring oss på " in shown
    assert "Flytta mig dit" not in shown
    assert "Flytta mig dit" in await min_plats(client, free, keys)
    # With a further start there is something to choose.
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=90))
    assert 'href="/min-plats/flytta">Se fler starter' in await min_plats(client, apart, keys)
