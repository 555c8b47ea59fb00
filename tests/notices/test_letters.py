"""What messages say: something for every kind, and nothing that tells what the meetings are about."""

from datetime import UTC, datetime, timedelta

import pytest

from programmes.core.i18n import Language, speaking
from programmes.notices.gsm_rules import plain, segments
from programmes.notices.letter_rules import Facts, Slot, letter
from programmes.notices.mail_rules import Envelope, compose
from programmes.notices.rules import AUDIENCE, KINDS, Kind
from programmes.notices.text_rules import text

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
SLOT = Slot(NOW, NOW + timedelta(hours=2))


def facts(kind: Kind, state: str) -> Facts:
    moved = NOW - timedelta(days=1)
    link = "http://testserver.local/min-plats#7KQM2XPA9TWFH4RD"
    return Facts(kind, state, SLOT, True, SLOT, moved, 2, NOW, visit=SLOT, book_by=NOW.date(), link=link)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_news_and_no_word_of_what_it_is_about(kind: Kind, language: Language) -> None:
    for state in AUDIENCE[kind]:
        with speaking(language):
            written = letter(facts(kind, state), "Karlshamns kommun", "000-00 00 00")
            message = compose(written, Envelope("noreply@example.invalid", "a@example.invalid", "<n@example.invalid>", NOW))
            short = text(facts(kind, state), "000-00 00 00")
        # Two segments of the GSM alphabet, and always the link.
        assert segments(short) <= 2
        assert plain(short) == short
        assert short.endswith("/min-plats#7KQM2XPA9TWFH4RD")
        assert plain(written.news[0]) in short
        assert all(written.news)
        assert written.news
        seen_over_a_shoulder = f"{message['Subject']} {message['From']} {written.news[0]} {short}".lower()
        for word in ("grupp", "stöd", "insats", "kommun", "programme", "support", "behandling", "våld", "missbruk"):
            assert word not in seen_over_a_shoulder


def test_lines_on_the_wire_are_short_and_end_in_crlf() -> None:
    written = letter(facts("session_moved", "confirmed"), "Karlshamns kommun", "000-00 00 00")
    raw = bytes(compose(written, Envelope("a@example.invalid", "b@example.invalid", "<n@example.invalid>", NOW)))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_nothing_in_a_letter_can_write_html() -> None:
    written = letter(facts("place_held", "confirmed"), "<script>alert(1)</script>", "000")
    message = compose(written, Envelope("a@example.invalid", "b@example.invalid", "<n@example.invalid>", NOW))
    html = message.get_body(("html",))
    assert html
    assert "<script>" not in html.get_content()
