"""Who works with a cohort."""

from datetime import date, datetime

from programmes.cohorts import queries
from programmes.cohorts.clash_services import as_said, clash_reasons, clashes_with
from programmes.cohorts.meant_rules import Meant, not_meant
from programmes.cohorts.office_rules import Worker, why_not_let_in, why_not_take_out
from programmes.cohorts.rules import Reason
from programmes.cohorts.services import coordinated
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.people.queries import leaders


async def workers(cohort_id: int, today: date) -> list[Worker]:
    """Who works with a cohort now: leaders first, then substitutes whose time is not over."""
    rows = await fetch(
        f"""select cs.staff_id, s.display_name as name, cs.role, cs.until, s.active and {queries.LEADS} as works
           from cohort_staff cs join staff s on s.id = cs.staff_id join cohort c on c.id = cs.cohort_id
           join programme p on p.id = c.programme_id
           where cs.cohort_id = $1 and (cs.until is null or cs.until >= $2) order by cs.role, cs.id""",
        cohort_id,
        today,
    )
    return [Worker(**dict(row)) for row in rows]


async def let_in(
    cohort_id: int, staff_id: int, until: date | None, principal: Principal, now: datetime, *, meant: Meant = False
) -> list[Reason]:
    """Make somebody a leader, or with a last day a substitute at every session until then; returns why not, or nothing when
    it is done. That they are elsewhere at the time of a session to come stands in the way until it is `meant`.

    Raises:
        NotFound: no such cohort, or nobody who can lead.
        Forbidden: they do not coordinate it.
        Conflict: somebody has just taken their time.
    """
    today = local_date(now)
    async with transaction():
        cohort = await coordinated(cohort_id, principal, now)
        names = {leader.staff_id: leader.name for leader in await leaders(cohort.section)}
        if staff_id not in names:
            raise NotFound
        reasons = why_not_let_in(await workers(cohort_id, today), staff_id, until, today)
        clashes = await clashes_with(cohort_id, staff_id, names[staff_id], until, principal)
        asked = clash_reasons([clash for clash in clashes if clash.until > now])
        reasons += [] if reasons else not_meant(asked, meant)
        if reasons:
            return reasons
        async with as_said(cohort_id, clashes):
            await execute(
                """insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, $3, $4)
                   on conflict (cohort_id, staff_id) do update
                   set role = excluded.role, until = excluded.until, every_session = true, duty_from = null""",
                cohort_id,
                staff_id,
                "leader" if until is None else "substitute",
                until,
            )
        await audit.note("cohort:let_in", f"cohort/{cohort_id}/staff/{staff_id}", principal.staff_id, now)
    return []


async def take_out(cohort_id: int, staff_id: int, principal: Principal, now: datetime) -> list[Reason]:
    """End somebody's access to a cohort at once; returns why not, or nothing when it is done.

    Raises:
        NotFound: no such cohort.
        Forbidden: they do not coordinate it.
    """
    async with transaction():
        await coordinated(cohort_id, principal, now)
        reasons = why_not_take_out(await workers(cohort_id, local_date(now)), staff_id)
        if not reasons:
            await execute("delete from cohort_staff where cohort_id = $1 and staff_id = $2", cohort_id, staff_id)
            await audit.note("cohort:take_out", f"cohort/{cohort_id}/staff/{staff_id}", principal.staff_id, now)
    return reasons
