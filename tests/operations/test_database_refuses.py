"""Whatever command is typed while the database lets nobody in says why in one line, and never the password."""

import re
import signal
import socket
import subprocess
import sys
from asyncio import gather, to_thread
from pathlib import Path

import pyrage
import pytest

from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.operations.test_topology import free_port
from tests.shell import Shell

WORD = "wrong-word"
# By what stands in the line; `migrate --check` says no less than `serve`.
SAYS = {
    "down": ("Nothing listens there", "Start PostgreSQL"),
    "password": ("It refuses the password", "Put the right one into"),
    "role": ("It refuses the password", "for a role that there is"),
    "database": ("There is no such database", "create database"),
    "host": ("The name of its host is not known", "Correct the host"),
}
COMMANDS = (
    "migrate --check", "migrate", "worker --once", "staff add kim --name Kim --role coordinator", "staff deactivate kim",
    "backup", "restore BACKUP --identity IDENTITY", "restore --drill --identity IDENTITY", "erase", "clock", "audit verify",
    "archive export /none --staff kim", "keys confirm --yes", "keys rotate forms", "keys lost ballots",
    "edition remove 2099-01-01",
)  # fmt: skip


def _addresses(settings: Settings, server: PrivateServer) -> dict[str, str]:
    tcp = f"postgresql://web:{WORD}@"
    return {
        "down": f"{tcp}127.0.0.1:{free_port()}/x",
        "password": re.sub(r":[^:@/]+@", f":{WORD}@", settings.database_url, count=1),
        "role": re.sub(r"//[^:@/]+:[^:@/]+@", f"//nobody_here:{WORD}@", settings.database_url, count=1),
        "database": server.url("no_such_database"),
        "host": f"{tcp}no-such-host.invalid/x",
    }


def _environment(settings: Settings, folder: Path, recipient: str) -> dict[str, str]:
    return {
        **processes.environment(settings, "worker"),
        "PROGRAMMES_BACKUP_RECIPIENT": recipient,
        "PROGRAMMES_BACKUP_FOLDER": str(folder / "backups"),
        "PROGRAMMES_KEY_BACKUP_FOLDER": str(folder / "key-backups"),
    }


async def test_every_command_says_in_one_line_why_it_is_not_let_in(
    settings: Settings, server: PrivateServer, db: None, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(identity))
    KeyFolder(settings.key_folder)
    environment = _environment(settings, tmp_path, str(identity.to_public()))
    shell = Shell(environment)
    assert await shell.run("backup") == (0, "")
    await shell.close()
    [backup] = [folder for folder in (tmp_path / "backups").iterdir() if (folder / "manifest.json").exists()]
    wrong: list[str] = []
    for kind, address in _addresses(settings, server).items():
        shell = Shell({**environment, "DATABASE_URL": address})
        for typed in COMMANDS:
            words = typed.replace("BACKUP", str(backup)).replace("IDENTITY", str(tmp_path / "identity")).split()
            code, said = await shell.run(*words, typed="solros-på-taket-42")
            line = said.strip().splitlines()[-1] if said.strip() else ""
            as_it_should = code == 1 and said.count("\n") == 1 and all(part in line for part in SAYS[kind])
            if not as_it_should or WORD in said or "Traceback" in said:
                wrong.append(f"{kind}: {typed}: {code} {said}")
        await shell.close()
    assert not wrong, "\n".join(wrong)


async def test_the_setting_that_counts_is_named(settings: Settings, db: None) -> None:
    away = f"postgresql://w:{WORD}@127.0.0.1:{free_port()}/x"
    shell = Shell({**processes.environment(settings, "worker"), "PROGRAMMES_WORKER_DATABASE_URL": away})
    code, said = await shell.run("clock")
    await shell.close()
    assert (code, "host and port in PROGRAMMES_WORKER_DATABASE_URL" in said) == (1, True), said


# What a shell runs in its background ignores Ctrl-C, and so does all that it starts, as this may be.
_HEARS_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "programmes.cli", *sys.argv[1:]])
"""


def _stopped(environment: dict[str, str], words: str, number: signal.Signals, before: int = 0) -> tuple[int, str]:
    """How a command ends that is told to stop while a database takes its connection and then says nothing; `before` that
    it has hung up on so many."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        listening.settimeout(60)
        address = f"postgresql://web:{WORD}@127.0.0.1:{listening.getsockname()[1]}/x?sslmode=disable"
        process = subprocess.Popen(
            [sys.executable, "-c", _HEARS_CTRL_C, *words.split()],
            env={**environment, "DATABASE_URL": address}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            for _ in range(before):
                listening.accept()[0].close()
            with listening.accept()[0] as asked:
                assert asked.recv(1)
                process.send_signal(number)
                said = process.communicate(timeout=30)[0]
            return process.returncode, said
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_who_waits_for_the_database_and_is_told_to_stop_says_so_in_a_line(
    settings: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    """It dies of the signal: 130 and 143 in a shell, and for systemd no failure."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(identity))
    KeyFolder(settings.key_folder)
    environment = _environment(settings, tmp_path, str(identity.to_public()))
    # A rehearsal of nothing asks no database; that one of what is no backup has failed is written down in it.
    (tmp_path / "backups" / "20260101T020000Z").mkdir(parents=True)
    # The last is `serve` once uvicorn has begun, which remembers a signal where it has not started.
    commands = [("serve --port 1", 0), ("worker", 0), ("migrate", 0), ("migrate --check", 0), ("backup", 0), ("doctor", 0)]
    commands += [(f"restore --drill --identity {tmp_path}/identity", 0), (f"serve --port {free_port()}", 1)]
    found = await gather(*(to_thread(_stopped, environment, words, number, before) for words, before in commands))
    for (words, before), (code, said) in zip(commands, found, strict=True):
        line = f"programmes {words.split()[0]}: stopped ({number.name}).\n"
        assert (code, said if not before else said[-len(line) :], "Traceback" in said) == (-number, line, False), (
            words,
            said,
        )
