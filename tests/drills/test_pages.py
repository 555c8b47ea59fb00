"""Which answers a drill calls a page that says what to do."""

import pytest

from drills import pages

GOOD = '<html lang="sv"><h1>Det går inte just nu</h1><a class="btn btn--main" href="/">Prova igen</a> Ring oss på 000'
RETRY = {"retry-after": "60"}


@pytest.mark.parametrize(("status", "headers", "text", "seconds", "said"), [
    (200, {}, "<p>", 1, ""),
    (503, RETRY, GOOD, 26, ""),
    (503, RETRY, GOOD, 31, "503 after more than 30 s"),
    (503, {}, GOOD, 1, "503 without Retry-After"),
    (500, {}, GOOD, 1, "500 where the service only was away for a while (503)"),
    (503, RETRY, GOOD + "Traceback (most recent call last)", 1, "503 with raw words (Traceback)"),
    (500, {}, "Internal Server Error", 1, "500 with raw words (Internal Server Error)"),
    (503, RETRY, GOOD.replace("sv", "en"), 1, "503 without a page in Swedish"),
    (503, RETRY, GOOD.replace("btn", "no"), 1, "503 without a button that leads on"),
    (503, RETRY, GOOD.replace("Ring oss", ""), 1, "503 that does not say whom to ring"),
    (503, RETRY, GOOD.replace("Ring oss", "Skriv koden på lappen"), 1, ""),
    (503, RETRY | {"content-type": "application/problem+json"}, "{}", 1, ""),
])  # fmt: skip
def test_what_is_wrong_with_a_page(status: int, headers: dict[str, str], text: str, seconds: float, said: str) -> None:
    assert pages.problem(status, headers, text, seconds) == said


@pytest.mark.parametrize(("status", "location", "text", "outcome"), [
    (303, "/u/tack?lang=sv", "", "acknowledged"),
    (303, "/u/tack?stangd=1", "", "refused"),
    (303, "/logga-in", "", "refused"),
    (422, "", "", "refused"),
    (503, "", "Det du skickade är inte sparat, men", "unsaved"),
    (503, "", "Det du skickade är kanske inte sparat.", "unsure"),
    (0, "", "", "unsure"),
])  # fmt: skip
def test_what_an_answer_says_became_of_a_write(status: int, location: str, text: str, outcome: str) -> None:
    assert pages.outcome(status, {"location": location} if location else {}, text, r"/u/tack\?lang=sv") == outcome


def test_the_words_that_promise_that_nothing_was_saved_are_those_of_the_page() -> None:
    from pathlib import Path

    assert pages._UNSAVED in Path("templates/errors/unavailable.html").read_text(encoding="utf-8")
