"""Text messages: who gets them, what a gateway answers, at what hours they go, and that none is lost or told to a log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from programmes.app import create_app
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local
from programmes.core.contacts import address, by_text, can_text, one_channel
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.doctor import database_checks
from programmes.doctor.findings import Patient
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.enrolment.place_services import unseal
from programmes.notices import hours_rules, queries
from programmes.notices.post_services import Deferred, Refused
from programmes.notices.reach_services import reach, way
from programmes.notices.rules import channel_of_record
from programmes.notices.text_post_services import TextMessage, text_post_from
from programmes.people.records import PersonRecord
from programmes.settings import Settings, SettingsError, read_settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, an_application, confirm, hidden, post_form, sign_in_as, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail, states
from tests.notices.test_notices import programme_of, put, session_of

PHONE = "+46701740605"
ACCOUNT = {"sms_user": "u1", "sms_password": "secret-of-the-gateway"}


@pytest.fixture
def texting(mail: Mail, gateway: Gateway) -> Mail:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, sms_url=gateway.url, **ACCOUNT))
    return mail


async def test_what_a_gateway_answers_and_what_it_means(gateway: Gateway) -> None:
    # Only what never answers is not waited for long: how fast an answer comes says how busy the machine is.
    post, hasty = (text_post_from(Settings(sms_url=gateway.url, **ACCOUNT), timeout=seconds) for seconds in (20, 2))
    message = TextMessage(uuid4(), PHONE, "Hej! Mötet är inställt. åäö &=+", datetime(2026, 9, 2, tzinfo=UTC))
    await post.send(message)
    assert gateway.taken == [
        {
            "from": "Besked", "to": PHONE, "message": message.body, "dontlog": "message",
            "account": "u1:secret-of-the-gateway", "key": str(message.notice_id),
        }
    ]  # fmt: skip
    means = {
        "400": "TextRefused400", "422": "TextRefused422", "mumble": "TextWithoutReceipt", "failed": "TextFailed",
        "401": "TextDeferred401", "402": "TextDeferred402", "403": "TextDeferred403", "404": "TextDeferred404",
        "429": "TextDeferred429", "500": "TextDeferred500", "503": "TextDeferred503", "moved": "TextDeferred307",
        "hang": "TextReadTimeout", "drop": "TextRemoteProtocolError", "drop_after": "TextRemoteProtocolError",
    }  # fmt: skip
    # What says that nothing was done with it.
    sure = {"401", "402", "403", "404", "429", "moved"}
    for behaviour, name in means.items():
        gateway.behaviour, gateway.asked = behaviour, 0
        with pytest.raises((Deferred, Refused)) as caught:
            await (hasty if behaviour == "hang" else post).send(message)
        assert caught.value.name == name, behaviour  # type: ignore[attr-defined]
        assert isinstance(caught.value, Refused) or caught.value.maybe == (behaviour not in sure), behaviour
        assert getattr(caught.value, "away", None) is (None if isinstance(caught.value, Refused) else True)
        assert PHONE not in repr(caught.value)
        assert caught.value.__cause__ is None
        assert gateway.asked == 1, "no redirect is followed, and nothing tried twice at once"
    await gateway.stop()
    with pytest.raises(Deferred):
        await post.send(message)
    assert "secret-of-the-gateway" not in repr(post) + repr(Settings(**ACCOUNT))


def test_settings_of_a_gateway_are_looked_at_before_anything_starts() -> None:
    found = read_settings({"PROGRAMMES_SMS_URL": "https://api.example.se/a1/sms", "PROGRAMMES_SMS_FROM": "+46766861004"})
    assert (found.sms_url, found.sms_from) == ("https://api.example.se/a1/sms", "+46766861004")
    for wrong in (
        {"PROGRAMMES_SMS_URL": "http://api.example.se/sms"}, {"PROGRAMMES_SMS_URL": "https://u:p@api.example.se/sms"},
        {"PROGRAMMES_SMS_URL": "api.example.se"}, {"PROGRAMMES_SMS_FROM": "Karlshamns kommun"}, {"PROGRAMMES_SMS_FROM": "ä"},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            read_settings(wrong)


def test_numbers_have_one_written_form_and_only_mobiles_take_texts() -> None:
    for typed in ("070-174 06 05", "+46 (0)70 174 06 05", "0046 70 174 06 05", "+46701740605"):
        assert one_channel(typed) == PHONE
    assert can_text(PHONE)
    for fixed in ("0455-30 30 00", "08-123 456 78", "000-00 00 00"):
        assert one_channel(fixed)
        assert not can_text(one_channel(fixed))
    assert address(by_text(PHONE)) == PHONE
    for neither in ("", "070", "kalle", "+"):
        assert one_channel(neither) == ""
    assert channel_of_record(PHONE, ("call",), "") is None
    assert channel_of_record("a@example.se", ("sms", "call"), "") is None


async def test_a_gateway_that_does_not_answer_as_agreed_burns_no_text_and_is_tried_with_one_at_a_time(
    texting: Mail,
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    client: httpx.AsyncClient,
) -> None:
    """A portal or a proxy answers 200 with a page of its own."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=8, sessions=3)
    for number in range(3):
        await somebody(cohort, keys, clock.now(), f"Al{number}", by_text(f"+4670174060{number}"))
    gateway.behaviour = "mumble"
    for minutes, asked in ((0, 1), (0, 1), (1, 2), (4, 2), (1, 3), (14, 3), (1, 4)):
        clock.advance(minutes=minutes)
        await texting.work()
        assert gateway.asked == asked, minutes
    assert await states(cohort) == [("place_held", "waiting")] * 3
    assert len({text["to"] for text in gateway.taken[:3]}) == 3, "each in turn"
    patient = Patient(texting.worker.settings, clock.now())
    assert [f.level for f in await database_checks.text_gateway(patient)] == ["fault"]
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert "Sms kommer inte fram" in (await client.get("/personal/idag")).text
    # It answers again: all go at once.
    gateway.behaviour = "accept"
    clock.advance(hours=1)
    await texting.work()
    assert await states(cohort) == [("place_held", "sent")] * 3
    assert await database_checks.text_gateway(patient) == []
    await sign_in_as(client, "kim", clock.now())
    assert "Sms kommer inte fram" not in (await client.get("/personal/idag")).text


async def test_who_agreed_to_texts_gets_them_and_who_gave_a_number_for_calls_is_rung(
    texting: Mail, gateway: Gateway, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4, sessions=3)
    texts = await somebody(cohort, keys, clock.now(), "Al", by_text(PHONE))
    calls = await somebody(cohort, keys, clock.now(), "Bok", "+46701740606")
    english = replace(await an_application(cohort, "Ek", by_text("+46701740607")), language="en")
    await enrolment.apply(english, await programme_of(cohort), keys, clock.now())
    with capture_logs() as logs:
        await texting.work()
        ways = [way(await facts_of(e), keys) for e in (texts.enrolment_id, calls.enrolment_id)]
        found = await reach(cohort.cohort_id, "session_moved", keys)
        gateway.behaviour = "400"
        kim = await a_coordinator(clock.now())
        assert not await session_services.cancel_session(await session_of(cohort, 1), True, kim, clock.now())
        await texting.work()
    first, other = sorted(gateway.taken, key=lambda text: text["to"])
    assert first["message"].startswith("Hej! Du har en plats. Första mötet är onsdag 30 september 10.00-12.00.")
    code = unseal(await facts_of(texts.enrolment_id), keys).code
    assert first["message"].endswith(f" http://testserver.local/min-plats#{code}")
    assert other["message"].startswith("Hello! You have a place.")
    assert ways == ["text", "ring"]
    assert (found.text, found.ring, found.mail, found.sent) == (2, 1, 0, 2)
    assert await states(cohort) == [
        ("place_held", "no_channel"), ("place_held", "sent"), ("place_held", "sent"),
        ("session_cancelled", "failed"), ("session_cancelled", "failed"), ("session_cancelled", "no_channel"),
    ]  # fmt: skip
    told = await calls_queries.untold([cohort.cohort_id], clock.now())
    assert sorted((one.kind, one.failed) for one in told) == [("session_cancelled", b) for b in (False, True, True)]
    assert "70174060" not in repr(logs)
    assert "secret-of" not in repr(logs)
    for name in [r["tablename"] for r in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")]:
        for row in await owner.fetch(f"select t::text as line from {name} t"):
            assert "70174060" not in row["line"], name


async def facts_of(enrolment_id: UUID) -> enrolments.EnrolmentFacts:
    return await enrolments.enrolment(enrolment_id)


async def test_a_gateway_that_is_away_keeps_texts_and_not_mails_and_the_repeat_has_the_same_key(
    texting: Mail, gateway: Gateway, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4)
    for name, contact in (("Al", by_text(PHONE)), ("Bok", by_text("+46701740606")), ("Ek", "ek@example.invalid")):
        await somebody(cohort, keys, clock.now(), name, contact)
    gateway.behaviour = "drop_after"
    await texting.work()
    assert len(texting.all()) == 1, "mail goes on"
    assert gateway.asked == sum(r.failures for r in await queries.reached(cohort.cohort_id)) > 0
    gateway.behaviour, gateway.remembers = "accept", True
    clock.advance(minutes=1)
    await texting.work()
    assert await states(cohort) == [("place_held", "sent")] * 3
    assert sorted(text["to"] for text in gateway.taken) == [PHONE, "+46701740606"], "the repeat was known by its key"
    # The gateway is taken away: staff tell who had wanted texts, at once.
    texting.worker = replace(texting.worker, settings=replace(texting.worker.settings, sms_url=""))
    kim = await a_coordinator(clock.now())
    assert not await session_services.cancel_session(await session_of(cohort, 1), True, kim, clock.now())
    await texting.work()
    assert [s for s in await states(cohort) if s[0] == "session_cancelled"] == [
        ("session_cancelled", state) for state in ("failed", "failed", "sent")
    ]


async def documented(
    contact: str, safe: tuple[str, ...], avoid: str, keys: KeyFolder, clock: FrozenClock, first_in: timedelta
) -> tuple[CohortFacts, UUID]:
    cohort = await a_cohort("2.7", clock.now(), minimum=5, maximum=8, first_in=first_in)
    record = PersonRecord("Lisa", "1985-02-14", "", contact, safe, avoid)
    taken = await enrolment.apply(
        replace(await an_application(cohort), record=record), await programme_of(cohort), keys, clock.now()
    )
    assert isinstance(taken, enrolment.Taken)
    await confirm(taken.enrolment_id, clock.now())
    return cohort, taken.enrolment_id


async def test_texts_wait_for_the_morning_unless_it_is_urgent_and_times_to_avoid_hold_always(
    texting: Mail, gateway: Gateway, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    clock.set(datetime(2026, 9, 2, 20, tzinfo=UTC))  # ten in the evening
    soon, _ = await documented(PHONE, ("sms",), "", keys, clock, timedelta(hours=11))
    late, _ = await documented("+46701740606", ("sms",), "efter 17", keys, clock, timedelta(hours=11, minutes=30))
    mailed, _ = await documented("al@example.invalid", ("email",), "nätter", keys, clock, timedelta(days=9))
    unclear, her = await documented("ek@example.invalid", ("email",), "när han är hemma", keys, clock, timedelta(days=9))
    assert way(await facts_of(her), keys) == "ring"
    await texting.work()
    assert (gateway.taken, texting.all()) == ([], [])
    held = await owner.fetch("select look_again_at, state from notice order by state")
    assert [row["state"] for row in held] == ["no_channel", "waiting", "waiting", "waiting"]
    assert {row["look_again_at"] for row in held} == {None, clock.now() + timedelta(minutes=15)}
    for cohort in (soon, late):
        assert not await session_services.cancel_session(await session_of(cohort, 1), True, kim, clock.now())
    await texting.work()
    await put("cohort_cancelled", cohort=soon.cohort_id)
    await texting.work()
    assert [text["to"] for text in gateway.taken] == [PHONE, PHONE], "urgent"
    assert ("session_cancelled", "sent") in await states(soon)
    # Both of the others would be too late only if the session began before eight.
    assert ("session_cancelled", "waiting") in await states(late)
    clock.advance(minutes=14)
    await texting.work()
    assert len(gateway.taken) == 2
    clock.set(datetime(2026, 9, 3, 6, 1, tzinfo=UTC))
    await texting.work()
    assert {text["to"] for text in gateway.taken} == {PHONE, "+46701740606"}
    assert [message["To"] for message in texting.all()] == ["al@example.invalid"]
    assert await states(unclear) == [("place_held", "no_channel")]
    assert await states(mailed) == [("place_held", "sent")]
    # What would come too late is shown to staff at once, and not sent.
    clock.set(datetime(2026, 9, 3, 20, tzinfo=UTC))
    early, _ = await documented("bo@example.invalid", ("email",), "20-10", keys, clock, timedelta(hours=11))
    assert not await session_services.cancel_session(await session_of(early, 1), True, kim, clock.now())
    await texting.work()
    assert ("session_cancelled", "failed") in await states(early)
    assert await owner.fetchval("select count(*) from notice_attempt where error = 'TimesToAvoid'") == 1


@pytest.mark.parametrize(
    ("avoid", "held", "free"),
    [
        ("efter 17", "2 17.00|3 03.00|3 07.59", "2 16.59|3 08.00"), ("före 9, 12–13", "2 08.00|2 12.30", "2 09.00|2 13.00"),
        ("helger", "5 00.00|6 23.59", "4 23.59|7 00.00"), ("Vardagar kl. 12-13", "2 12.00", "5 12.00"),
        ("fredag kväll och söndagar", "4 18.00|5 02.00|6 12.00", "3 18.00|5 12.00"),
        ("after 17.30; weekends", "2 17.30|5 12.00", "2 17.29"), ("22–06", "2 23.00|2 05.00", "2 21.00|2 06.00"),
        ("", "", "2 03.00"),
    ],
)  # fmt: skip
def test_times_to_avoid_are_read_as_people_write_them(avoid: str, held: str, free: str) -> None:
    """Days of September 2026: the 2nd is a Wednesday."""
    spans = hours_rules.spans(avoid)
    assert spans is not None
    for moments, expected in ((held, True), (free, False)):
        for moment in filter(None, moments.split("|")):
            at = datetime.strptime(f"2026-09-{moment}", "%Y-%m-%d %H.%M")  # noqa: DTZ007
            assert any(span.holds(at) for span in spans) is expected, moment


UNCLEAR = (
    "när han är hemma", "efter 17 om han är hemma", "17", "efter 5", "före 7", "5-8", "ring inte efter 17", "inte helger",
    "efter 25", "17-17", "helger efter maten", "dagar", "?",
)  # fmt: skip


@given(st.sampled_from(UNCLEAR) | st.text(max_size=40))
def test_what_cannot_be_read_with_certainty_is_not_guessed(avoid: str) -> None:
    spans = hours_rules.spans(avoid)
    found = hours_rules.free_from(datetime(2026, 9, 2, 20, tzinfo=UTC), avoid, False)
    if avoid in UNCLEAR or (any(sign.isalnum() for sign in avoid) and not spans):
        assert (spans, found) == (None, None)
    if found and spans is not None:
        assert not any(span.holds(local(found)) for span in spans)
        assert 8 <= local(found).hour < 20


async def test_the_forms_offer_texts_where_there_is_a_gateway_and_say_what_is_beyond_us(
    db: None, settings: Settings, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    group, talks = await a_cohort("2.1", clock.now()), await a_cohort("2.14", clock.now(), minimum=1, maximum=1)
    address_of = f"/anmalan/{group.public_id}"
    for gateway, offered in (("", False), ("https://sms.example.se/", True)):
        app = create_app(replace(settings, sms_url=gateway), clock, own_pool=False)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://testserver.local",
            headers={"origin": "http://testserver.local"},
        ) as client:
            shown = (await client.get(address_of)).text
            assert ('name="sms"' in shown) is offered
            assert "egna loggar, som vi inte styr över" in shown
            typed: dict[str, object] = {name: hidden(shown, name) for name in ("once", "dag", "visat")}
            wrong = await post_form(client, address_of, {**typed, "kontakt": "0455-30 30 00", "sms": "ja"})
            assert ("går det inte att skicka sms" in wrong.text) is offered
            await sign_in_as(client, "kim", clock.now())
            staff = f"/personal/grupper/{talks.cohort_id}/anmal"
            page = (await client.get(staff)).text
            assert "skickas inget av sig självt" in page
            details = {"namn": "Anna", "fodd": "19850214", "kontakt": "anna@example.invalid", "steg": "1", "saker": ""}
            assert (await post_form(client, staff, details)).status_code == 200, "nothing has to be ticked"
            fixed = await post_form(client, staff, {**details, "kontakt": "0455-30 30 00", "saker": "sms"})
            assert (fixed.status_code == 422) is offered
