"""The nightly run: what is due is erased, one record a transaction, and what went is said in receipts that name no one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

import asyncpg
import structlog

from programmes.core import audit, jobs
from programmes.core.clock import local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.erasure import replay
from programmes.core.naming_rules import leads_beside_a_decision
from programmes.core.restoring import Restoring, beside_no_restore
from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, Subject, kept_since, wrong_amount
from programmes.core.sealing import KeyFolder, KeysAway, Unreadable
from programmes.enrolment import queries as enrolments
from programmes.enrolment.records.erasing_services import erase_person, lock_person
from programmes.enrolment.records.services import record_of
from programmes.hands import Hands
from programmes.notices.services import forget_sent
from programmes.oversight.retention import queries, rules
from programmes.oversight.retention.rules import Archive, Fate

log = structlog.get_logger()
_BROKE_OFF = timedelta(hours=6)
_WHY = "person: the years after the last note have passed"
_RESTORED = "person: erased before the backup was restored"
# Whether a key of what run `r` has taken out of the database is still to be destroyed; `{why}` is the number of a parameter.
_KEYS_WAIT = """exists (select from key_destruction k where k.why = ${why} and k.intended_at >= r.started_at
                        and (r.finished_at is null or k.intended_at <= r.finished_at))"""
_BY_AGE: Mapping[Subject, Callable[[datetime], Awaitable[int]]] = {
    "notice": forget_sent,
    "audit_entry": audit.forget_before,
}
Fated = Fate | Literal["unreadable"]
Ended = Literal["done", "no_keys", "restoring", "clock"]


@dataclass(frozen=True)
class _Today:
    """What every decision of one run goes by."""

    run_id: int
    archive: Archive
    keys: KeyFolder
    now: datetime


async def choose(subject: Subject, amount: int, decision: str, staff_id: int, now: datetime) -> str | None:
    """Decide how long a class is kept from now on; returns why not (`too_short`, `too_long`, `leads`: the decision is named
    by what leads to somebody), or None when it is done.

    The same number by the same decision again changes nothing.
    """
    if wrong := wrong_amount(subject, amount):
        return wrong
    if leads_beside_a_decision(decision, local_date(now)):
        return "leads"
    async with transaction():
        known = (await queries.choices()).get(subject)
        if known and (known[0].amount, known[0].decision) == (amount, decision):
            return None
        await execute(
            "insert into retention_choice (subject, amount, decision, staff_id, chosen_at) values ($1, $2, $3, $4, $5)",
            subject,
            amount,
            decision,
            staff_id,
            now,
        )
        await audit.note("retention:choose", f"retention/{subject.replace('_', '-')}", staff_id, now)
    return None


@by_a_sure_clock
async def nightly(worker: Hands) -> None:
    """The worker's tick: once a local day, from two in the night; later where no worker was there. One that broke off is
    taken up again, and one that could not erase waits for the next night."""
    now = worker.clock.now()
    night = rules.night_due(await queries.last_night(), now)
    if night is not None:
        async with transaction():
            await execute("insert into retention_run (night, started_at) values ($1, $2) on conflict do nothing", night, now)
        run_id = await fetchval("select id from retention_run where night = $1 and not by_hand", night)
        await _carry_out(run_id, worker)
        # What broke off and was never taken up again: tonight's run has done the rest, and what had gone gets its receipt.
        left = "select id from retention_run where state = 'running' and id <> $1 and started_at < $2"
        for row in await fetch(left, run_id, now - _BROKE_OFF):
            await _end(row["id"], "done", now)


async def run_now(worker: Hands, catch_up: bool = False) -> queries.Run:
    """Erase what is due now, whatever the hour. `catch_up`: also when the clock stands far ahead of all that is known.

    Raises:
        asyncpg.PostgresError, OSError: the database or the key folder went away; what was begun is carried out later.
    """
    now = worker.clock.now()
    async with transaction():
        run_id = await fetchval(
            "insert into retention_run (night, by_hand, started_at) values ($1, true, $2) returning id",
            local_date(now),
            now,
        )
    await _carry_out(run_id, worker, catch_up)
    found = await queries.run(run_id)
    assert found is not None
    return found


async def _carry_out(run_id: int, worker: Hands, catch_up: bool = False) -> None:
    now, keys = worker.clock.now(), worker.keys
    ended: Ended = "done"
    if not catch_up and rules.has_jumped(await queries.last_believed(), now):
        ended = "clock"
    elif not keys.usable():
        ended = "no_keys"
    else:
        try:
            await _erase_due(_Today(run_id, worker.settings.archive, keys, now))
            await _forget_old(run_id, keys, now)
            # A key that another worker at this run is just about to destroy waits for nothing; one that can't go still does.
            await replay(keys, now)
        except Restoring:
            ended = "restoring"
        except ConnectionError:
            raise
        except (KeysAway, OSError):
            # What has committed stands as an intent, and is carried out when the folder is back (`core.erasure`).
            ended = "no_keys"
    if ended != "done":
        log.error("retention_waits", why=ended)
    await _end(run_id, ended, now)


async def _erase_due(today: _Today) -> None:
    async with transaction():
        # Another worker that is at the same run counts what it has erased under this lock.
        await execute("select 1 from retention_run where id = $1 for update", today.run_id)
        people = await queries.due_records(local_date(today.now))
        await execute("update retention_run set due = gone + $2, failed = 0 where id = $1", today.run_id, len(people))
    for person_id in people:
        try:
            await _erase_one(person_id, today)
        except (Restoring, OSError):
            raise
        except Exception as error:
            # Of who cannot be read, or of whom something hangs on that nobody knew, nothing is gone. The others go on.
            of_all = isinstance(error, KeysAway) and not today.keys.usable()
            passes = jobs.passes(error) and not isinstance(error, (asyncpg.IntegrityConstraintViolationError, KeysAway))
            if of_all or passes:
                raise
            log.error("record_not_erased", error=type(error).__name__)
            async with transaction():
                await execute("update retention_run set failed = failed + 1 where id = $1", today.run_id)


async def _erase_one(person_id: UUID, today: _Today) -> None:
    """Decide under the lock, by what is true then: an acknowledged hold is seen, and a later one meets nobody."""
    async with transaction():
        await beside_no_restore(today.keys)
        if not await lock_person(person_id):
            return
        found = (await fates([person_id], today.archive, today.keys, today.now)).get(person_id)
        if found == "unreadable":
            raise Unreadable(str(person_id))
        if found == "erase":
            if not today.keys.usable():
                raise KeysAway("the key folder went away in the middle of the run")
            await erase_person(person_id, _WHY, today.keys, today.now)
            await execute("update retention_run set gone = gone + 1 where id = $1", today.run_id)


async def fates(
    people: Sequence[UUID], archive: Archive, keys: KeyFolder, now: datetime, years: int | None = None
) -> dict[UUID, Fated]:
    """What becomes of these records now, in a constant number of statements. Who is gone is left out. `years`: by another
    rule than the one in force.

    Only of those that are due, and not held, it is read when somebody was born; it is shown to nobody.

    Raises:
        KeysAway: the key folder cannot be used.
    """
    years = await amount_of("protected_record") if years is None else years
    found = await queries.record_facts(people)
    ways = [way.enrolment_id for way in await queries.ways(list(found))]
    rows = {facts.participant_id: facts for facts in await enrolments.several(ways)}
    return {one: _fate(one, facts, rows.get(one), years, archive, keys, now) for one, facts in found.items()}


def _fate(
    person_id: UUID,
    facts: rules.RecordFacts,
    way: enrolments.EnrolmentFacts | None,
    years: int,
    archive: Archive,
    keys: KeyFolder,
    now: datetime,
) -> Fated:
    today = local_date(now)
    found = rules.fate(facts, None, years, archive, today)
    if found in {"later", "held"}:
        return found
    if without := _without_key(person_id, keys):
        return without
    if archive != "sample" or way is None:
        return found
    try:
        record = record_of(way, keys, "retention")
    except Unreadable:
        return "unreadable"
    except KeysAway:
        if not keys.usable():
            raise
        # Not the folder, but this one key is damaged or closed to us.
        return "unreadable"
    born = rules.birth_day(record.birth_date, record.number) if record else None
    return rules.fate(facts, born, years, archive, today)


def _without_key(person_id: UUID, keys: KeyFolder) -> Literal["erase", "unreadable"] | None:
    """What becomes of a due record whose key does not lie there; None where it does."""
    try:
        if keys.exists("person", person_id):
            return None
        # Gone for good, nobody will read it, an archive neither: there is nothing to wait for. Else this is another key
        # folder, or a copy of the key may be found: somebody has to look first.
        return "erase" if keys.is_gone_for_good(person_id) else "unreadable"
    except KeysAway:
        if not keys.usable():
            raise
        # Something lies in its place.
        return "unreadable"


async def _forget_old(run_id: int, keys: KeyFolder, now: datetime) -> None:
    """What goes by its age alone: that messages were sent, and the trail."""
    async with transaction():
        await beside_no_restore(keys)
        today = local_date(now)
        for subject, forget in _BY_AGE.items():
            amount = await amount_of(subject)
            if await forget(kept_since(today, amount, RULES[subject].unit)):
                await _receive(run_id, subject, amount, None, today)


async def _end(run_id: int, ended: Ended, now: datetime) -> None:
    """Say how it ended; what went has its receipt, once, also of a run that broke off and was taken up again. While a key
    waits of what it took out of the database, the run has not done what it was for."""
    async with transaction():
        await execute(
            f"""update retention_run r set finished_at = $3,
                       state = case when $2 = 'done' and {_KEYS_WAIT.format(why=4)} then 'no_keys' else $2 end
                where id = $1 and state = 'running'""",
            run_id,
            ended,
            now,
            _WHY,
        )
        await _receive_run(run_id, now)


@by_a_sure_clock
async def receive_late(worker: Hands) -> None:
    """The worker's tick: the receipts of runs that had ended before the last of their keys was gone."""
    now = worker.clock.now()
    without = """select id from retention_run r where state <> 'running' and gone > 0 and not exists (
                     select from retention_receipt t where t.run_id = r.id and t.subject = 'protected_record')"""
    for row in await fetch(without):
        async with transaction():
            await _receive_run(row["id"], now)


async def _receive_run(run_id: int, now: datetime) -> None:
    """In the open transaction: the receipt of a run, unless it has one, or a key of what went still waits."""
    await execute("select 1 from retention_run where id = $1 for update", run_id)
    gone = await fetchval(
        f"""select r.gone from retention_run r where r.id = $1 and r.gone > 0 and not {_KEYS_WAIT.format(why=2)}
            and not exists (select from retention_receipt t where t.run_id = r.id and t.subject = 'protected_record')""",
        run_id,
        _WHY,
    )
    if gone:
        await _receive(run_id, "protected_record", await amount_of("protected_record"), gone, local_date(now))


async def _receive(run_id: int | None, subject: Subject, amount: int, gone: int | None, day: date) -> None:
    await execute(
        "insert into retention_receipt (id, run_id, subject, amount, unit, gone, day) values ($1, $2, $3, $4, $5, $6, $7)",
        uuid4(),
        run_id,
        subject,
        amount,
        RULES[subject].unit,
        gone,
        day,
    )


async def erase_restored(worker: Hands) -> int:
    """When the worker starts: records that a restored backup of the database has brought back go again, rows and all, also
    those that are held in it. Their keys have receipts, so nobody can read them. Returns how many went."""
    now, gone = worker.clock.now(), 0
    erased = [UUID(receipt["key"]) for receipt in worker.keys.receipts() if receipt["kind"] == "person"]
    for row in await fetch("select id from participant where id = any($1::uuid[]) order by id", erased):
        async with transaction():
            if await lock_person(row["id"]):
                await erase_person(row["id"], _RESTORED, worker.keys, now)
                gone += 1
    if gone:
        async with transaction():
            years = await amount_of("protected_record")
            await _receive(None, "protected_record", years, gone, local_date(now))
    return gone


TICKS = [nightly, receive_late]
