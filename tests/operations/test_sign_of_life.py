"""The file that a worker touches after each round: it is there for as long as the worker goes on, and no longer."""

import asyncio
from pathlib import Path

import pytest

from programmes import cli, worker
from programmes.demo import processes
from programmes.settings import Settings
from programmes.worker import ClockWatch, Worker


async def test_each_round_leaves_the_sign_and_one_that_does_not_end_leaves_none(
    the_worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign = tmp_path / "at-work"
    seen: list[tuple[str, bool]] = []

    async def tick(_: Worker) -> None:
        seen.append(("tick", sign.exists()))
        if len(seen) == 4:
            raise asyncio.CancelledError

    async def pause(_: float) -> None:
        seen.append(("pause", sign.exists()))
        sign.unlink()
        # The clock is doubted after the first round: nothing is done, and the worker goes on all the same.
        monkeypatch.setattr(ClockWatch, "believes", lambda *_: len(seen) > 2)

    monkeypatch.setattr(worker, "tick", tick)
    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await worker._tick_for_ever(the_worker, sign)
    assert seen == [("tick", False), ("pause", True), ("pause", True), ("tick", False)]
    assert not sign.exists()


async def test_where_the_sign_cannot_be_left_the_work_goes_on(
    the_worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ticks = 0

    async def tick(_: Worker) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            raise asyncio.CancelledError

    async def pause(_: float) -> None:
        return

    monkeypatch.setattr(worker, "tick", tick)
    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await worker._tick_for_ever(the_worker, tmp_path / "no-folder" / "at-work")
    assert ticks == 3


def test_a_worker_whose_sign_could_never_be_left_says_so_and_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in processes.environment(settings, "worker").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli, "_may_start", lambda *_: False)
    for sign, told in (
        (tmp_path / "none" / "sign", f"there is no folder {tmp_path / 'none'}"),
        (tmp_path, "cannot be written"),
    ):
        assert cli.main(["worker", "--sign", str(sign)]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n"), told in said.err) == ("", 1, True), said.err
    assert cli.main(["worker", "--sign", str(tmp_path / "sign")]) == 1
    assert capsys.readouterr().err == ""
