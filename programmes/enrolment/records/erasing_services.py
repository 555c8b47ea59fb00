"""Erasing a documented person: the one way in which a protected record goes, with everything that hangs on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch
from programmes.core.erasure import destroy_key
from programmes.core.sealing import KeyFolder, Kind
from programmes.people.hold_services import lock_record

# What the rows said in the figures stays: how each way ended, whether somebody came to it at all,
# what came of a study visit, how they were marked when.
_KEEP_FIGURES = """
insert into kept_figure as k (cohort_id, session_id, figure, n, erased_on)
select cohort_id, session_id, figure, count(*), $2::date from (
    select cohort_id, null::int as session_id, state as figure from enrolment where participant_id = $1
    union all
    select e.cohort_id, null, 'came' from enrolment e where e.participant_id = $1
      and exists (select 1 from attendance a where a.enrolment_id = e.id and a.mark = 'present')
    union all
    select e.cohort_id, null, what.figure
    from enrolment e join study_visit v on v.enrolment_id = e.id and v.state = 'attended'
      cross join lateral (values ('visited', true), ('led_on', e.confirmed_at is not null)) as what (figure, so)
    where e.participant_id = $1 and what.so
    union all
    select e.cohort_id, a.session_id, a.mark from enrolment e join attendance a on a.enrolment_id = e.id
    where e.participant_id = $1) as said
group by cohort_id, session_id, figure
on conflict (cohort_id, session_id, figure) do update set n = k.n + excluded.n, erased_on = excluded.erased_on
"""


async def keys_of(person_id: UUID) -> Sequence[tuple[Kind, UUID]]:
    """Every key that something about a person is sealed under: the record's own, of each way through a cohort the key of
    place code and calendar title, and that of a partner's record beside it. What else comes to hang on a person with a key
    of its own is added here."""
    rows = await fetch("select key_id from enrolment where participant_id = $1 and key_id is not null", person_id)
    partners = await fetch(
        "select r.id from partner_record r join enrolment e on e.id = r.enrolment_id where e.participant_id = $1", person_id
    )
    own: list[tuple[Kind, UUID]] = [("person", person_id), *(("entry", row["key_id"]) for row in rows)]
    return [*own, *(("person", row["id"]) for row in partners)]


async def lock_person(person_id: UUID) -> bool:
    """Lock the cohorts that somebody has been in, in the order of their ids, and then the record, until the transaction
    ends; False when there is no record. What is read after this stays so."""
    await fetch(
        """select 1 from cohort where id in (select cohort_id from enrolment where participant_id = $1)
           order by id for update""",
        person_id,
    )
    return await lock_record(person_id)


async def erase_person(person_id: UUID, why: str, keys: KeyFolder, now: datetime) -> None:
    """In the caller's transaction, under `lock_person`: every row about somebody goes, and their keys with the commit.
    Figures stay as they are (`kept_figure`).

    Whether they may go is decided by the caller. That it was done is noted; the trail names a record that is no more.
    """
    for kind, key_id in await keys_of(person_id):
        await destroy_key(keys, kind, key_id, why, now)
    await execute(_KEEP_FIGURES, person_id, local_date(now))
    await execute(
        "delete from partner_record where enrolment_id in (select id from enrolment where participant_id = $1)", person_id
    )
    await execute("delete from enrolment where participant_id = $1", person_id)
    await execute("delete from participant where id = $1", person_id)
    await audit.note("person:erase", f"participant/{person_id}", None, now)
