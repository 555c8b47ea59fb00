"""What messages say: something for every kind, and nothing that tells what the meetings are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.i18n import Language, speaking
from programmes.core.i18n import gettext as _
from programmes.notices.gsm_rules import plain, segments
from programmes.notices.letter_fact_rules import Became, Facts, Slot
from programmes.notices.letter_rules import letter, news, spare
from programmes.notices.mail_rules import Envelope, Letter, compose
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


def test_an_address_in_a_letter_is_a_link_without_the_full_stop_that_follows() -> None:
    foot = ("Logga in och öppna http://127.0.0.1:8000/personal/idag.", "Karlshamn")
    written = Letter("Något har ändrats", ("Se (https://example.invalid/a), eller ring.",), "", foot)
    message = compose(written, Envelope("a@example.invalid", "b@example.invalid", "<n@example.invalid>", NOW))
    body = message.get_body(("html",))
    assert body
    html = body.get_content()
    assert 'öppna <a href="http://127.0.0.1:8000/personal/idag">http://127.0.0.1:8000/personal/idag</a>.' in html
    assert '(<a href="https://example.invalid/a">https://example.invalid/a</a>), eller ring.' in html


def test_nothing_in_a_letter_can_write_html() -> None:
    written = letter(facts("place_held", "confirmed"), "<script>alert(1)</script>", "000")
    message = compose(written, Envelope("a@example.invalid", "b@example.invalid", "<n@example.invalid>", NOW))
    html = message.get_body(("html",))
    assert html
    assert "<script>" not in html.get_content()


def a_slot(day: int) -> Slot:
    return Slot(SLOT.starts_at + timedelta(days=day), SLOT.ends_at + timedelta(days=day))


@st.composite
def became_of(draw: st.DrawFn) -> Became:
    """One that has another time, does not take place or is one more, known by one day or by two."""
    was, now = a_slot(draw(st.integers(0, 400))), a_slot(draw(st.integers(401, 500)))
    or_was = draw(st.none() | st.integers(501, 600).map(a_slot))
    return draw(st.sampled_from([Became(was, now, or_was), Became(was, None, or_was), Became(None, now)]))


@given(
    kind=st.sampled_from(["change_undone", "rest_moved", "session_moved", "session_cancelled"]),
    language=st.sampled_from(["sv", "en"]),
    became=st.lists(became_of(), min_size=1, max_size=5),
    age=st.booleans(),
    added=st.none() | st.integers(500, 900).map(a_slot),
)
def test_a_text_names_each_session_or_says_where_they_all_stand(
    kind: Kind, language: Language, became: list[Became], age: bool, added: Slot | None
) -> None:
    """What there is no room for is never left out unsaid, and what is asked is asked."""
    one = became[0]
    if kind == "session_cancelled":
        one = Became(one.was or one.now, None, one.or_was)
    elif kind == "session_moved":
        one = replace(one, now=one.now or one.was)
    about = Facts(
        kind, "confirmed", a_slot(950), False, one.was if kind == "session_cancelled" else one.now,
        became=(one,) if kind.startswith("session") else tuple(became), moved=one,
        added=added if kind == "session_cancelled" else None, age_again=age,
    )  # fmt: skip
    for host in range(5, 100, 15):
        _is_all_said(replace(about, link=f"https://{'h' * host}/min-plats#7KQM2XPA9TWFH4RD"), language)


def _is_all_said(about: Facts, language: Language) -> None:
    with speaking(language):
        short, whole = text(about, "000-00 00 00"), [plain(sentence) for sentence in news(about)]
        points_on = plain(_("Alla tider står på Min plats."))
        following = plain(str(about.next))
        asked = plain(_("Åldern räknas den första dagen. Öppna Min plats och säg till om det stämmer även då."))
    assert segments(short) <= 2
    assert short.endswith(about.link)
    unsaid = [sentence for sentence in whole if sentence not in short]
    spared = [sentence for sentence in unsaid if following in sentence]
    assert unsaid == spared or points_on in short
    assert asked not in whole or asked in short


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_text_leaves_out_is_said_to_be_on_min_plats(kind: Kind, language: Language) -> None:
    """A decision about a start, with what somebody may do then, is longer than two segments."""
    for state in AUDIENCE[kind]:
        about = replace(facts(kind, state), first_until=NOW, by_word=True, phone="000-00 00 00")
        for host in range(5, 80, 15):
            about = replace(about, link=f"https://{'h' * host}/min-plats#7KQM2XPA9TWFH4RD")
            with speaking(language):
                short, unneeded = text(about, "000-00 00 00"), spare(about)
                unsaid = [one for one in news(about) if plain(one) not in short and one not in unneeded]
                assert not unsaid or any(
                    plain(said) in short for said in (_("Mer står på Min plats."), _("Alla tider står på Min plats."))
                ), (kind, state, host, short)


def test_a_time_that_is_added_last_and_is_next_is_said_once() -> None:
    added = a_slot(8)
    told = replace(facts("session_cancelled", "confirmed"), added=added, next=added, is_first=False)
    said = " ".join(news(told))
    assert said.count(str(added)) == 1
    assert "Nästa möte" not in said
    other = " ".join(news(replace(told, next=a_slot(1))))
    assert f"Nästa möte är {a_slot(1)}." in other
