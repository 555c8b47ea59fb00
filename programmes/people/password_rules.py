"""How easy a password is to guess, by zxcvbn (Wheeler, USENIX Security 2016), and why."""

import re
from collections.abc import Sequence
from typing import Literal

from zxcvbn import zxcvbn

Weakness = Literal["short", "long", "own", "common", "repeat", "sequence", "keyboard", "date", "guessable"]
SHORTEST, LONGEST = 12, 200
# zxcvbn's highest: ten thousand million guesses, far out of reach of the tries that sign-in allows.
_ENOUGH = 4
# What zxcvbn looks at; what comes after can only make a password stronger.
_LOOKED_AT = 72
# zxcvbn knows English. What Swedish offices reach for: the season, the day, the town, the team, and what the service is.
_SWEDISH = re.findall(
    r"\w+",
    """lösenord losenord hemligt hejsan hej hejhej sommar sommaren vinter vintern höst hösten host hosten vår våren varen
    januari februari mars april maj juni juli augusti september oktober november december måndag mandag tisdag onsdag
    torsdag fredag lördag lordag söndag sondag välkommen valkommen sverige svenska stockholm göteborg goteborg malmö malmo
    karlshamn blekinge karlskrona hammarby djurgården aik ifk kommun kommunen socialtjänst socialtjanst omsorg stöd stod
    ansökan ansokan insats grupp gruppledare samordnare enhetschef administratör personal kaffe fika semester julgran jul
    påsk pask midsommar älskar alskar mamma pappa barnen hunden katten familjen arbete jobbet kontoret dator datorn""",
)
_PATTERNS: dict[str, Weakness] = {
    "dictionary": "common",
    "repeat": "repeat",
    "sequence": "sequence",
    "spatial": "keyboard",
    "date": "date",
}


def weaknesses(password: str, about: Sequence[str]) -> list[Weakness]:
    """Every reason not to take this password, none when it is strong enough. `about` are the person's own words."""
    if len(password) < SHORTEST:
        return ["short"]
    if len(password) > LONGEST:
        return ["long"]
    own = {word.lower() for text in about for word in (text, *text.split()) if len(word) > 2}
    found = zxcvbn(password[:_LOOKED_AT], user_inputs=[*own, *_SWEDISH])
    if found["score"] >= _ENOUGH:
        return []
    patterns = {
        "own" if match.get("matched_word") in own else _PATTERNS.get(match["pattern"], "guessable")
        for match in found["sequence"]
    } | {"own" for word in own if word in password.lower()}
    known: tuple[Weakness, ...] = ("own", "common", "repeat", "sequence", "keyboard", "date")
    return [weakness for weakness in known if weakness in patterns] or ["guessable"]
