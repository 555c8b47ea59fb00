"""Min plats: what is sealed about a person, the code that opens it, and the browsers it is open in."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from programmes.core import audit
from programmes.core.codes import digest, grouped, new_code, new_token
from programmes.core.contacts import address
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict
from programmes.core.key_paths import NoFile
from programmes.core.sealing import KeyFolder, KeyGone, Unreadable
from programmes.enrolment import code_queries, queries
from programmes.enrolment.browser_rules import marks
from programmes.enrolment.person import reached_services
from programmes.enrolment.rules import ALIVE
from programmes.people.look_rules import RevealReason

PLACE_OPEN = timedelta(minutes=30)
HAND_OVER = timedelta(minutes=10)


@dataclass(frozen=True)
class Kept:
    """What is sealed in an enrolment itself. Alias and contact are empty for individual-level programmes."""

    code: str = ""
    alias: str = ""
    contact: str = ""


def unseal(facts: queries.EnrolmentFacts, keys: KeyFolder) -> Kept:
    """Open an enrolment's sealed part; empty when its key is gone. Raises Unreadable for one that is damaged."""
    if facts.key_id is None or facts.sealed is None:
        return Kept()
    try:
        found = json.loads(keys.open("entry", facts.key_id, facts.sealed))
    except KeyGone:
        return Kept()
    return Kept(**found)


def is_lost(facts: queries.EnrolmentFacts, keys: KeyFolder) -> bool:
    """Whether nothing can be read of somebody who is here, as a key is gone that was never meant to go."""
    try:
        if facts.participant_id is not None:
            return facts.record is not None and not keys.exists("person", facts.participant_id)
        return facts.state in ALIVE and facts.key_id is not None and not keys.exists("entry", facts.key_id)
    except NoFile:
        # What lies in the place of this one key holds up nobody else, and is told of where it is opened.
        return False


def has_contact(facts: queries.EnrolmentFacts, keys: KeyFolder) -> bool:
    """Whether somebody nobody knows left a way to reach them; of what can't be read, none is known."""
    try:
        return bool(unseal(facts, keys).contact)
    except Unreadable:
        return False


async def open_session(enrolment_id: uuid.UUID, token: str, now: datetime, mark: bytes | None = None) -> None:
    """In the open transaction: Min plats is open in the browser that gets this token, for half an hour. `mark`: it was taken
    there, which is known as long (`browser_rules.marks`)."""
    await execute(
        "insert into place_session (id, enrolment_id, ends_at) select unnest($1::bytea[]), $2, $3",
        [code_queries.session_digest(token), *([mark] if mark else [])],
        enrolment_id,
        now + PLACE_OPEN,
    )


async def open_by_code(code: str, now: datetime) -> str | None:
    """Open Min plats with a place code (normalised); returns the token for the cookie, or None for an unknown code. Who was
    passed over as not to be reached no longer is."""
    enrolment_id = await code_queries.by_code(digest(code), now)
    if enrolment_id is None:
        return None
    token = new_token()
    async with transaction():
        await open_session(enrolment_id, token, now)
    await reached_services.opened(enrolment_id, now)
    return token


async def reissue_code(enrolment_id: uuid.UUID, keys: KeyFolder, staff_id: int, now: datetime) -> str:
    """A new place code, given face to face; the old one and every open Min plats die. Returns it, grouped for reading.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`, there is nothing for a code to open.
    """
    code = new_code()
    async with transaction():
        facts = await queries.enrolment(enrolment_id)
        await queries.lock_gate(facts.cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.key_id is None or facts.state not in ALIVE:
            raise Conflict("enrolment_over")
        kept = replace(unseal(facts, keys), code=code)
        content = {name: value for name, value in asdict(kept).items() if value}
        await execute(
            "update enrolment set sealed = $2, code_digest = $3 where id = $1",
            enrolment_id,
            keys.seal("entry", facts.key_id, json.dumps(content)),
            digest(code),
        )
        await execute("delete from place_session where enrolment_id = $1", enrolment_id)
        await audit.note("code:reissue", f"enrolment/{enrolment_id}", staff_id, now)
    return grouped(code)


async def hand_over_code(facts: queries.EnrolmentFacts, once: str, keys: KeyFolder, staff_id: int, now: datetime) -> str:
    """The code, grouped, for staff who have just enrolled somebody; empty for anybody else, and ten minutes after.

    Only the browser that sent the form knows its once-number: who applied on the web is nobody's to hand a code.
    """
    if (
        not once
        or now - facts.applied_at > HAND_OVER
        or facts.enrolment_id not in await code_queries.sent_with(facts.cohort_id, once)
    ):
        return ""
    async with transaction():
        await audit.note("code:hand_over", f"enrolment/{facts.enrolment_id}", staff_id, now)
    return grouped(unseal(facts, keys).code)


async def reveal_contact(
    facts: queries.EnrolmentFacts, reason: RevealReason, keys: KeyFolder, staff_id: int, now: datetime
) -> str:
    """Show the contact channel of a working list for an urgent call; the look is noted with its reason (DESIGN 6), and
    the note goes with the list.

    Empty if none is kept, or if they have left.
    """
    async with transaction():
        await audit.note(f"contact:reveal:{reason}", f"enrolment/{facts.enrolment_id}", staff_id, now)
    return address(unseal(facts, keys).contact) if facts.state in ALIVE else ""


async def close_places(tokens: Iterable[str], secret: str) -> None:
    """Forget what is open in a browser, by its tokens, and what was taken there, by the `secret` that it keeps."""
    async with transaction():
        rows = await fetch("select distinct e.cohort_id from place_session p join enrolment e on e.id = p.enrolment_id")
        marked = [mark for row in rows for mark in marks(secret, row["cohort_id"])]
        opened = [code_queries.session_digest(token) for token in tokens]
        await execute("delete from place_session where id = any($1::bytea[])", [*opened, *marked])


async def close_all_places(opened_before: datetime | None = None) -> None:
    """Forget what is open in every browser: after a restore also what had been closed, or opened with a code of before.
    `opened_before`: only what was opened before that."""
    last = opened_before + PLACE_OPEN if opened_before else None
    async with transaction():
        await execute("delete from place_session where ends_at < coalesce($1, 'infinity'::timestamptz)", last)


async def forget_old_sessions(now: datetime) -> None:
    """Drop Min plats sessions that have ended."""
    async with transaction():
        await execute("delete from place_session where ends_at <= $1", now)
