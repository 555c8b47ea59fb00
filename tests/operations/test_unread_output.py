"""What is piped into `head` ends like any program does whose reader has gone: by SIGPIPE's code, and without a word."""

import asyncio
import os
import signal
import subprocess
import sys

from programmes.demo import processes
from programmes.settings import Settings


async def test_a_command_whose_reader_has_gone_ends_quietly(settings: Settings, db: None) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "programmes.cli", "staff", "list"]
    env = processes.environment(settings, "worker")
    try:
        done = await asyncio.to_thread(
            subprocess.run, command, env=env, stdout=writes, stderr=subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
