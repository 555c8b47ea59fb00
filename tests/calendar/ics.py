"""A strict reader of iCalendar lines of our own: what a fussy client would refuse, this refuses too."""

import icalendar


def strict_lines(body: bytes) -> list[str]:
    """The unfolded lines. Every physical line ends in CRLF, is at most 75 octets long and is UTF-8 by itself."""
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    unfolded: list[str] = []
    for line in body[:-2].split(b"\r\n"):
        assert len(line) <= 75, line
        text = line.decode()
        if text[:1] in {" ", "\t"}:
            unfolded[-1] += text[1:]
        else:
            assert ":" in text, text
            unfolded.append(text)
    return unfolded


def events(body: bytes) -> list[icalendar.Event]:
    """The events as the library reads them, after the strict check."""
    lines = strict_lines(body)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    return [part for part in icalendar.Calendar.from_ical(body).subcomponents if part.name == "VEVENT"]
