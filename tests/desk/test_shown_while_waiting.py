"""Whose number was shown while their message waits may have heard by telephone: what changes again, or back, is theirs to
hear. The message itself goes as it would have."""

from datetime import timedelta
from email.message import EmailMessage

import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.i18n import day_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.illness import reached_services
from programmes.notices import sending_services as sending
from programmes.notices.change_services import tell_changes
from programmes.notices.post_services import Deferred
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look, notice_of, robin  # noqa: F401
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, post_form, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move

LISA = "lisa@example.invalid"
DAY = timedelta(days=1)


@pytest.mark.parametrize("answer", ["", "inte"])
async def test_who_may_have_been_rung_about_a_message_that_waits_hears_when_it_is_back_unless_nobody_answered(
    answer: str,
    robin: Principal,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    rung = (await somebody(cohort, keys, clock.now(), "Lisa", LISA)).enrolment_id
    await somebody(cohort, keys, clock.now(), "Bo", "bo@example.invalid")
    await mail.work()
    session = (await cohorts.sessions(cohort.cohort_id))[1]
    here, before = f"/personal/traffar/{session.session_id}/besked", len(mail.to("bo@example.invalid"))
    clock.advance(minutes=1)
    await move(cohort, 1, DAY, robin, clock)
    await tell_changes(cohort.cohort_id, keys, clock.now())
    await sign_in_as(client, "robin", clock.now())
    line = line_of(await look(client, here), "Lisa")
    assert "På väg" in line
    assert LISA in (await post_form(client, f"{here}/kontakt", {"vem": rung}, here)).text
    if answer:
        clock.advance(minutes=1)
        await post_form(client, here, {"vem": rung, "besked": notice_of(line), "svar": answer}, here)
    for by in (DAY, -2 * DAY):
        clock.advance(minutes=1)
        await move(cohort, 1, by, robin, clock)
        await tell_changes(cohort.cohort_id, keys, clock.now())
    assert ("Lisa" in await look(client, here)) == (not answer)
    await mail.work()
    told = [text for text in mail.to(LISA) if "är flyttat" in text]
    assert len(told) == (0 if answer else 1)
    for text in told:
        assert f"Mötet som skulle vara {day_long(local_date(session.starts_at + DAY))}" in text
        assert f"Ny tid: {day_long(local_date(session.starts_at))}" in text
    # To who was rung by nobody nothing has ever been otherwise.
    assert len(mail.to("bo@example.invalid")) == before
    clock.advance(days=1)
    await mail.work()
    assert len([text for text in mail.to(LISA) if "är flyttat" in text]) == len(told)


async def test_a_message_that_holds_is_sent_once_though_somebody_was_to_ring_about_it(
    robin: Principal,  # noqa: F811
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    rung = (await somebody(cohort, keys, clock.now(), "Lisa", LISA)).enrolment_id
    await mail.work()
    session = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    await move(cohort, 1, DAY, robin, clock)
    await reached_services.reveal(session, rung, keys, robin, clock.now())
    for _ in range(2):
        await mail.work()
        clock.advance(days=1)
    assert len([text for text in mail.to(LISA) if "är flyttat" in text]) == 1


class Rung:
    """A mail server that surely takes nothing; while it is asked, staff have the number shown."""

    def __init__(self, session_id: int, rung: object, keys: KeyFolder, who: Principal, clock: FrozenClock) -> None:
        self.asks = (session_id, rung, keys, who)
        self.clock = clock

    async def send(self, message: EmailMessage) -> None:
        await reached_services.reveal(*self.asks, self.clock.now())  # type: ignore[arg-type]
        raise Deferred("SMTPDataError451")


async def test_that_a_number_was_shown_while_a_server_was_asked_outlives_its_no(
    robin: Principal,  # noqa: F811
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    rung = (await somebody(cohort, keys, clock.now(), "Lisa", LISA)).enrolment_id
    await mail.work()
    session = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    await move(cohort, 1, DAY, robin, clock)
    await tell_changes(cohort.cohort_id, keys, clock.now())
    await sending.send_due(Rung(session, rung, keys, robin, clock), mail.worker.settings, keys, clock)
    clock.advance(minutes=5)
    await move(cohort, 1, -DAY, robin, clock)
    await mail.work()
    assert len([text for text in mail.to(LISA) if "är flyttat" in text]) == 1
