"""The worker's side of free texts: hold them, open them to a review, show what was signed off. Needs the worker's role.

What is held of a programme is sealed anew, under a fresh key and fresh ids in their order, whenever anything of it changes,
and the key before is destroyed: neither order, xmin nor a comparison of two backups ties a text to a closing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import structlog

from programmes.core.clock import local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import execute, fetch, fetchrow, transaction
from programmes.core.sealing import KeyGone, Unreadable
from programmes.evaluation import rules, text_rules
from programmes.evaluation.form_rules import unwritable
from programmes.evaluation.text_keys import TextKeys, open_for_review, seal_for_review
from programmes.hands import Hands

log = structlog.get_logger()


@dataclass(frozen=True)
class FreeText:
    """A text in memory: of which version and question, and one tag for all that its box wrote to that question."""

    form_version: int
    question: str
    group_tag: UUID
    words: str


async def lock_section(section: str) -> None:
    """Whatever changes held texts, or keys of them, waits for this. Until the transaction ends."""
    await execute("select pg_advisory_xact_lock(hashtextextended('evaluation/' || $1, 0))", section)


async def hold(section: str, fresh: Sequence[FreeText], keys: TextKeys) -> None:
    """In the open transaction, keep these with what the programme holds already. `sweep` destroys the key before."""
    if fresh:
        await lock_section(section)
        await _write(section, [*fresh, *await _take(section, keys)], keys)


async def _take(section: str, keys: TextKeys) -> list[FreeText]:
    """Everything that is held, out of the table. What a destroyed key sealed goes; what can't be opened else stays there."""
    found, gone = [], []
    for row in await fetch(
        "select id, form_version, question, group_tag, key_id, blob from held_text where section = $1 and state = 'held'",
        section,
    ):
        try:
            found.append(_opened(section, row, keys))
        except (KeyGone, Unreadable):
            if not keys.is_destroyed(row["key_id"]):
                log.error("free_text_unreadable", section=section)
                continue
        gone.append(row["id"])
    await execute("delete from held_text where id = any($1::uuid[])", gone)
    return _retagged(found)


def _opened(section: str, row: asyncpg.Record, keys: TextKeys) -> FreeText:
    words = keys.open(section, row["key_id"], row["blob"])
    return FreeText(row["form_version"], row["question"], row["group_tag"], words)


def _retagged(texts: Sequence[FreeText]) -> list[FreeText]:
    """The same groups under other tags."""
    tags: defaultdict[tuple[int, str, UUID], UUID] = defaultdict(uuid4)
    return [replace(text, group_tag=tags[text.form_version, text.question, text.group_tag]) for text in texts]


async def _write(section: str, texts: Sequence[FreeText], keys: TextKeys, review_id: UUID | None = None) -> None:
    """Seal texts under a fresh key, in the order of fresh ids."""
    if not texts:
        return
    key_id = keys.create(section)
    rows = sorted((uuid4(), t.form_version, t.question, t.group_tag, keys.seal(section, key_id, t.words)) for t in texts)
    await execute(
        """insert into held_text (id, section, form_version, question, group_tag, blob, state, key_id, review_id)
           select t.id, $1, t.form, t.question, t.tag, t.blob, $2, $3, $4
           from unnest($5::uuid[], $6::int[], $7::text[], $8::uuid[], $9::bytea[]) as t (id, form, question, tag, blob)
           order by t.id""",
        section,
        "review" if review_id else "held",
        key_id,
        review_id,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def sweep(section: str, keys: TextKeys, now: datetime) -> None:
    """Destroy the keys of a programme that no held text is sealed under."""
    async with transaction():
        await lock_section(section)
        rows = await fetch("select distinct key_id from held_text where section = $1", section)
        needed = {row["key_id"] for row in rows}
        # Which of them a row without an id needs nobody knows before it is opened.
        if None in needed:
            return
        for key_id in keys.alive(section):
            if key_id not in needed:
                keys.destroy(section, key_id, now)


# --- Reviews ----------------------------------------------------------------------------------------------------------


async def offer_reviews() -> None:
    """There is something to go through where five texts of two groups wait, and nothing of it is gone through already."""
    texts: defaultdict[tuple[str, int], defaultdict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for row in await fetch(
        """select section, form_version, question, group_tag from held_text h where state = 'held' and not exists (
             select from text_review r
             where r.section = h.section and r.form_version = h.form_version and r.state <> 'released')"""
    ):
        texts[row["section"], row["form_version"]][row["question"]].append(row["group_tag"])
    for (section, version), by_question in texts.items():
        if text_rules.questions_with_enough(by_question):
            async with transaction():
                await execute(
                    """insert into text_review (id, section, form_version, state)
                       values (gen_random_uuid(), $1, $2, 'ready') on conflict do nothing""",
                    section,
                    version,
                )


async def open_review(review_id: UUID, section: str, keys: TextKeys, now: datetime) -> None:
    """Let the programme's coordinators read: a copy of each text sealed under the review's key. Which texts they are is
    settled the first time; what is written later waits for another review."""
    async with transaction():
        await lock_section(section)
        row = await fetchrow("select form_version from text_review where id = $1 and state = 'asked'", review_id)
        if row is None:
            return
        batch = await _batch(review_id, section, keys) or await _settle(review_id, section, row["form_version"], keys)
        if not batch:
            await execute("delete from text_review where id = $1", review_id)
            return
        keys.create_review(review_id)
        await execute("delete from review_text where review_id = $1", review_id)
        fresh = sorted((uuid4(), text.question, text.group_tag, text.words) for text in batch)
        rows = [(i, q, tag, seal_for_review(keys.key_folder, review_id, i, words)) for i, q, tag, words in fresh]
        await execute(
            """insert into review_text (id, review_id, question, group_tag, blob)
               select t.id, $1, t.question, t.tag, t.blob
               from unnest($2::uuid[], $3::text[], $4::uuid[], $5::bytea[]) as t (id, question, tag, blob) order by t.id""",
            review_id,
            *(list(column) for column in zip(*rows, strict=True)),
        )
        until = text_rules.ends_at(now)
        await execute("update text_review set state = 'open', ends_at = $2 where id = $1", review_id, until)
    await sweep(section, keys, now)


async def _batch(review_id: UUID, section: str, keys: TextKeys) -> list[FreeText]:
    """The texts of a review that has been open before; none where a restored backup has brought back what was destroyed.

    Raises:
        KeyGone: their key is not here, though it was not destroyed; nothing has been changed.
    """
    rows = await fetch(
        "select form_version, question, group_tag, key_id, blob from held_text where review_id = $1", review_id
    )
    if any(keys.is_destroyed(key_id) for key_id in {row["key_id"] for row in rows}):
        await execute("delete from held_text where review_id = $1", review_id)
        return []
    return _retagged([_opened(section, row, keys) for row in rows])


async def _settle(review_id: UUID, section: str, version: int, keys: TextKeys) -> list[FreeText]:
    """Take those of a version that are enough out of what is held; all is written anew, each part under a key of its own."""
    texts = await _take(section, keys)
    asked = [text for text in texts if text.form_version == version]
    chosen = text_rules.questions_with_enough(_groups((text.question, text.group_tag) for text in asked))
    batch: list[FreeText] = []
    rest: list[FreeText] = []
    for text in texts:
        (batch if text.form_version == version and text.question in chosen else rest).append(text)
    await _write(section, batch, keys, review_id)
    await _write(section, rest, keys)
    return batch


def _groups(texts: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    """By question, the tags of its texts."""
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for question, tag in texts:
        found[question].append(tag)
    return found


async def release_review(review_id: UUID, section: str, keys: TextKeys, now: datetime) -> None:
    """Show what a coordinator has signed off, each question of which enough is left, and destroy what was written."""
    async with transaction():
        await lock_section(section)
        row = await fetchrow("select form_version from text_review where id = $1 and state = 'signed'", review_id)
        if row is None:
            return
        try:
            shown = await _signed(review_id, keys)
        except (KeyGone, Unreadable):
            log.error("review_unreadable", section=section)
            await _pause(review_id, "signed")
            return
        enough = text_rules.questions_with_enough(_groups((question, tag) for question, tag, _words in shown))
        rows = sorted((uuid4(), question, words) for question, _tag, words in shown if question in enough)
        today = local_date(now)
        if rows:
            await execute(
                """insert into release_text (id, review_id, section, form_version, question, words, half_year, released_on)
                   select t.id, $1, $2, $3, t.question, t.words, $4, $5
                   from unnest($6::uuid[], $7::text[], $8::text[]) as t (id, question, words) order by t.id""",
                review_id,
                section,
                row["form_version"],
                rules.half_year(today),
                today,
                *(list(column) for column in zip(*rows, strict=True)),
            )
        await execute("delete from review_text where review_id = $1", review_id)
        await execute("delete from held_text where review_id = $1", review_id)
        await execute(
            "update text_review set state = 'released', ends_at = null, released_on = $2 where id = $1", review_id, today
        )
    keys.destroy_review(review_id, now)
    await sweep(section, keys, now)


async def _signed(review_id: UUID, keys: TextKeys) -> list[tuple[str, UUID, str]]:
    """Question, group and words of everything that is to be shown."""
    found = []
    for row in await fetch("select id, question, group_tag, draft from review_text where review_id = $1", review_id):
        words = open_for_review(keys.key_folder, review_id, row["id"], row["draft"]) if row["draft"] else ""
        if words.strip() and not unwritable(words):
            found.append((row["question"], row["group_tag"], words.strip()[: text_rules.LONGEST_SHOWN]))
    return found


async def _pause(review_id: UUID, state: str = "open") -> None:
    """Nobody reads the texts until they are asked for again. They stay those of this review. One that is over stays so."""
    paused = await execute(
        """update text_review set state = 'paused', ends_at = null where id = $1 and state = $2
           returning 1""",
        review_id,
        state,
    )
    if paused:
        await execute("delete from review_text where review_id = $1", review_id)


def _keys(worker: Hands) -> TextKeys:
    return TextKeys(worker.settings.ballot_key_folder, worker.settings.key_folder)


async def go_on(worker: Hands) -> None:
    """Tick: what a coordinator has asked for or signed off, and what there is to ask for."""
    keys, now = _keys(worker), worker.clock.now()
    for row in await fetch("select id, section, state from text_review where state in ('asked', 'signed') order by id"):
        act = open_review if row["state"] == "asked" else release_review
        with suppress(KeyGone):
            await act(row["id"], row["section"], keys, now)
    await offer_reviews()


@by_a_sure_clock
async def pause_reviews(worker: Hands) -> None:
    """Tick: a review that was not signed off in time can be asked for again, and its texts are the same then."""
    for row in await fetch("select id from text_review where state = 'open' and ends_at <= $1", worker.clock.now()):
        async with transaction():
            await _pause(row["id"])


async def sweep_keys(worker: Hands) -> None:
    """Tick: keys of reviews that are not open, and of texts that are no longer held, also after a crash."""
    keys, now = _keys(worker), worker.clock.now()
    for review_id in keys.reviews():
        section = await fetchrow("select section, state from text_review where id = $1", review_id)
        if section is None or section["state"] in {"released", "paused", "ready"}:
            keys.destroy_review(review_id, now)
    for row in await fetch("select id from text_review where state = 'open'"):
        if not keys.has_review(row["id"]):
            async with transaction():
                await _pause(row["id"])
    for section in keys.sections():
        # Looked at before locking: nearly always there is nothing to do.
        rows = await fetch("select distinct key_id from held_text where section = $1", section)
        needed = {row["key_id"] for row in rows}
        if None not in needed and set(keys.alive(section)) - needed:
            await sweep(section, keys, now)


TICKS = (go_on, pause_reviews, sweep_keys)
