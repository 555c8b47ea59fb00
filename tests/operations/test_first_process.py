"""The first process of a container without an init: no signal that it sends itself ends it, so it ends with a number."""

import signal

import pytest

from programmes import stopping
from programmes.stopping import Stopped, in_a_line


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        ("serve", signal.SIGTERM, 0),
        ("worker", signal.SIGINT, 0),
        ("backup", signal.SIGTERM, 143),
        ("doctor", signal.SIGINT, 130),
    ],
)
def test_what_serves_until_it_is_stopped_has_ended_well_and_what_had_work_to_end_has_not(
    command: str, number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(stopping.os, "kill", lambda _pid, sent_number: sent.append(sent_number))
    before = signal.getsignal(number)
    try:
        with pytest.raises(SystemExit) as ended, in_a_line(command):
            raise Stopped(number)
    finally:
        signal.signal(number, before)
    assert (ended.value.code, sent) == (code, [number])
    assert f"programmes {command}: stopped ({number.name})." in capsys.readouterr().err
