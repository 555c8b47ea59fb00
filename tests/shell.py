"""Many commands of `programmes` in one process beside the tests, which reads the program once: a shell that is faster than a
real one. That a command works in a process of its own is held elsewhere (`tests/operations`, `tests/demo`)."""

import asyncio
import contextlib
import io
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping


class Shell:
    """Runs one command after the other, with an environment that stays the same."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """The command's exit code, and all that it said; `typed` is a line on its standard input."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.shell", env=self._environment, stdin=PIPE, stdout=PIPE
            )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([arguments, f"{typed}\n"]).encode() + b"\n")
        code, said = json.loads(await self._process.stdout.readline())
        return code, said

    async def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()


def _one(arguments: list[str], typed: str) -> tuple[int, str]:
    from programmes.cli import main

    out, wrong = io.StringIO(), io.StringIO()
    sys.stdin = io.StringIO(typed)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(wrong):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    return code, out.getvalue() + wrong.getvalue()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_one(*json.loads(line))), flush=True)
