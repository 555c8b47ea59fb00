"""The second factor: time-based codes (RFC 6238, six digits every thirty seconds) and recovery codes."""

import hmac
from collections.abc import Collection
from datetime import datetime

import pyotp

_STEP_SECONDS = 30
RECOVERY_CODES = 10


def new_secret() -> str:
    """A fresh secret of 160 bits, in base 32 as apps want it."""
    return pyotp.random_base32(32)


def app_address(secret: str, username: str, issuer: str) -> str:
    """What the QR symbol says: an `otpauth` address, read by every code app."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


# A clock that was put right by less than this costs a moment's waiting, by more nothing.
STEPS_AHEAD = 10


def matching_step(secret: str, typed: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is: the running one, or one to either side, for clocks that differ.

    None for a wrong code, and for one of a step that has been accepted already (`after` is the last of them), so that a
    code that was seen over a shoulder opens nothing (RFC 6238, 5.2). A step that is far ahead was accepted while a clock was
    wrong: it keeps nobody out until then.
    """
    totp = pyotp.TOTP(secret)
    running = int(now.timestamp()) // _STEP_SECONDS
    after = 0 if after > running + STEPS_AHEAD else after
    found = None
    for step in (running - 1, running, running + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode()) and step > after:
            found = step
    return found


def digits(typed: str) -> str:
    """Six digits as somebody typed them, with or without spaces; an empty text for anything else."""
    bare = "".join(typed.split())
    return bare if len(bare) == 6 and bare.isascii() and bare.isdigit() else ""


def needs_factor(roles: Collection[str], required: Collection[str]) -> bool:
    """Whether somebody with these roles has to have a second factor (PROGRAMMES_SECOND_FACTOR)."""
    return bool(set(roles) & set(required))
