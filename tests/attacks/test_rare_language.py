"""Attack: one of a group answers in Arabic, at length, the others hardly in Swedish. Nothing of the box may show which."""

import asyncpg
import httpx
import pytest

from programmes.evaluation import rules
from tests.attacks.conftest import Boxes
from tests.attacks.disk import Disk

LONG = "\N{ARABIC LETTER SHEEN}\N{FAMILY}" * 250


async def _lengths(owner: asyncpg.Connection, table: str) -> set[int]:
    return {row["n"] for row in await owner.fetch(f"select octet_length(blob) as n from {table}")}


async def _send(client: httpx.AsyncClient, printed: list[str]) -> None:
    """Five answer, the third in Arabic and at the greatest length; each browser says which language it likes."""
    for n, code in enumerate(printed[:5]):
        rare = n == 2
        given = {"good": LONG, "change": LONG, "safety": "4"} if rare else {"good": "Ok", "safety": "4"}
        sent = await client.post(
            f"/u?lang={'ar' if rare else 'sv'}",
            data={"kod": code, "steg": "svar", **given},
            headers={"accept-language": "ar" if rare else "sv"},
        )
        assert sent.status_code == 303


async def test_a_lone_answer_in_a_rare_language_leaves_no_mark(
    boxes: Boxes, disk: Disk, client: httpx.AsyncClient, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, printed = await boxes.open(6)
    since = await disk.transaction_now()
    await _send(client, printed)
    assert len(await _lengths(owner, "sealed_answer")) == 1
    # On the pages of the disk too, where lengths would show through: every row of a table is as long as the others.
    touched = await disk.tuples(since)
    assert {row.table for row in touched} == {"slip", "sealed_answer"}
    assert len({len(row.data) for row in touched if row.table == "sealed_answer"}) == 1
    assert await boxes.count(box) == "released"
    assert len(await _lengths(owner, "held_text")) == 1
    texts = await owner.fetch("select * from held_text")
    assert sorted({boxes.text(row) for row in texts}) == ["Ok", LONG]
    # A row says of a text its programme, question and group, and these are the same for all that the group wrote.
    good = [row for row in texts if row["question"] == "good"]
    said = {tuple(value for name, value in row.items() if name not in {"id", "blob", "shown"}) for row in good}
    assert len(said) == 1
    released = await owner.fetchrow("select * from release")
    assert released
    assert not any("ar" in str(value) for key, value in released.items() if key != "results")
    assert released["results"] == '{"safety": [0, 0, 0, 5, 0]}'

    # The control: answers that are as long as they are.
    real = rules.padded
    monkeypatch.setattr(rules, "padded", lambda *given: real(*given).rstrip(b"\0"))
    _box, printed = await boxes.open(6)
    await _send(client, printed)
    assert len(await _lengths(owner, "sealed_answer")) == 2
