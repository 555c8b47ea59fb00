"""The worker's side of the ballot box: make keys, close, count, mix small groups, destroy keys. Needs the worker's role."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec
import structlog

from programmes.catalogue import queries as catalogue
from programmes.core import folder_marks, lost_keys
from programmes.core.clock import local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.retention import amount_of
from programmes.core.sealing import KeyGone, KeysAway, Unreadable
from programmes.evaluation import form_queries, rules, text_services
from programmes.evaluation.form_rules import Questions
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.queries import (
    boxes_to_close,
    groups_without_a_box,
    half_year_boxes_to_close,
    programme_of,
    unfinished,
    waiting_sizes,
)
from programmes.evaluation.services import close, close_ballot, ensure_ballot
from programmes.evaluation.text_services import FreeText
from programmes.hands import Hands

log = structlog.get_logger()
_FINAL = ("released", "pooled", "destroyed", "empty")
_random = secrets.SystemRandom()


@dataclass(frozen=True)
class _Box:
    """A closed box and, in memory only, what people answered."""

    ballot_id: UUID
    section: str
    cohort_id: int | None
    half_year: str | None
    form_version: int
    slips: int
    asked: Questions
    answers: tuple[rules.Answers, ...]
    strange: tuple[UUID, ...]


async def _keys(worker: Hands) -> BallotKeys:
    """The folder, if it is the one that was there when the worker started. Raises KeysAway for another one, and for none."""
    known = await folder_marks.known("ballots")
    keys = BallotKeys(worker.settings.ballot_key_folder, worker.settings.key_folder, begun=known is not None)
    if known not in (None, keys.mark):
        raise KeysAway("another folder lies where the ballot keys were")
    return keys


async def prepare(ballot_id: UUID, keys: BallotKeys) -> None:
    """Make a box's keys, on disk first, and open it. Again, or too late, it changes nothing."""
    row = await fetchrow("select state from ballot where id = $1", ballot_id)
    if row is None or row["state"] != "preparing":
        return
    keys.create(ballot_id)
    async with transaction():
        await execute("update ballot set state = 'open' where id = $1 and state = 'preparing'", ballot_id)


async def count(ballot_id: UUID, keys: BallotKeys, now: datetime) -> None:
    """Count a closed box: release five or more answers, let fewer wait. Afterwards mix the small groups that can be.

    Raises:
        KeyGone: its key is not in the folder; nothing has been changed.
        KeysAway: it can't be read, is damaged, or is not the one that answers were sealed to; nothing has been changed.
    """
    destroyed: list[UUID] = []
    async with transaction():
        await execute("select ballot_lock($1)", ballot_id)
        if await _never_opened(ballot_id, keys):
            await _drop_slips(ballot_id)
            await execute("update ballot set state = 'empty' where id = $1", ballot_id)
            return
        box = await _open_box(ballot_id, "closing", keys)
        if box is None:
            return
        await _drop_slips(ballot_id)
        await execute("delete from sealed_answer where id = any($1::uuid[])", list(box.strange))
        if not box.answers:
            await _end([box], "empty")
            destroyed.append(ballot_id)
        elif await _release([box], keys, local_date(now)):
            await _end([box], "released")
            destroyed.append(ballot_id)
        else:
            await execute("update ballot set state = 'waiting' where id = $1", ballot_id)
    for counted in destroyed:
        keys.destroy(counted, "counted", now)
    if destroyed:
        await text_services.sweep(box.section, keys.texts, now)
    else:
        await mix(box.section, box.form_version, keys, now)


async def _never_opened(ballot_id: UUID, keys: BallotKeys) -> bool:
    """Whether a box was closed before its keys were made: there is none, and nothing that it would open. Under the box's
    lock. Keys that a `prepare` under way makes all the same go at the next replay."""
    if ballot_id in keys.alive():
        return False
    return bool(
        await fetchval(
            """select exists (select from ballot b where b.id = $1 and b.state = 'closing'
                              and not exists (select from sealed_answer a where a.ballot_id = b.id))""",
            ballot_id,
        )
    )


async def mix(section: str, form_version: int, keys: BallotKeys, now: datetime) -> None:
    """Pool the small groups of a programme that wait, if together they are enough (DESIGN 7).

    A group whose key can't be used now is left out, and waits for the next pool: it holds up no other. It gives nothing
    away by coming later, since a pool is two groups or more by itself, and no answer is in two.
    """
    async with transaction():
        await text_services.lock_section(section)
        sizes = (await waiting_sizes()).get((section, form_version), {})
        chosen = rules.pool({ballot_id: answers for ballot_id, answers in sizes.items() if await _opens(ballot_id, keys)})
        boxes = [box for ballot_id in chosen if (box := await _open_box(ballot_id, "waiting", keys))]
        if not boxes or not await _release(boxes, keys, local_date(now)):
            return
        await _end(boxes, "pooled")
    for box in boxes:
        keys.destroy(box.ballot_id, "pooled", now)
    await text_services.sweep(section, keys.texts, now)


async def _must_fit(ballot_id: UUID, keys: BallotKeys) -> None:
    """Before a box is opened. Raises KeyGone and KeysAway as `BallotKeys.must_fit`."""
    await _public_half(ballot_id, keys)
    keys.must_fit(ballot_id)


async def _public_half(ballot_id: UUID, keys: BallotKeys) -> None:
    """A public half that went with a key folder is written anew: the private one has not gone with it. Raises KeysAway."""
    if ballot_id not in keys.unpublished():
        return
    answers = await fetch("select blob from sealed_answer where ballot_id = $1", ballot_id)
    if keys.publish_again(ballot_id, (row["blob"] for row in answers)):
        log.info("ballot_key_published_again", ballot=str(ballot_id))
    else:
        log.error("ballot_key_is_another", ballot=str(ballot_id))


async def publish_again(worker: Hands) -> None:
    """Tick: boxes that are not counted have the public half of a key whose private half lies here."""
    keys = await _keys(worker)
    if not (alone := keys.unpublished()):
        return
    for ballot_id in set(alone) & set(await unfinished(("open", "closing", "waiting"))):
        try:
            await _public_half(ballot_id, keys)
        except (KeyGone, KeysAway) as error:
            # One that is damaged must not keep the others.
            log.error("ballot_key_missing", ballot=str(ballot_id), error=type(error).__name__)


async def _opens(ballot_id: UUID, keys: BallotKeys) -> bool:
    """Whether a waiting box can be opened now. A restored backup may have brought one back whose key is destroyed: it is
    counted already."""
    try:
        await _must_fit(ballot_id, keys)
    except (KeyGone, KeysAway):
        if not keys.is_destroyed(ballot_id):
            log.error("ballot_key_missing", ballot=str(ballot_id))
        return False
    return True


async def _open_box(ballot_id: UUID, state: str, keys: BallotKeys) -> _Box | None:
    """A box in this state with its answers opened; what no form of ours sealed is set apart. None in any other state."""
    row = await fetchrow(
        "select section, cohort_id, half_year, form_version, slips from ballot where id = $1 and state = $2",
        ballot_id,
        state,
    )
    if row is None:
        return None
    await _must_fit(ballot_id, keys)
    asked = await form_queries.of_ballot(ballot_id)
    found: list[rules.Answers] = []
    strange: list[UUID] = []
    for sealed in await fetch("select id, blob from sealed_answer where ballot_id = $1", ballot_id):
        try:
            found.append(rules.unpadded(keys.open(ballot_id, sealed["blob"]), asked))
        except (Unreadable, ValueError):
            strange.append(sealed["id"])
    if strange:
        log.error("unreadable_answers", ballot=str(ballot_id), number=len(strange))
    _random.shuffle(found)
    return _Box(ballot_id=ballot_id, asked=asked, answers=tuple(found), strange=tuple(strange), **dict(row))


async def _release(boxes: Sequence[_Box], keys: BallotKeys, today: date) -> bool:
    """Write what these boxes give away together, if they may: figures here, free texts sealed again and apart from them."""
    first = boxes[0]
    programme_id = await programme_of(first.ballot_id)
    if programme_id is None:
        return False
    programme = await catalogue.programme(programme_id)
    with_counts = rules.head_count_listed(programme.exempt, programme.figures)
    atom = rules.atom([box.answers for box in boxes], with_counts, first.asked)
    if atom is None:
        return False
    release_id = await fetchval(
        """insert into release (section, form_version, cohort_id, half_year, answers, slips, results, released_on)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning id""",
        first.section,
        first.form_version,
        first.cohort_id if len(boxes) == 1 else None,
        (first.half_year if len(boxes) == 1 else None) or rules.half_year(today),
        atom.answers,
        sum(box.slips for box in boxes) if with_counts else 0,
        msgspec.json.encode(atom.results).decode(),
        today,
    )
    # What these groups said in their own words is kept with it (2.1, 2.12).
    ids = [box.ballot_id for box in boxes]
    await execute("update ballot set release_id = $2 where id = any($1::uuid[])", ids, release_id)
    if not with_counts:
        await execute("update ballot set slips = 0 where id = any($1::uuid[])", ids)
    await text_services.hold(first.section, _texts(boxes), keys.texts)
    return True


def _texts(boxes: Sequence[_Box]) -> list[FreeText]:
    """What people wrote, with one tag per box and question."""
    found = []
    for box in boxes:
        for question in box.asked.texts:
            tag = uuid4()
            texts = [answer.texts[question] for answer in box.answers if question in answer.texts]
            found += [FreeText(box.form_version, question, tag, text) for text in texts]
    return found


async def _end(boxes: Sequence[_Box], state: str) -> None:
    """Drop the answers of counted boxes. Their keys go once this has committed."""
    ids = [box.ballot_id for box in boxes]
    await execute("delete from sealed_answer where ballot_id = any($1::uuid[])", ids)
    await execute("update ballot set state = $2 where id = any($1::uuid[])", ids, state)


async def _drop_slips(ballot_id: UUID) -> None:
    await execute("delete from slip where ballot_id = $1", ballot_id)
    await execute("delete from printed_slip where ballot_id = $1", ballot_id)


async def prepare_job(worker: Hands, payload: dict[str, str | int]) -> None:
    """Answers `ballot_prepare`."""
    await prepare(UUID(str(payload["ballot"])), await _keys(worker))


async def close_job(worker: Hands, payload: dict[str, str | int]) -> None:
    """Answers `ballot_close`."""
    await count(UUID(str(payload["ballot"])), await _keys(worker), worker.clock.now())


async def make_boxes(worker: Hands) -> None:
    """Tick: every group that has started has a box, if its programme is evaluated."""
    for cohort_id in await groups_without_a_box():
        await ensure_ballot(cohort_id, worker.clock.now())


@by_a_sure_clock
async def close_boxes(worker: Hands) -> None:
    """Tick: a group's box closes when the last session has ended, a common one with its half-year."""
    now = worker.clock.now()
    for cohort_id in await boxes_to_close(now):
        await close(cohort_id, None, now)
    for ballot_id, section in await half_year_boxes_to_close(rules.half_year(local_date(now))):
        await close_ballot(ballot_id, f"section/{section}", None, now)


@by_a_sure_clock
async def destroy_unread(worker: Hands) -> None:
    """Tick: answers of small groups that could not be mixed for a year, or as long as the office has decided, unless
    evaluation must be documented."""
    # Not while another folder lies where the keys were: what can be mixed has not been, then.
    await _keys(worker)
    now, months = worker.clock.now(), await amount_of("ballots_unread")
    for row in await fetch("select id, closed_on from ballot where state = 'waiting' and closed_on is not null"):
        programme_id = await programme_of(row["id"])
        if programme_id is None or not rules.unread_for_too_long(row["closed_on"], local_date(now), months):
            continue
        if (await catalogue.programme(programme_id)).evaluation != "required":
            await _destroy(row["id"])


async def replay_keys(worker: Hands) -> None:
    """Tick: carry out what a crash left undone, and what a restored backup would bring back."""
    keys = await _keys(worker)
    alive = keys.alive()
    for row in await fetch(
        "select id, state from ballot where id = any($1::uuid[]) and state = any($2)", alive, list(_FINAL)
    ):
        keys.destroy(row["id"], row["state"], worker.clock.now())
    for ballot_id in set(await unfinished(("preparing", "open", "closing", "waiting"))) - set(alive):
        if keys.is_destroyed(ballot_id):
            await _destroy(ballot_id)


async def _is_lost(ballot_id: UUID, worker: Hands) -> bool:
    """Whether somebody has said so. What was said while the public half alone was away does not count: what the private
    one opens is not lost."""
    said = str(ballot_id) in lost_keys.known(worker.keys.folder)["ballots"]
    return said and not (await _keys(worker)).has_private(ballot_id)


async def _destroy(ballot_id: UUID) -> None:
    """End a box unread; its key goes at the next replay."""
    async with transaction():
        await execute("select ballot_lock($1)", ballot_id)
        await _drop_slips(ballot_id)
        await execute("delete from sealed_answer where ballot_id = $1", ballot_id)
        await execute("update ballot set state = 'destroyed' where id = $1 and state <> all($2)", ballot_id, list(_FINAL))


async def finish(worker: Hands) -> None:
    """Tick: what a job should have done and did not. A closed box whose key is lost for good, as somebody has said, is ended
    unread: it would be told as being counted for ever."""
    for ballot_id in await unfinished(("preparing",)):
        await prepare(ballot_id, await _keys(worker))
    for ballot_id in await unfinished(("closing",)):
        try:
            await count(ballot_id, await _keys(worker), worker.clock.now())
        except (KeyGone, KeysAway) as error:
            if isinstance(error, KeyGone) and await _is_lost(ballot_id, worker):
                await _destroy(ballot_id)
                continue
            log.error("ballot_key_missing", ballot=str(ballot_id))
    # A worker that died between closing a box and mixing it, or a key that is back, leaves groups that could be mixed.
    for (section, form_version), sizes in (await waiting_sizes()).items():
        if rules.pool(sizes):
            await mix(section, form_version, await _keys(worker), worker.clock.now())


TICKS = (publish_again, make_boxes, close_boxes, finish, destroy_unread, replay_keys, *text_services.TICKS)
