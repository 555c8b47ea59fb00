"""Whoever may have received a message about a change is told when it is undone; who can't have, is not."""

from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.contacts import by_text
from programmes.core.i18n import day_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.desk.group.left_pages import left_text
from programmes.notices import change_services, post_services
from programmes.notices import sending_services as sending
from programmes.notices.post_services import Post, post_from
from tests.clock import FrozenClock
from tests.factories import a_coordinator, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail, states
from tests.notices.peer import Peer
from tests.notices.test_changes_told import move, undo
from tests.notices.test_texts import ACCOUNT

LISA = "lisa@example.invalid"


async def cancel(cohort: CohortFacts, number: int, who: Principal, clock: FrozenClock) -> None:
    session = (await cohorts.sessions(cohort.cohort_id))[number]
    assert await session_services.cancel_session(session.session_id, False, who, clock.now()) == []


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("drop_after", True),
        ("hang_after", True),
        ("refuse", False),
        ("defer", False),
        ("defer_data", False),
        ("away", False),
        ("drop_before", False),
    ],
)
async def test_who_may_have_received_that_it_is_cancelled_is_told_that_it_is_not_and_nobody_is_rung_about_what_never_was(
    behaviour: str,
    told: bool,
    cohort: CohortFacts,
    mail: Mail,
    peer: Peer,
    keys: KeyFolder,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    if behaviour == "hang_after":
        monkeypatch.setattr(sending_post := post_services.SmtpPost, "send", _hasty(sending_post.send))
    url = "smtp://127.0.0.1:1" if behaviour == "away" else peer.url
    peer.behaviour = behaviour
    by_peer = Mail(replace(mail.worker, settings=replace(mail.worker.settings, mail_url=url)), mail.folder)
    await cancel(cohort, 1, kim, clock)
    await by_peer.work()
    await undo(cohort, kim, clock)
    clock.advance(hours=1)
    await mail.work()
    letters = mail.to(LISA)
    assert any("blir av" in text for text in letters) == told, letters
    assert not any("är inställt" in text for text in letters), letters
    # Nobody has to be rung about what is as they know it.
    assert await calls_queries.untold([cohort.cohort_id], clock.now()) == []


def _hasty(send):  # type: ignore[no-untyped-def]
    async def hasty(self: post_services.SmtpPost, message: EmailMessage) -> None:
        await send(replace(self, timeout=2), message)

    return hasty


class Killed(BaseException):
    """What no handler of errors meets."""


@dataclass
class InFlight:
    """Takes a message, and while it does something happens."""

    post: Post
    meanwhile: object
    cut: bool = False

    async def send(self, message: EmailMessage) -> None:
        await self.post.send(message)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()  # type: ignore[operator]
        if self.cut:
            raise Killed  # The worker is stopped before it has noted anything.


@pytest.mark.parametrize("cut", [False, True])
async def test_who_is_being_written_to_while_it_is_undone_is_told_that_too(
    cut: bool, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    await cancel(cohort, 1, kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())

    async def meanwhile() -> None:
        await undo(cohort, kim, clock)
        await change_services.tell_changes(cohort.cohort_id, keys, clock.now())

    post = InFlight(post_from(mail.worker.settings.mail_url), None if cut else meanwhile, cut)
    if cut:
        with pytest.raises(Killed):
            await sending.send_due(post, mail.worker.settings, keys, clock)
        await meanwhile()
    else:
        await sending.send_due(post, mail.worker.settings, keys, clock)
    assert len([text for text in mail.to(LISA) if "är inställt" in text]) == 1
    await mail.work()
    assert len([text for text in mail.to(LISA) if "blir av" in text]) == 1
    assert ("change_undone", "sent") in await states(cohort)


async def test_what_is_outrun_while_it_waits_to_be_tried_again_is_not_sent(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """A message that tells of an undoing, may have been received, and is itself undone by a change."""
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await cancel(cohort, 1, kim, clock)
    await mail.work()
    await undo(cohort, kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    await owner.execute("update notice set handed_over_at = $1 where kind = 'change_undone'", clock.now())
    await cancel(cohort, 1, kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    await mail.work()
    assert [text for text in mail.to(LISA) if "gäller inte" in text] == []
    assert len([text for text in mail.to(LISA) if "är inställt" in text]) == 2


@pytest.mark.parametrize("second", ["cancel", "move"])
@pytest.mark.parametrize("reaches", [True, False])
async def test_by_text_who_may_have_heard_of_another_day_is_told_of_both_or_rung_about_both(
    reaches: bool,
    second: str,
    cohort: CohortFacts,
    mail: Mail,
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, sms_url=gateway.url, **ACCOUNT))
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=by_text("+46700000001"))
    await mail.work()
    first = (await cohorts.sessions(cohort.cohort_id))[1].starts_at
    gateway.behaviour = "503"
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await mail.work()
    clock.advance(minutes=30)
    await mail.work()
    if second == "move":
        await move(cohort, 1, timedelta(days=1), kim, clock)
    else:
        await cancel(cohort, 1, kim, clock)
    gateway.behaviour, told = "accept" if reaches else "400", len(gateway.taken)
    for _ in range(3):
        clock.advance(minutes=20)
        await mail.work()
    days = [day_long(local_date(first + timedelta(days=n))) for n in range(3)]
    untold = await calls_queries.untold([cohort.cohort_id], clock.now())
    rung = [left_text(one.left, one.said_as) for one in untold if one.left]
    said = [text["message"] for text in gateway.taken[told:]] if reaches else rung
    assert len(said) == 1
    assert rung == ([] if reaches else said)
    assert [day in said[0] for day in days] == [True, True, second == "move"], said
    assert "hört det" in said[0]


async def test_what_is_outrun_while_its_words_are_made_does_not_go(
    cohort: CohortFacts,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    # It was tried in vain: it stays as that when it is outrun.
    await owner.execute(
        """insert into notice_attempt (notice_id, failed_at, error)
           select id, $1, 'SMTPDataError451' from notice where kind = 'session_moved'""",
        clock.now() - timedelta(hours=1),
    )
    made = sending.words_of

    async def meanwhile(*args: object) -> object:
        words = await made(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(sending, "words_of", made)
        await cancel(cohort, 1, kim, clock)
        await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
        return words

    monkeypatch.setattr(sending, "words_of", meanwhile)
    for _ in range(2):
        await mail.work()
    assert [text for text in mail.to(LISA) if "är flyttat" in text] == []
    assert len([text for text in mail.to(LISA) if "är inställt" in text]) == 1


async def test_a_message_waits_for_what_is_changed_already_and_not_told_yet(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    first = (await cohorts.sessions(cohort.cohort_id))[1].starts_at
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    await cancel(cohort, 1, kim, clock)
    before = len(mail.to(LISA))
    await sending.send_due(post_from(mail.worker.settings.mail_url), mail.worker.settings, keys, clock)
    await mail.work()
    told = [text for text in mail.to(LISA) if "Mötet" in text]
    assert len(mail.to(LISA)) == before + len(told) == before + 1
    assert f"Mötet {day_long(local_date(first))}" in told[0]
    assert "är inställt" in told[0]


async def test_who_came_after_a_change_that_a_late_worker_tells_hears_nothing_of_it(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    clock.advance(minutes=1)
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await owner.execute("update session_change set kind = 'postpone'")
    clock.advance(minutes=1)
    await somebody(cohort, keys, clock.now(), contact="olle@example.invalid")
    await change_services.tell_changes(cohort.cohort_id, keys, clock.now())
    told = await owner.fetch("select e.applied_at from notice n join enrolment e on e.id = n.enrolment_id "
                             "where n.kind = 'cohort_postponed'")  # fmt: skip
    assert [row["applied_at"] for row in told] == [clock.now() - timedelta(minutes=2)]
