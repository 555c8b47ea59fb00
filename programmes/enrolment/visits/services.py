"""Taking study visits back: one person's booking, a time that nobody has booked, and a time that people have booked."""

import uuid
from datetime import datetime

from programmes.core import audit, jobs
from programmes.core.db import execute, fetch, fetchrow, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.enrolment import queries
from programmes.enrolment.rules import HOLDING
from programmes.enrolment.visits.rules import is_near, seen_visit


async def leave_slot(enrolment_id: uuid.UUID, now: datetime, staff_id: int | None = None) -> None:
    """In the caller's transaction, under the cohort's lock: who was booked there is no longer; the time has room from now.
    If it is near, whoever holds it is told, unless it is they (`staff_id`) who do this.

    What was made, missed or cancelled stays as it was, and so does a visit whose time has come: what became of it is noted
    by staff.
    """
    await execute(
        """update visit_slot s set free_since = $2 from study_visit y
           where y.enrolment_id = $1 and y.state = 'booked' and s.id = y.slot_id
             and s.capacity <= (select count(*) from study_visit v where v.slot_id = s.id)""",
        enrolment_id,
        now,
    )
    left = await fetchrow(
        """select s.id, s.starts_at from study_visit y join visit_slot s on s.id = y.slot_id
           where y.enrolment_id = $1 and y.state = 'booked' and s.staff_id is distinct from $2""",
        enrolment_id,
        staff_id,
    )
    await drop_booked(enrolment_id, now)
    if left is not None and is_near(left["starts_at"], now):
        await jobs.put("visit_left", {"slot": left["id"], "event": str(uuid.uuid4())})


async def drop_booked(enrolment_id: uuid.UUID, begins_after: datetime | None = None) -> None:
    """In the caller's transaction: no visit is booked any more, nor one whose time has come, of which nobody has noted what
    became of it. With `begins_after`, only one that begins later."""
    await execute(
        """delete from study_visit y using visit_slot s
           where y.enrolment_id = $1 and y.state = 'booked' and s.id = y.slot_id
             and ($2::timestamptz is null or s.starts_at > $2)""",
        enrolment_id,
        begins_after,
    )


async def to_book_anew(enrolment_id: uuid.UUID, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: the visit that was booked is no longer, or nobody had told them
    in time, and there is a week from now to book (decision 8)."""
    await execute("update enrolment set visit_anew_since = $2 where id = $1", enrolment_id, now)


async def book_again(enrolment_id: uuid.UUID, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: whoever comes back has the study visit again that went with the
    place, if it is still to come and has room; otherwise there is time to book another."""
    booked = await execute(
        """insert into study_visit (slot_id, enrolment_id, state, booked_at)
           select s.id, e.id, 'booked', $2 from enrolment e join visit_slot s on s.id = e.left_slot_id
           where e.id = $1 and s.starts_at > $2 and s.cancelled_at is null
             and s.capacity > (select count(*) from study_visit v where v.slot_id = s.id)
           on conflict (enrolment_id) do nothing returning 1""",
        enrolment_id,
        now,
    )
    if not booked:
        await to_book_anew(enrolment_id, now)


async def cancel_booking(enrolment_id: uuid.UUID, now: datetime, staff_id: int | None = None, seen: str = "") -> None:
    """Take a booked study visit back; the place is kept and another can be booked. If staff do it, the person is told.
    Again, it changes nothing. `seen` is what the page was shown for
    (`visit_rules.seen_visit`), where it says so.

    Raises:
        NotFound: no such enrolment.
        Conflict: `visit_begun`, it is too late to take it back; `visit_done`, it is noted what became of it;
            `visit_changed`, another has been booked since it was seen; `enrolment_over`.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state not in HOLDING:
            raise Conflict("enrolment_over")
        if facts.visit is not None and facts.visit.state == "attended":
            raise Conflict("visit_done")
        if facts.visit is None or facts.visit.state != "booked":
            return
        if seen and seen != seen_visit(facts.visit):
            raise Conflict("visit_changed")
        if facts.visit.starts_at <= now:
            raise Conflict("visit_begun")
        await leave_slot(enrolment_id, now, staff_id)
        await to_book_anew(enrolment_id, now)
        if staff_id is not None:
            await audit.note("visit:unbook", f"enrolment/{enrolment_id}", staff_id, now)
            await jobs.put("visit_unbooked", {"enrolment": str(enrolment_id), "event": str(uuid.uuid4())})


async def _office_takes_it(slot_id: int, now: datetime) -> None:
    """Who had it and can still come back to it is as one whose visit was cancelled by us: it never costs the place."""
    await execute("update enrolment set visit_cancelled_at = $2 where left_slot_id = $1", slot_id, now)


async def remove_slot(cohort_id: int, slot_id: int, staff_id: int, now: datetime) -> None:
    """Take away a study visit that is to come and that nobody has booked.

    Raises:
        NotFound: the cohort has no such study visit to come.
        Conflict: `visit_booked`, somebody comes to it, or came to be told that it is cancelled.
    """
    async with transaction():
        # Booking holds the same lock, so nobody books what is being taken away.
        await queries.lock_gate(cohort_id, now)
        slot = await fetchrow(
            """select (select count(*) from study_visit v where v.slot_id = s.id) as taken from visit_slot s
               where s.id = $1 and s.cohort_id = $2 and s.starts_at > $3""",
            slot_id,
            cohort_id,
            now,
        )
        if slot is None:
            raise NotFound
        if slot["taken"]:
            raise Conflict("visit_booked")
        await _office_takes_it(slot_id, now)
        await execute("delete from visit_slot where id = $1", slot_id)
        await audit.note("visit:remove", f"cohort/{cohort_id}", staff_id, now)


async def cancel_coming(cohort_id: int, now: datetime) -> None:
    """In the caller's transaction, under the cohort's lock: no study visit to come is held. Who had booked one is told of it
    with what else is cancelled (`rest_cancelled`), and books no other."""
    await execute(
        """update visit_slot set cancelled_at = $2, sequence = sequence + 1, revised_at = $2
           where cohort_id = $1 and cancelled_at is null and starts_at > $2""",
        cohort_id,
        now,
    )
    await execute(
        """update study_visit v set state = 'cancelled', marked_at = $2 from visit_slot s
           where s.id = v.slot_id and s.cohort_id = $1 and s.starts_at > $2 and v.state = 'booked'""",
        cohort_id,
        now,
    )


async def cancel_slot(cohort_id: int, slot_id: int, seen: int, staff_id: int, now: datetime) -> None:
    """Cancel a study visit to come. Who has booked it keeps the place, is told, and may book another; `seen` is how many
    that were when the page was shown.

    Raises:
        NotFound: the cohort has no such study visit to come, or it is cancelled already.
        Conflict: `visit_changed`, others have booked it or taken it back meanwhile.
    """
    async with transaction():
        await queries.lock_gate(cohort_id, now)
        slot = await fetchrow(
            """select id from visit_slot where id = $1 and cohort_id = $2 and starts_at > $3 and cancelled_at is null""",
            slot_id,
            cohort_id,
            now,
        )
        if slot is None:
            raise NotFound
        booked = [
            row["enrolment_id"]
            for row in await fetch("select enrolment_id from study_visit where slot_id = $1 and state = 'booked'", slot_id)
        ]
        if len(booked) != seen:
            raise Conflict("visit_changed")
        await _office_takes_it(slot_id, now)
        await execute(
            "update visit_slot set cancelled_at = $2, sequence = sequence + 1, revised_at = $2 where id = $1", slot_id, now
        )
        await execute(
            "update study_visit set state = 'cancelled', marked_at = $2 where slot_id = $1 and state = 'booked'",
            slot_id,
            now,
        )
        await execute("update enrolment set visit_cancelled_at = $2 where id = any($1::uuid[])", booked, now)
        for enrolment_id in booked:
            await jobs.put("visit_cancelled", {"enrolment": str(enrolment_id), "slot": slot_id})
        await audit.note("visit:cancel", f"cohort/{cohort_id}", staff_id, now)
