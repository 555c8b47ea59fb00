"""A public half that went with a key folder is written anew from its private one, and nothing is lost meanwhile."""

from pathlib import Path
from uuid import UUID

import pytest

from programmes import worker
from programmes.core import lost_keys
from programmes.core.principal import Principal
from programmes.core.sealing import KeyGone
from programmes.evaluation import services
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.queries import for_cohort, release_of
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups


def _halves(settings: Settings, box: UUID) -> tuple[Path, Path]:
    return settings.key_folder / "ballots" / f"{box}.pub", settings.ballot_key_folder / "private" / f"{box}.key"


async def test_who_answers_after_it_is_written_anew_is_counted_with_those_before_even_where_it_was_said_to_be_lost(
    groups: Groups, settings: Settings, clock: FrozenClock, robin: Principal
) -> None:
    cohort, slips = await groups.with_slips(6)
    box = await for_cohort(cohort.cohort_id)
    assert box
    public, private = _halves(settings, box.ballot_id)
    before = public.read_bytes()
    for code in slips[:3]:
        assert await services.cast(code, GLAD, settings.key_folder)
    public.unlink()
    with pytest.raises(KeyGone):
        await services.cast(slips[3], GLAD, settings.key_folder)
    lost_keys.note(settings.key_folder, {"ballots": {str(box.ballot_id)}})
    try:
        await worker.tick(groups.worker)
        assert public.read_bytes() == before
        assert public.stat().st_mode & 0o777 == 0o644
        for code in slips[3:]:
            assert await services.cast(code, GLAD, settings.key_folder)
        public.unlink()
        # Closed before the next round: the job counts it all the same.
        await services.close(cohort.cohort_id, robin, clock.now())
        await worker.drain(groups.worker)
        released = await release_of(cohort.cohort_id)
        assert released
        assert released.answers == 6
        assert not private.exists()
    finally:
        (settings.key_folder / "lost.json").unlink()


async def test_a_private_half_that_opens_none_of_the_answers_is_not_published_and_ends_no_box(
    groups: Groups, settings: Settings, clock: FrozenClock, robin: Principal
) -> None:
    cohort, slips = await groups.with_slips(5)
    other = await groups.with_slips(5)
    box, its = await for_cohort(cohort.cohort_id), await for_cohort(other[0].cohort_id)
    assert box
    assert its
    for code in slips:
        assert await services.cast(code, GLAD, settings.key_folder)
    public, private = _halves(settings, box.ballot_id)
    right = private.read_bytes()
    public.unlink()
    private.write_bytes(_halves(settings, its.ballot_id)[1].read_bytes())
    lost_keys.note(settings.key_folder, {"ballots": {str(box.ballot_id)}})
    try:
        await services.close(cohort.cohort_id, robin, clock.now())
        await worker.drain(groups.worker)
        waiting = await for_cohort(cohort.cohort_id)
        assert waiting
        assert (waiting.state, public.exists(), private.exists()) == ("closing", False, True)
        private.write_bytes(right)
        await worker.drain(groups.worker)
        assert await release_of(cohort.cohort_id)
    finally:
        (settings.key_folder / "lost.json").unlink()


async def test_one_that_is_damaged_keeps_no_other_from_being_written_anew(groups: Groups, settings: Settings) -> None:
    boxes = []
    for _ in range(2):
        cohort, _slips = await groups.with_slips(2)
        box = await for_cohort(cohort.cohort_id)
        assert box
        boxes.append(_halves(settings, box.ballot_id))
    for public, _private in boxes:
        public.unlink()
    boxes[0][1].write_bytes(b"short")
    await worker.tick(groups.worker)
    assert [public.exists() for public, _private in boxes] == [False, True]


def test_of_a_box_with_a_receipt_none_is_written_anew(
    ballot_keys: BallotKeys, settings: Settings, clock: FrozenClock
) -> None:
    box, now = UUID(int=7), clock.now()
    ballot_keys.create(box)
    public, private = _halves(settings, box)
    right = private.read_bytes()
    ballot_keys.destroy(box, "counted", now)
    private.write_bytes(right)
    assert not ballot_keys.publish_again(box, [])
    assert not public.exists()
    private.unlink()
