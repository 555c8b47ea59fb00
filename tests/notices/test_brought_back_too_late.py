"""What is brought back to a day that is over is nothing that anybody comes to, and no word says so."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from programmes.core.i18n import speaking
from programmes.desk.group.left_pages import left_text
from programmes.desk.today.staff_belief_rules import AsItIs, Stand
from programmes.desk.today.staff_belief_rules import left_of as staff_left
from programmes.desk.today.staff_message_rules import Message, letter
from programmes.notices.belief_rules import Known, still_different
from programmes.notices.left_rules import left_of
from programmes.notices.letter_fact_rules import Became, Facts, Slot
from programmes.notices.session_letter_rules import rest_news, session_news

NOW = datetime(2026, 9, 2, 15, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(moment: datetime) -> Known:
    return Known(moment, moment + HOUR, 1)


def stand(moment: datetime, *, on: bool, leads: bool = True) -> Stand:
    return Stand(moment, moment + HOUR, 1, on, leads)


def test_whom_the_later_day_was_told_hears_that_nothing_is_then() -> None:
    later, been = at(NOW + 7 * DAY), at(NOW - DAY)
    assert still_different({1: later}, {1: been}, NOW) == {1: (later, None)}
    left = left_of({1: later}, {1: been}, NOW)
    assert left
    with speaking("sv"):
        assert left_text(left) == "Det blir inget onsdag 9 september 17.00."
    assert left_of({1: None}, {1: been}, NOW) is None
    going_on = at(NOW - HOUR / 2)
    assert still_different({1: later}, {1: going_on}, NOW) == {1: (later, going_on)}


def test_a_message_says_so_too() -> None:
    later = Slot(NOW + 7 * DAY, NOW + 7 * DAY + HOUR)
    one = Became(later, None)
    with speaking("sv"):
        undone = Facts("change_undone", "confirmed", became=(one,), named=3)
        assert rest_news(undone)[-1] == "Mötet onsdag 9 september 17.00–18.00 blir inte av."
        moved = Facts("session_moved", "confirmed", session=Slot(NOW - DAY, NOW - DAY + HOUR), moved=one)
        assert session_news(moved) == ["Mötet onsdag 9 september 17.00–18.00 blir inte av."]


def test_staff_are_not_told_to_lead_what_has_been() -> None:
    cancelled, back = stand(NOW + 7 * DAY, on=False), stand(NOW - DAY, on=True)
    assert staff_left({1: cancelled}, {1: AsItIs(back)}, True, NOW) == ()
    assert staff_left({1: stand(NOW + 7 * DAY, on=True)}, {1: AsItIs(back)}, True, NOW) != ()
    # A server may have taken a mail about a day in between.
    maybe = staff_left({1: cancelled}, {1: AsItIs(back)}, False, NOW)
    message = Message(uuid4(), "moved", "x", NOW, NOW, False, None, became=maybe)
    with speaking("sv"):
        said = letter(message, "http://x", "Y").news[0]
    assert said == "Det som du kan ha hört om, och som var tisdag 1 september 17.00–18.00, har redan varit."
