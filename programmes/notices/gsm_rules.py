"""The alphabet of text messages, and how many segments words take (3GPP TS 23.038, 23.040). Pure.

Texts are paid for and shown in segments: 160 signs of the alphabet, or 153 each where there are several. One sign outside
the alphabet makes them 70 and 67, so such signs are written otherwise.
"""

import unicodedata

_ONE, EACH = 160, 153
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take the room of two.
_DOUBLE = frozenset("^{}\\[~]|€")
_OTHERWISE = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "\u00a0": " ", "\u202f": " ", "’": "'", "”": '"', "“": '"', "…": "..."}
)


def plain(words: str) -> str:
    """The same in the GSM alphabet; a letter that is not in it without its mark."""
    return "".join(_written(sign) for sign in words.translate(_OTHERWISE))


def _written(sign: str) -> str:
    if sign in _BASIC or sign in _DOUBLE:
        return sign
    bare = unicodedata.normalize("NFD", sign)[0]
    return bare if bare in _BASIC else "?"


def room(words: str) -> int:
    """How many places of the GSM alphabet words take."""
    return sum(2 if sign in _DOUBLE else 1 for sign in words)


def segments(words: str) -> int:
    """Into how many segments words in the GSM alphabet are split."""
    taken = room(words)
    return 1 if taken <= _ONE else -(-taken // EACH)
