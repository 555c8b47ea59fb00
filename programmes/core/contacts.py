"""Telephone numbers and e-mail addresses in one written form, so that the same channel is the same text."""

import re

_EMAIL = re.compile(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+\.[^@\s<>\"',;:.]{2,}")
_PHONE = re.compile(r"(\+|00)?[0-9]{8,14}")


def one_channel(typed: str) -> str:
    """An address in small letters, or a number as +46…; empty for what is neither."""
    if _EMAIL.fullmatch(typed):
        return typed.lower()
    digits = re.sub(r"[\s().–-]", "", typed)
    if not _PHONE.fullmatch(digits):
        return ""
    if digits[:1] == "+" or digits[:2] == "00":
        return re.sub(r"^(00|\+)", "+", digits)
    return "+46" + digits.lstrip("0")
