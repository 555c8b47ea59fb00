"""The ballot box against the real database, with the roles of production."""

import asyncio
import stat
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core import codes, lost_keys
from programmes.core.clock import at_local, local_date
from programmes.core.db import fetchval
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyGone
from programmes.evaluation import counting, queries, services
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.queries import for_cohort, release_of, releases, waiting
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups
from tests.factories import a_cohort


async def rows(owner: asyncpg.Connection, table: str) -> int:
    return int(await owner.fetchval(f"select count(*) from {table}"))


async def state_of(cohort: CohortFacts) -> str:
    box = await for_cohort(cohort.cohort_id)
    assert box
    return box.state


async def test_a_group_gets_its_box_and_keys_by_the_worker_as_soon_as_it_has_started(
    groups: Groups, ballot_keys: BallotKeys
) -> None:
    cohort = await groups.started(3)
    await worker.drain(groups.worker)
    box = await for_cohort(cohort.cohort_id)
    assert box
    assert box.state == "open"
    assert box.ballot_id in ballot_keys.alive()


async def test_an_unevaluated_programme_gets_no_box(groups: Groups, clock: FrozenClock, robin: Principal) -> None:
    talks = await a_cohort("2.2", clock.now(), robin, minimum=1, maximum=1)
    assert await services.ensure_ballot(talks.cohort_id, clock.now()) is None
    assert await for_cohort(talks.cohort_id) is None
    with pytest.raises(NotFound):
        await services.print_slips(talks.cohort_id, robin, clock.now())


async def test_the_private_half_is_the_workers_and_the_public_half_lies_in_the_key_folder(
    groups: Groups, settings: Settings
) -> None:
    cohort, _ = await groups.with_slips(2)
    box = await for_cohort(cohort.cohort_id)
    assert box
    private = settings.ballot_key_folder / "private" / f"{box.ballot_id}.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.ballot_key_folder.stat().st_mode) == 0o700
    assert len((settings.key_folder / "ballots" / f"{box.ballot_id}.pub").read_bytes()) == 32
    assert not list(settings.key_folder.rglob(f"{box.ballot_id}.key"))


async def test_there_are_as_many_slips_as_people_and_only_digests_are_stored(
    groups: Groups, owner: asyncpg.Connection
) -> None:
    _, slips = await groups.with_slips(7)
    assert len(set(slips)) == 7
    stored = {bytes(row["id"]) for row in await owner.fetch("select id from slip")}
    assert stored == {codes.digest(code) for code in slips}
    in_order = [bytes(row["id"]) for row in await owner.fetch("select id from slip order by ctid")]
    assert in_order == sorted(in_order)


async def test_new_slips_void_the_old_ones_until_somebody_has_answered(
    groups: Groups, clock: FrozenClock, robin: Principal, settings: Settings
) -> None:
    cohort, old = await groups.with_slips(5)
    # Unasked nothing dies: not from an old page, and not by two prints at once.
    assert await services.print_slips(cohort.cohort_id, robin, clock.now()) == services.NoSlips("printed")
    assert await services.asked_of_slip(old[0])
    new = await services.print_slips(cohort.cohort_id, robin, clock.now(), replacing=True)
    assert isinstance(new, list)
    assert await services.asked_of_slip(old[0]) is None
    assert not await services.cast(old[0], GLAD, settings.key_folder)
    assert await services.cast(new[0], GLAD, settings.key_folder)
    refused = await services.print_slips(cohort.cohort_id, robin, clock.now(), replacing=True)
    assert refused == services.NoSlips("answered")
    assert await services.cast(new[1], GLAD, settings.key_folder)


async def test_slips_are_refused_for_nobody_and_after_closing(groups: Groups, clock: FrozenClock, robin: Principal) -> None:
    empty = await groups.started(0)
    assert await services.print_slips(empty.cohort_id, robin, clock.now()) == services.NoSlips("nobody")
    cohort, _ = await groups.with_slips(2)
    await services.close(cohort.cohort_id, robin, clock.now())
    assert await services.print_slips(cohort.cohort_id, robin, clock.now()) == services.NoSlips("closed")


async def test_a_slip_answers_once(groups: Groups, settings: Settings, owner: asyncpg.Connection) -> None:
    _, slips = await groups.with_slips(3)
    assert await services.cast(slips[0], GLAD, settings.key_folder) is True
    assert await services.cast(slips[0], GLAD, settings.key_folder) is False
    assert await services.cast(codes.new_code(), GLAD, settings.key_folder) is False
    assert await rows(owner, "sealed_answer") == 1
    assert await rows(owner, "slip") == 2


async def test_everybody_can_answer_at_the_same_moment(
    groups: Groups, settings: Settings, owner: asyncpg.Connection
) -> None:
    _, slips = await groups.with_slips(12)
    assert all(await asyncio.gather(*(services.cast(code, GLAD, settings.key_folder) for code in slips)))
    assert await rows(owner, "sealed_answer") == 12


async def test_a_vote_under_way_is_counted_or_refused_but_never_lost(
    groups: Groups, settings: Settings, clock: FrozenClock, robin: Principal, owner: asyncpg.Connection
) -> None:
    cohort, slips = await groups.with_slips(12)
    said = await asyncio.gather(
        *(services.cast(code, GLAD, settings.key_folder) for code in slips[:8]),
        services.close(cohort.cohort_id, robin, clock.now()),
        *(services.cast(code, GLAD, settings.key_folder) for code in slips[8:]),
    )
    await worker.drain(groups.worker)
    votes = said.count(True)
    release = await release_of(cohort.cohort_id)
    assert (release.answers if release else None) == (votes if votes >= 5 else None)
    assert await rows(owner, "sealed_answer") == (0 if release else votes)


async def test_only_the_workers_folder_opens_an_answer(
    groups: Groups, settings: Settings, owner: asyncpg.Connection, ballot_keys: BallotKeys, tmp_path: Path
) -> None:
    cohort, slips = await groups.with_slips(2)
    await services.cast(slips[0], GLAD, settings.key_folder)
    blob = await owner.fetchval("select blob from sealed_answer")
    box = await for_cohort(cohort.cohort_id)
    assert box
    assert b"Att f" not in blob
    assert b"Att f" in ballot_keys.open(box.ballot_id, blob)
    with pytest.raises(KeyGone):
        BallotKeys(tmp_path, settings.key_folder).open(box.ballot_id, blob)


async def test_without_the_public_key_no_slip_is_used_up(groups: Groups, settings: Settings) -> None:
    cohort, slips = await groups.with_slips(2)
    box = await for_cohort(cohort.cohort_id)
    assert box
    public = settings.key_folder / "ballots" / f"{box.ballot_id}.pub"
    held = public.read_bytes()
    public.unlink()
    with pytest.raises(KeyGone):
        await services.cast(slips[0], GLAD, settings.key_folder)
    public.write_bytes(held)
    assert await services.cast(slips[0], GLAD, settings.key_folder)


async def test_closing_is_final(groups: Groups, settings: Settings, clock: FrozenClock, robin: Principal) -> None:
    cohort, slips = await groups.with_slips(6)
    await services.cast(slips[0], GLAD, settings.key_folder)
    await services.close(cohort.cohort_id, robin, clock.now())
    assert await services.asked_of_slip(slips[1]) is None
    assert not await services.cast(slips[1], GLAD, settings.key_folder)
    await services.close(cohort.cohort_id, robin, clock.now())
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "waiting"


async def test_five_answers_become_counts_and_everything_else_goes(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys, settings: Settings
) -> None:
    cohort = await groups.closed(5, people=6)
    release = await release_of(cohort.cohort_id)
    assert release
    assert (release.answers, release.slips, release.half_year) == (5, 6, "2026-2")
    assert release.results["participation"] == [0, 0, 0, 5, 0]
    assert await state_of(cohort) == "released"
    assert await rows(owner, "slip") == 0
    assert await rows(owner, "sealed_answer") == 0
    box = await for_cohort(cohort.cohort_id)
    assert box
    assert box.ballot_id not in ballot_keys.alive()
    assert [r["why"] for r in ballot_keys.receipts() if r["key"] == str(box.ballot_id)] == ["counted"]


async def test_free_texts_are_sealed_again_without_the_cohort(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    await groups.closed(5)
    await groups.closed(6)
    texts = await owner.fetch("select section, question, group_tag, key_id, blob, xmin from held_text")
    assert len(texts) == 11
    assert {ballot_keys.texts.open("2.1", t["key_id"], t["blob"]) for t in texts} == {"Att få höra andra"}
    assert ballot_keys.texts.alive("2.1") == [texts[0]["key_id"]]
    assert len({t["group_tag"] for t in texts}) == 2
    assert len({t["xmin"] for t in texts}) == 1, "rows of one release can be told by their transaction"
    assert len({len(t["blob"]) for t in texts}) == 1


async def test_four_wait_sealed_and_are_mixed_with_the_next_small_group(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    first = await groups.closed(4)
    assert await state_of(first) == "waiting"
    assert await rows(owner, "sealed_answer") == 4
    assert await rows(owner, "slip") == 0
    assert await rows(owner, "release") == 0
    one = await groups.closed(1)
    assert await state_of(one) == "waiting", "only one answer lies outside the largest group"
    second = await groups.closed(2)
    assert [await state_of(c) for c in (first, one, second)] == ["pooled"] * 3
    (release,) = await releases(["2.1"])
    assert release.answers == 7
    assert await owner.fetchval("select cohort_id from release") is None
    assert await release_of(first.cohort_id) is None
    assert await rows(owner, "sealed_answer") == 0
    boxes = {(await for_cohort(c.cohort_id)).ballot_id for c in (first, one, second)}  # type: ignore[union-attr]
    assert not boxes & set(ballot_keys.alive())


async def test_small_groups_of_other_programmes_are_not_mixed_in(groups: Groups) -> None:
    first = await groups.closed(4, section="2.1")
    other = await groups.closed(3, section="2.12")
    assert [await state_of(first), await state_of(other)] == ["waiting", "waiting"]


async def test_nobody_answered_and_the_key_goes(groups: Groups, ballot_keys: BallotKeys) -> None:
    cohort = await groups.closed(0, people=4)
    box = await for_cohort(cohort.cohort_id)
    assert box
    assert box.state == "empty"
    assert box.ballot_id not in ballot_keys.alive()


async def test_a_box_that_is_closed_before_its_keys_are_made_ends_empty(
    groups: Groups, clock: FrozenClock, robin: Principal, ballot_keys: BallotKeys, owner: asyncpg.Connection
) -> None:
    cohort = await groups.started(3)
    ballot_id = await services.ensure_ballot(cohort.cohort_id, clock.now())
    assert ballot_id
    await services.print_slips(cohort.cohort_id, robin, clock.now())
    await services.close(cohort.cohort_id, robin, clock.now())
    # Also one that has been stuck for long, and whose job is gone.
    await owner.execute("delete from pgqueuer")
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "empty"
    assert await rows(owner, "slip") == await rows(owner, "printed_slip") == 0
    # A worker that was making the keys meanwhile leaves none.
    ballot_keys.create(ballot_id)
    await counting.replay_keys(groups.worker)
    assert ballot_id not in ballot_keys.alive()


async def test_of_a_childrens_group_no_number_is_kept(groups: Groups, owner: asyncpg.Connection) -> None:
    cohort = await groups.closed(7, section="2.15")
    release = await release_of(cohort.cohort_id)
    assert release
    assert (release.answers, release.slips) == (5, 0)
    assert release.results == {"participation": 4.0, "safety": 5.0, "satisfaction": 5.0, "respect": 5.0}
    assert await owner.fetchval("select slips from ballot where cohort_id = $1", cohort.cohort_id) == 0


async def test_a_box_closes_by_itself_when_the_last_session_has_ended(
    groups: Groups, settings: Settings, clock: FrozenClock
) -> None:
    cohort, slips = await groups.with_slips(5, sessions=2)
    assert cohort.last_end
    for code in slips:
        await services.cast(code, GLAD, settings.key_folder)
    clock.set(cohort.last_end - timedelta(minutes=1))
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "open"
    clock.set(cohort.last_end)
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "released"


async def test_cancelling_the_last_sessions_never_closes_a_box_earlier(
    groups: Groups, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, _slips = await groups.with_slips(5, sessions=3)
    assert cohort.first_start
    assert cohort.last_end
    await owner.execute(
        "update cohort_session set state = 'cancelled', number = null where cohort_id = $1 and number > 1", cohort.cohort_id
    )
    assert await queries.closes_at(cohort.cohort_id) == cohort.last_end
    clock.set(cohort.last_end - timedelta(minutes=1))
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "open"
    clock.set(cohort.last_end)
    await worker.drain(groups.worker)
    assert await state_of(cohort) != "open"


async def test_while_open_the_facts_do_not_depend_on_the_answers(groups: Groups, settings: Settings) -> None:
    cohort, slips = await groups.with_slips(5)
    before = await for_cohort(cohort.cohort_id)
    for code in slips:
        await services.cast(code, GLAD, settings.key_folder)
    assert await for_cohort(cohort.cohort_id) == before


async def test_individual_forms_share_a_box_for_the_half_year_which_closes_with_it(
    groups: Groups, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection
) -> None:
    await groups.talks(24, "2.9")
    slips = await services.print_half_year_slips("2.9", 24, groups.leader, clock.now())
    assert isinstance(slips, list)
    assert len(slips) == 24
    await worker.drain(groups.worker)
    for code in slips[:6]:
        assert await services.cast(code, GLAD, settings.key_folder)
    clock.set(at_local(date(2026, 12, 31), time(23, 59)))
    await worker.drain(groups.worker)
    assert await releases(["2.9"]) == []
    clock.set(at_local(date(2027, 1, 1), time(0, 0)))
    await worker.drain(groups.worker)
    (release,) = await releases(["2.9"])
    assert (release.half_year, release.answers, release.slips) == ("2026-2", 5, 0)
    assert await rows(owner, "sealed_answer") == 0


async def test_a_common_box_has_slips_for_those_who_could_answer_this_half_year_or_the_last_one(
    groups: Groups, clock: FrozenClock
) -> None:
    now = clock.now()
    for places, section, when in ((9, "2.9", now), (11, "2.9", now - timedelta(days=200)), (30, "2.9", now - timedelta(365)),
                                  (40, "2.10", now)):  # fmt: skip
        await groups.talks(places, section, when)
    assert [await services.most_common_slips(section, now) for section in ("2.9", "2.10", "2.11")] == [11, 40, 8]
    for number in (7, 12):
        with pytest.raises(ValueError, match="slips"):
            await services.print_half_year_slips("2.9", number, groups.leader, now)
    assert len(await services.print_half_year_slips("2.9", 11, groups.leader, now)) == 11  # type: ignore[arg-type]


async def test_a_common_box_is_made_once_and_only_where_it_is_wanted(clock: FrozenClock, db: None) -> None:
    made = await services.ensure_half_year_ballot("2.10", clock.now())
    assert made
    assert await services.ensure_half_year_ballot("2.10", clock.now()) == made
    assert await services.ensure_half_year_ballot("2.11", clock.now()) not in {made, None}
    assert await services.ensure_half_year_ballot("2.1", clock.now()) is None
    assert await services.ensure_half_year_ballot("2.2", clock.now()) is None
    with pytest.raises(NotFound):
        await services.ensure_half_year_ballot("9.9", clock.now())


async def test_what_no_form_of_ours_sealed_is_not_counted(
    groups: Groups, settings: Settings, owner: asyncpg.Connection, clock: FrozenClock, robin: Principal
) -> None:
    cohort, slips = await groups.with_slips(5)
    for code in slips[:4]:
        await services.cast(code, GLAD, settings.key_folder)
    assert await fetchval("select cast_ballot($1, $2)", codes.digest(slips[4]), b"x" * 4448)
    await services.close(cohort.cohort_id, robin, clock.now())
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "waiting"
    assert await rows(owner, "sealed_answer") == 4


@pytest.mark.parametrize("args", [(None, b"x"), (b"", None), (b"", b""), (b"\0" * 32, b"x" * 9000), (b"\0" * 32, b"x")])
async def test_wrong_input_to_the_function_is_answered_with_false(args: tuple[Any, Any], db: None) -> None:
    assert await fetchval("select cast_ballot($1, $2)", *args) is False


async def test_the_groups_own_words_are_kept_where_evaluation_must_be_documented(
    groups: Groups, clock: FrozenClock, robin: Principal
) -> None:
    cohort = await groups.closed(2)
    said = "Vi ville ha en träff till. Tiden passade de flesta."
    assert await services.own_words(cohort.cohort_id, said, robin, clock.now()) is None
    assert await services.own_words(cohort.cohort_id, "Ett. Två. Tre. Fyra.", robin, clock.now()) == "too_many_sentences"
    assert await waiting(["2.1"]) == {"2.1"}
    assert await queries.own_words(["2.1"]) == {"2.1": [said]}
    other = await groups.started(1, section="2.7")
    with pytest.raises(NotFound):
        await services.own_words(other.cohort_id, said, robin, clock.now())


@pytest.mark.parametrize("sizes", [(5,), (4, 3)])
async def test_own_words_are_frozen_with_the_release_that_they_stand_in(
    sizes: tuple[int, ...], groups: Groups, clock: FrozenClock, robin: Principal, owner: asyncpg.Connection
) -> None:
    cohorts = [await groups.closed(size, words="Vi ville ha fika." if not n else "") for n, size in enumerate(sizes)]
    for cohort in cohorts:
        assert await services.own_words(cohort.cohort_id, "Eller inte.", robin, clock.now()) == "released"
    (release,) = await releases(["2.1"])
    assert release.words == ["Vi ville ha fika."]
    # Nor by a right that web or worker has, nor by the owner's hand.
    for change in ("own_words = 'Nej.'", "own_words = null", "release_id = null"):
        with pytest.raises(asyncpg.CheckViolationError, match="released already"):
            await owner.execute(f"update ballot set {change}")
    for change in ("update ballot set release_id = 1", "delete from ballot"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetchval(change)
    with pytest.raises(NotFound):
        await services.own_words((await groups.started(1)).cohort_id, "Vi.", robin, clock.now())


async def test_unread_answers_go_after_a_year_but_not_where_they_must_be_documented(
    groups: Groups, clock: FrozenClock, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    kept = await groups.closed(3, section="2.1")
    gone = await groups.closed(3, section="2.7")
    clock.advance(days=364)
    await worker.drain(groups.worker)
    assert await state_of(gone) == "waiting"
    clock.advance(days=1)
    await worker.drain(groups.worker)
    assert [await state_of(kept), await state_of(gone)] == ["waiting", "destroyed"]
    assert await rows(owner, "sealed_answer") == 3
    box = await for_cohort(gone.cohort_id)
    assert box
    assert box.ballot_id not in ballot_keys.alive()


async def test_a_crash_after_the_count_still_destroys_the_key(
    groups: Groups, owner: asyncpg.Connection, ballot_keys: BallotKeys
) -> None:
    cohort = await groups.started(2)
    await worker.drain(groups.worker)
    box = await for_cohort(cohort.cohort_id)
    assert box
    await owner.execute("update ballot set state = 'released' where id = $1", box.ballot_id)
    await worker.drain(groups.worker)
    assert box.ballot_id not in ballot_keys.alive()
    assert ballot_keys.is_destroyed(box.ballot_id)


async def test_a_key_that_is_not_there_stops_the_count_and_loses_nothing(
    groups: Groups, settings: Settings, owner: asyncpg.Connection, clock: FrozenClock, robin: Principal
) -> None:
    cohort, slips = await groups.with_slips(5)
    for code in slips:
        await services.cast(code, GLAD, settings.key_folder)
    box = await for_cohort(cohort.cohort_id)
    assert box
    path = settings.ballot_key_folder / "private" / f"{box.ballot_id}.key"
    away = path.rename(path.with_suffix(".away"))
    await services.close(cohort.cohort_id, robin, clock.now())
    # Missing, cut short, or another box's: under that one every answer would look like nobody's and be dropped.
    for instead in (None, b"x" * 31, b"x" * 32):
        if instead:
            path.write_bytes(instead)
        await worker.drain(groups.worker)
        assert await state_of(cohort) == "closing"
        assert await rows(owner, "sealed_answer") == 5
    away.rename(path)
    await worker.drain(groups.worker)
    assert await state_of(cohort) == "released"


async def test_a_closed_box_whose_key_is_said_to_be_lost_ends_unread_and_no_other_does(
    groups: Groups,
    settings: Settings,
    owner: asyncpg.Connection,
    clock: FrozenClock,
    robin: Principal,
    ballot_keys: BallotKeys,
) -> None:
    boxes = []
    for _ in range(2):
        cohort, slips = await groups.with_slips(5)
        for code in slips:
            await services.cast(code, GLAD, settings.key_folder)
        box = await for_cohort(cohort.cohort_id)
        assert box
        (settings.ballot_key_folder / "private" / f"{box.ballot_id}.key").unlink()
        await services.close(cohort.cohort_id, robin, clock.now())
        boxes.append((cohort, str(box.ballot_id)))
    (known, lost), (missing, _) = boxes
    await worker.drain(groups.worker)
    assert [await state_of(known), await state_of(missing)] == ["closing", "closing"]
    folder = groups.worker.keys.folder
    try:
        lost_keys.note(folder, {"ballots": {lost}})
        await worker.drain(groups.worker)
        assert [await state_of(known), await state_of(missing)] == ["destroyed", "closing"]
        assert await rows(owner, "sealed_answer") == 5
        assert await owner.fetchval("select count(*) from slip where ballot_id = $1::uuid", lost) == 0
        # Its public half goes too, and a receipt says that it is over.
        await worker.drain(groups.worker)
        assert lost not in map(str, ballot_keys.alive())
    finally:
        (folder / "lost.json").unlink()


async def test_a_waiting_group_without_its_key_holds_up_no_other_and_is_mixed_when_the_key_is_back(
    groups: Groups, settings: Settings, owner: asyncpg.Connection
) -> None:
    lost, first = await groups.closed(2), await groups.closed(1)
    box = await for_cohort(lost.cohort_id)
    assert box
    path = settings.ballot_key_folder / "private" / f"{box.ballot_id}.key"
    away = path.rename(path.with_suffix(".away"))
    second = await groups.closed(4)
    assert [await state_of(c) for c in (lost, first, second)] == ["waiting"] * 3, "only one is outside the largest"
    third = await groups.closed(1)
    assert [await state_of(c) for c in (lost, first, second, third)] == ["waiting", "pooled", "pooled", "pooled"]
    fourth = await groups.closed(3)
    assert await state_of(fourth) == "waiting"
    away.rename(path)
    await worker.drain(groups.worker)
    assert [await state_of(c) for c in (lost, fourth)] == ["pooled", "pooled"]
    assert [release.answers for release in await releases(["2.1"])] == [5, 6]
    assert await rows(owner, "sealed_answer") == 0


async def test_groups_that_a_dying_worker_left_unmixed_are_mixed_at_the_next_look(
    groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def died(*_args: object) -> None:
        return None

    with monkeypatch.context() as dying:
        dying.setattr(counting, "mix", died)
        cohorts = [await groups.closed(3), await groups.closed(2)]
        assert [await state_of(cohort) for cohort in cohorts] == ["waiting", "waiting"]
    await worker.drain(groups.worker)
    assert [await state_of(cohort) for cohort in cohorts] == ["pooled", "pooled"]


async def test_closing_and_printing_are_audited_and_voting_is_not(
    groups: Groups, owner: asyncpg.Connection, robin: Principal
) -> None:
    cohort = await groups.closed(5)
    entries = await owner.fetch("select action, subject, staff_id from audit_entry where action like 'ballot:%' order by id")
    assert [(e["action"], e["subject"], e["staff_id"]) for e in entries] == [
        ("ballot:print", f"cohort/{cohort.cohort_id}", robin.staff_id),
        ("ballot:close", f"cohort/{cohort.cohort_id}", robin.staff_id),
    ]


async def test_the_box_knows_the_day_it_was_made_on(groups: Groups, clock: FrozenClock) -> None:
    cohort = await groups.started(1)
    made = await services.ensure_ballot(cohort.cohort_id, clock.now())
    assert isinstance(made, UUID)
    assert await services.ensure_ballot(cohort.cohort_id, clock.now()) == made
    box = await for_cohort(cohort.cohort_id)
    assert box
    assert box.created_on == local_date(clock.now())
