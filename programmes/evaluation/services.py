"""The web's side of the ballot box: make one, print slips, look one up, cast, close. What is stored web cannot read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.rules import UNDECIDED
from programmes.core import audit, codes, jobs
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.enrolment import queries as enrolment
from programmes.evaluation import form_queries, rules
from programmes.evaluation.form_rules import STANDARD_VERSION, Questions
from programmes.evaluation.keys import seal
from programmes.evaluation.queries import for_cohort, places_in, programme_of

COMMON_SLIPS = (rules.FEWEST_COMMON_SLIPS, rules.MOST_COMMON_SLIPS)


@dataclass(frozen=True)
class NoSlips:
    """Why no slips can be printed: some are `printed` already and nobody has said that those shall die, `answered`
    (the first answer lies in the box), `closed`, `nobody` is confirmed, or the group has `not_started`."""

    because: rules.NoSlipsBecause


async def ensure_ballot(cohort_id: int, now: datetime) -> UUID | None:
    """The box of a group's cohort, made if it has none; None where the programme is not evaluated, and wasn't when the
    group's box was made (decision 81).

    The worker makes its keys, and opens it, at once afterwards. Raises NotFound for an unknown cohort.
    """
    cohort = await cohorts.by_id(cohort_id)
    programme = await catalogue.programme(cohort.programme_id)
    if cohort.form != "group":
        return None
    if not rules.needs_box(programme.evaluation):
        box = await for_cohort(cohort_id)
        return box.ballot_id if box else None
    return await _made(cohort.section, cohort_id, None, now)


def half_year_of(now: datetime) -> str:
    """The half-year of a moment: `2026-2`."""
    return rules.half_year(local_date(now))


async def ensure_half_year_ballot(section: str, now: datetime) -> UUID | None:
    """The common box of an individual form for this half-year, made if there is none; None where there is no evaluation.

    A box for one person's talks is never made (DESIGN 7). Raises NotFound for a section that is not in force.
    """
    today = local_date(now)
    programme = next((p for _id, p in await catalogue.in_force(today) if p.section == section), None)
    if programme is None:
        raise NotFound
    if programme.form != "individual" or not rules.needs_box(programme.evaluation):
        return None
    return await _made(section, None, rules.half_year(today), now)


async def _made(section: str, cohort_id: int | None, half_year: str | None, now: datetime) -> UUID:
    async with transaction():
        made: UUID | None = await fetchval(
            """insert into ballot (id, section, cohort_id, half_year, form_version, state, slips, created_on)
               values (gen_random_uuid(), $1, $2, $3, $4, 'preparing', 0, $5) on conflict do nothing returning id""",
            section,
            cohort_id,
            half_year,
            STANDARD_VERSION,
            local_date(now),
        )
        if made:
            await jobs.put("ballot_prepare", {"ballot": str(made)}, dedupe=f"ballot_prepare/{made}")
            return made
    found: UUID = await fetchval(
        """select id from ballot where cohort_id = $1
           union all
           select id from ballot where cohort_id is null and $1::int is null and section = $2 and half_year = $3""",
        cohort_id,
        section,
        half_year,
    )
    return found


async def print_slips(cohort_id: int, principal: Principal, now: datetime, replacing: bool = False) -> list[str] | NoSlips:
    """Fresh codes, one for each person who is confirmed, shown this once. Every earlier code dies, which `replacing` means.

    Raises:
        NotFound: there is no such cohort, or its programme is not evaluated.
    """
    cohort = await cohorts.by_id(cohort_id)
    if cohort.form == "group" and cohort.state in UNDECIDED:
        return NoSlips("not_started")
    ballot_id = await ensure_ballot(cohort_id, now)
    if ballot_id is None:
        raise NotFound
    people = (await enrolment.places([cohort_id], now))[cohort_id].confirmed
    box = await for_cohort(cohort_id)
    if box is None or not box.is_open:
        return NoSlips("closed")
    if people == 0:
        return NoSlips("nobody")
    return await _issue(ballot_id, cohort.section, people, f"cohort/{cohort_id}", principal, now, replacing)


async def most_common_slips(section: str, now: datetime) -> int:
    """How many slips a common box may have: as many as people could answer this half-year, or could the last one, which is
    all that is known when it begins. Slips that nobody draws can be cast by whoever keeps them."""
    today = local_date(now)
    before = rules.half_year_before(rules.half_year(today))
    return rules.most_common_slips([await places_in(section, half) for half in (rules.half_year(today), before)])


async def print_half_year_slips(
    section: str, number: int, principal: Principal, now: datetime, replacing: bool = False
) -> list[str] | NoSlips:
    """Fresh codes for the common box of an individual form, shown this once. Every earlier code dies, which `replacing`
    means.

    Raises:
        NotFound: the section is not in force, or is not evaluated by half-years.
        ValueError: a number that no common box has.
    """
    if not rules.FEWEST_COMMON_SLIPS <= number <= await most_common_slips(section, now):
        raise ValueError(f"{number} slips")
    ballot_id = await ensure_half_year_ballot(section, now)
    if ballot_id is None:
        raise NotFound
    return await _issue(ballot_id, section, number, f"section/{section}", principal, now, replacing)


async def _issue(
    ballot_id: UUID, section: str, number: int, subject: str, principal: Principal, now: datetime, replacing: bool
) -> list[str] | NoSlips:
    fresh = [codes.new_code() for _ in range(number)]
    async with transaction():
        # An old page, or two at once: what is handed out already dies only for who has seen that it is there.
        await execute("select ballot_lock($1)", ballot_id)
        if not replacing and await fetchval("select slips > 0 from ballot where id = $1", ballot_id):
            return NoSlips("printed")
        form = (await form_queries.chosen(section)).version
        # In the order of the digests, which is not the order of the sheet.
        digests = sorted(codes.digest(code) for code in fresh)
        if not await fetchval("select issue_slips($1, $2, $3)", ballot_id, digests, form):
            return NoSlips("answered")
        await audit.note("ballot:print", subject, principal.staff_id, now)
    return fresh


async def asked_of_slip(code: str) -> tuple[Programme, Questions] | None:
    """What the holder of this slip is asked, about which programme; None if it is unknown or its box not open.

    The same for a used slip, which only `cast` refuses: else who printed them could look how many have answered."""
    ballot_id, questions = await form_queries.of_slip(codes.digest(code))
    programme_id = await programme_of(ballot_id)
    return (await catalogue.programme(programme_id), questions) if programme_id else None


async def cast(code: str, given: Mapping[str, object], key_folder: Path) -> bool:
    """Seal the answers to the slip's box and use the slip up. False: it is unknown or used, or the box is not open.

    Nothing else is written: no audit entry, no job, no log line (DESIGN 7).

    Raises:
        ValueError: nothing is answered, or something that the box's form does not ask.
        KeyGone: the box's public key is not in the folder; the slip can be used when it is.
    """
    slip = codes.digest(code)
    ballot_id, questions = await form_queries.of_slip(slip)
    plain = rules.padded(rules.answers(given, questions), questions)
    sealed = seal(key_folder, ballot_id, plain)
    return bool(await fetchval("select cast_ballot($1, $2)", slip, sealed))


async def close(cohort_id: int, principal: Principal | None, now: datetime) -> None:
    """Close the cohort's box for good, and have it counted. None is the worker, when the last session has ended.

    A box that is closed already, or was never needed, changes nothing.
    """
    ballot_id = await fetchval("select id from ballot where cohort_id = $1", cohort_id)
    if ballot_id:
        await close_ballot(ballot_id, f"cohort/{cohort_id}", principal, now)


async def close_ballot(ballot_id: UUID, subject: str, principal: Principal | None, now: datetime) -> None:
    """Close a box for good, and have it counted; one that is closed already stays as it is. One that was still being
    prepared has no answers, and is found empty (`counting.count`)."""
    async with transaction():
        # Waits for a vote that is under way; none can begin after it.
        await execute("select ballot_lock($1)", ballot_id)
        closed = await execute(
            """update ballot set state = 'closing', closed_on = $2 where id = $1 and state in ('preparing', 'open')
               returning 1""",
            ballot_id,
            local_date(now),
        )
        if closed:
            await jobs.put("ballot_close", {"ballot": str(ballot_id)}, dedupe=f"ballot_close/{ballot_id}")
            await audit.note("ballot:close", subject, principal.staff_id if principal else None, now)


async def own_words(cohort_id: int, text: str, principal: Principal | None, now: datetime) -> rules.OwnWordsRefusal | None:
    """Keep what the group agreed aloud, where evaluation must be documented (2.1, 2.12); the reason why not, or None.

    Until its answers are counted in a release: then the words are part of it, and change no more than the figures
    (trigger `ballot_keeps_its_words`).

    Raises:
        NotFound: the cohort has no box, or its section asks for none.
    """
    cohort = await cohorts.by_id(cohort_id)
    if (await catalogue.programme(cohort.programme_id)).evaluation != "required":
        raise NotFound
    refused = rules.own_words_refusal(text)
    if refused:
        return refused
    async with transaction():
        kept = "update ballot set own_words = $2 where cohort_id = $1 and release_id is null returning 1"
        if not await execute(kept, cohort_id, text.strip()):
            if await for_cohort(cohort_id) is None:
                raise NotFound
            return "released"
        await audit.note("ballot:own_words", f"cohort/{cohort_id}", principal.staff_id if principal else None, now)
    return None
