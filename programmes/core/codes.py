"""Random codes that people type: 80 bits in Crockford's base 32, in groups of four."""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "–": None, "\u00a0": None})
LENGTH = 16


def new_code() -> str:
    """A fresh code of 16 characters (80 bits), without separators."""
    number = secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))


def grouped(code: str) -> str:
    """As printed and shown: `7KQM-2XPA-9TWF-H4RD`."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def normalised(typed: str) -> str | None:
    """What a person typed as a code, or None if it cannot be one. Case, hyphens and the letters O, I, L do not matter."""
    code = typed.strip().upper().translate(_LOOKALIKES)
    if len(code) != LENGTH or any(c not in ALPHABET for c in code):
        return None
    return code


def digest(code: str) -> bytes:
    """The SHA-256 by which a code is looked up; 80 random bits need no salt."""
    return hashlib.sha256(code.encode("ascii")).digest()


def new_token() -> str:
    """An unguessable token for addresses and cookies (160 bits, lower-case letters and digits)."""
    number = secrets.randbits(160)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(155, -1, -5)).lower()
