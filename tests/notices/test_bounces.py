"""An address that bounces after its server had taken the message: staff see it, and nothing else is taken for a bounce."""

import asyncio
import os
import sys
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from quopri import encodestring
from uuid import UUID, uuid4

import asyncpg
import pytest

from programmes.cohorts.queries import CohortFacts, sessions
from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.desk.today.unreached_queries import unreached
from programmes.notices.bounce_rules import bounced, sent_to
from programmes.people import account_services
from tests.clock import FrozenClock
from tests.factories import a_leader, somebody
from tests.notices.mail import Mail, states
from tests.owner import as_owner


def a_report(number: str, action: str = "failed", headers_only: bool = False, to: str = "") -> EmailMessage:
    """As Postfix writes it."""
    report = EmailMessage(policy=default)
    report["From"], report["To"], report["Subject"] = "MAILER-DAEMON@mx", "noreply@example.invalid", "Undelivered"
    report.set_content("I'm sorry to have to inform you that lisa@example.invalid does not exist.")
    report.make_mixed()
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    about, one = Message(), Message()
    about["Reporting-MTA"] = "dns; mx"
    one["Final-Recipient"], one["Action"], one["Status"] = "rfc822; lisa@example.invalid", action, "5.1.1"
    status.set_payload([about, one])
    report.attach(status)
    original = Message()
    if headers_only:
        original["Content-Type"] = "text/rfc822-headers"
        original.set_payload(f"Subject: Om ditt möte\nTo: Lisa <{to}>\nMessage-ID: <{number}@example.invalid>\n")
    else:
        original["Content-Type"] = "message/rfc822"
        sent = EmailMessage()
        sent["Message-ID"], sent["Subject"] = f"<{number}@example.invalid>", "Om ditt möte"
        if to:
            sent["To"] = to
        original.set_payload([sent])
    report.attach(original)
    report.replace_header("Content-Type", 'multipart/report; report-type="delivery-status"')
    return report


def test_only_a_report_of_failed_delivery_of_a_message_of_ours_is_a_bounce() -> None:
    number = uuid4()
    for headers_only in (False, True):
        assert bounced(a_report(str(number), headers_only=headers_only)) == number
        assert bounced(a_report("someone-elses", headers_only=headers_only)) is None
        assert sent_to(a_report(str(number), headers_only=headers_only, to="lisa@example.invalid")) == "lisa@example.invalid"
        assert sent_to(a_report(str(number), headers_only=headers_only)) == ""
    assert bounced(a_report(str(number), "delayed")) is None
    answer = EmailMessage()
    answer["Subject"], answer["In-Reply-To"] = "Frånvaro", f"<{number}@example.invalid>"
    answer.set_content(f"Message-ID: <{number}@example.invalid>\nAction: failed")
    assert bounced(answer) is None
    assert bounced(EmailMessage()) is None


_HEAD = "Subject: Om\n ditt möte\nMessage-ID:\n <{number}@example.invalid>\nFrom: a@example.invalid\n"
_STATUS = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; lisa@example.invalid\nAction: {action}\nStatus: 5.1.1\n"


def _coded(text: str, encoding: str) -> str:
    body = text.encode()
    coded = {"base64": encodebytes, "quoted-printable": encodestring}
    return coded[encoding](body).decode() if encoding in coded else text


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers"])
@pytest.mark.parametrize("status", ["message/delivery-status", "message/global-delivery-status"])
def test_reports_are_read_however_their_servers_write_them(kind: str, encoding: str, status: str) -> None:
    number = uuid4()

    def report(action: str) -> EmailMessage:
        parts = [(status, "7bit", _STATUS.format(action=action)), (kind, encoding, _HEAD.format(number=number) + "\nHej!\n")]
        lines = ["From: MAILER-DAEMON@mx", 'Content-Type: multipart/report; report-type="delivery-status"; boundary="b"', ""]
        for name, code, text in parts:
            lines += ["--b", f"Content-Type: {name}; charset=utf-8", f"Content-Transfer-Encoding: {code}", ""]
            lines += [_coded(text, code)]
        found = message_from_bytes("\r\n".join("\n".join([*lines, "--b--", ""]).split("\n")).encode(), policy=default)
        assert isinstance(found, EmailMessage)
        return found

    assert bounced(report("failed")) == number
    assert bounced(report("Failed (permanent error)")) == number
    assert bounced(report("delayed (failed so far)")) is None


async def handed_over(number: UUID, mail: Mail, to: str = "") -> str:
    """What the command says of a report about a message."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "programmes.cli", "bounce",
        env={**processes.environment(mail.worker.settings, "worker"), "PATH": os.environ["PATH"]},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _said = await asyncio.wait_for(process.communicate(a_report(str(number), to=to).as_bytes()), 60)
    assert process.returncode == 0, told
    return told.decode()


async def test_a_bounce_shows_staff_who_was_not_reached_and_says_nothing_of_whom(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    number: UUID = await owner.fetchval("select id from notice")
    for _ in range(2):
        assert "lisa" not in await handed_over(number, mail)
    assert await states(cohort) == [("place_held", "failed")]
    assert await owner.fetchval("select sent_at from notice") is None
    assert [row["error"] for row in await owner.fetch("select error from notice_attempt")] == ["Bounced"]


async def mailed(
    owner: asyncpg.Connection, table: str, number: UUID, staff_id: int, cohort: CohortFacts, now: datetime
) -> None:
    """A mail of one kind has gone to a member of staff."""
    await owner.execute("update staff set email = 'love@example.invalid' where id = $1", staff_id)
    if table == "staff_message":
        session = (await sessions(cohort.cohort_id))[0].session_id
        more, given = "session_id, kind, created_at", f"{session}, 'asked', '{now.isoformat()}'"
    else:
        more, given = "day", f"'{(now - timedelta(days=1)).date()}'"
    await owner.execute(
        f"insert into {table} (id, staff_id, state, failures, {more}) values ($1, $2, 'sent', 0, {given})", number, staff_id
    )


@pytest.mark.parametrize("table", ["staff_message", "staff_digest", "log_digest"])
async def test_a_mail_to_staff_that_comes_back_has_failed(
    table: str, mail: Mail, cohort: CohortFacts, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    love = (await a_leader(clock.now(), "love")).staff_id
    number, now = uuid4(), datetime.now(UTC)
    await mailed(owner, table, number, love, cohort, now)
    assert await unreached(now) == []
    assert "Noted: one person was not reached." in await handed_over(number, mail)
    assert await owner.fetchval(f"select state from {table}") == "failed"
    assert [one.staff_id for one in await unreached(datetime.now(UTC))] == [love]
    assert "Nothing to note." in await handed_over(number, mail)
    async with as_owner():
        await account_services.change_email("love", "love.ek@kommun.example", datetime.now(UTC))
    assert await unreached(datetime.now(UTC)) == [], "of another address nobody knows yet"


@pytest.mark.parametrize("table", ["staff_message", "staff_digest", "log_digest"])
@pytest.mark.parametrize(
    ("to", "wrong"), [("love@example.invalid", False), ("", False), ("Love.Ek@kommun.example", True)], ids=str
)
async def test_what_comes_back_late_from_the_address_before_says_nothing_of_the_one_that_is(
    to: str, wrong: bool, table: str, mail: Mail, cohort: CohortFacts, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    love = (await a_leader(clock.now(), "love")).staff_id
    number, now = uuid4(), datetime.now(UTC)
    await mailed(owner, table, number, love, cohort, now)
    async with as_owner():
        await account_services.change_email("love", "love.ek@kommun.example", datetime.now(UTC))
    assert "Noted: one person was not reached." in await handed_over(number, mail, to)
    assert await owner.fetchval(f"select state from {table}") == "failed"
    assert [one.staff_id for one in await unreached(datetime.now(UTC))] == ([love] if wrong else [])
