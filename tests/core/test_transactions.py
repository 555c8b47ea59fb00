"""What is to be done once all has committed, where a part of it was undone."""

import pytest

from programmes.core.db import after_commit, transaction


async def test_what_a_failed_part_wanted_done_afterwards_is_not_done(db: None) -> None:
    done: list[str] = []

    def wish(name: str) -> None:
        async def carry_out() -> None:
            done.append(name)

        after_commit(carry_out)

    async def fail() -> None:
        async with transaction():
            wish("undone")
            async with transaction():
                wish("undone within")
            raise ValueError("undone")

    async with transaction():
        wish("before")
        with pytest.raises(ValueError, match="undone"):
            await fail()
        async with transaction():
            wish("kept")
        assert done == []
    assert done == ["before", "kept"]
