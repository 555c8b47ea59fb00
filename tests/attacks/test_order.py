"""Attack: the order in which texts, and answers in the box, lie or are shown tells who wrote them or when. Chi-square over
many boxes; the same with a box that does not shuffle shows that the test would see it."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg
import pytest

from programmes.evaluation import counting, text_services
from tests.attacks.conftest import Boxes
from tests.attacks.weakened import weakened

# What chance alone passes once in a thousand million times: chi-square of 16 degrees of freedom (five by five), and of 9.
UNLIKELY = {16: 76, 9: 61}


def chi_square(pairs: Iterable[tuple[int, int]]) -> tuple[float, int]:
    """How far (when it came, where it lies) is from being drawn, and the degrees of freedom. Both run from 0 and each pair
    is as likely as every other one, if nothing tells."""
    seen = Counter(pairs)
    size = 1 + max(place for _came, place in seen)
    expected = sum(seen.values()) / size**2
    # At least five in every cell, or the figures of chi-square do not hold.
    assert expected >= 5
    far = sum((seen[a, b] - expected) ** 2 / expected for a in range(size) for b in range(size))
    # Each box is a permutation, so that every row and column adds up: that much more each cell moves.
    return far * (size - 1) / size, (size - 1) ** 2


def test_chi_square_is_what_it_is_called() -> None:
    assert chi_square([(a, b) for a in range(4) for b in range(4)] * 5) == (0, 9)
    assert chi_square([(a, a) for a in range(4)] * 20) == (180, 9)


# So many boxes with votes that say when they came, in one statement: where each lies in the end.
_MANY = """
do $$
declare box uuid; n int;
begin
  create temp table if not exists order_seen (came int, place int);
  truncate order_seen;
  for n in 1..150 loop
    delete from sealed_answer; delete from slip; delete from ballot;
    box := gen_random_uuid();
    insert into ballot (id, section, half_year, form_version, state, slips, created_on)
    values (box, '2.1', '2100-1', 1, 'open', 0, '2026-09-02');
    perform issue_slips(box, array(select sha256(g::text::bytea) from generate_series(0, 4) as g));
    for vote in 0..4 loop
      perform cast_ballot(sha256(vote::text::bytea), vote::text::bytea);
    end loop;
    insert into order_seen
    select convert_from(blob, 'utf8')::int, row_number() over (order by %s) - 1 from sealed_answer;
  end loop;
end $$
"""


async def _where_votes_lie(owner: asyncpg.Connection, by: str) -> list[tuple[int, int]]:
    await owner.execute(_MANY % by)
    found = [(row["came"], row["place"]) for row in await owner.fetch("select came, place from order_seen")]
    await owner.execute("drop table order_seen; delete from slip; delete from sealed_answer; delete from ballot")
    return found


async def test_neither_place_nor_id_of_an_answer_tells_when_it_came(db: None, owner: asyncpg.Connection) -> None:
    for by in ("ctid", "id"):
        far, freedom = chi_square(await _where_votes_lie(owner, by))
        assert far < UNLIKELY[freedom], by
    async with weakened(owner, "keeps the order"):
        far, freedom = chi_square(await _where_votes_lie(owner, "ctid"))
    assert far > UNLIKELY[freedom], "the control: votes that are put in one after the other lie so"
    async with weakened(owner, "time in the ids"):
        far, freedom = chi_square(await _where_votes_lie(owner, "id"))
    assert far > UNLIKELY[freedom], "the control: ids that are times"


async def _where_texts_lie(boxes: Boxes, by: str) -> list[tuple[int, int]]:
    """Close boxes into which a group of five said, one after the other, the texts 0 to 3 (and one said nothing)."""
    found: list[tuple[int, int]] = []
    given: Sequence[dict[str, object]] = [*({"good": str(n), "safety": 3} for n in range(4)), {"safety": 3}]
    for _ in range(24):
        await boxes.owner.execute("delete from held_text")
        await boxes.counted(given)
        rows = await boxes.owner.fetch(f"select * from held_text order by {by}")
        found += [(int(boxes.text(row)), place) for place, row in enumerate(rows)]
    return found


async def test_the_order_of_texts_tells_nothing(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    far, freedom = chi_square(await _where_texts_lie(boxes, "ctid"))
    assert far < UNLIKELY[freedom]

    class Stays:
        """Shuffles nothing."""

        def shuffle(self, rows: list[object]) -> None:
            pass

    # Three locks on one door: the database draws the order of the sealed answers, the worker that of the opened ones,
    # and texts lie in the order of their random ids.
    monkeypatch.setattr(counting, "_random", Stays())
    numbers = itertools.count(1)
    monkeypatch.setattr(text_services, "uuid4", lambda: UUID(int=next(numbers)))
    async with weakened(boxes.owner, "keeps the order"):
        far, freedom = chi_square(await _where_texts_lie(boxes, "ctid"))
    assert far > UNLIKELY[freedom], "the control: none is locked"
