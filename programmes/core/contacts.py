"""Telephone numbers and e-mail addresses in one written form, so that the same channel is the same text.

A number that text messages may go to, because the person said so, is kept as `sms:+46…` (RFC 5724) where there is no other
place to say it; without that word it is a number for calls.
"""

import re

import phonenumbers

_EMAIL = re.compile(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+\.[^@\s<>\"',;:.]{2,}")
_PHONE = re.compile(r"(\+|00)?[0-9]{8,14}")
_TEXTS = "sms:"
_HOME = "SE"
_TEXTABLE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def one_channel(typed: str) -> str:
    """An address in small letters, or a number as +46… (E.164); empty for what is neither."""
    if _EMAIL.fullmatch(typed):
        return typed.lower()
    # A nought in brackets, as in +46 (0)70, is for callers at home only.
    digits = re.sub(r"[\s().–-]", "", typed.replace("(0)", ""))
    if not _PHONE.fullmatch(digits):
        return ""
    try:
        read = phonenumbers.parse(digits, _HOME)
    except phonenumbers.NumberParseException:
        return ""
    return str(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))


def can_text(number: str) -> bool:
    """Whether a number, as +46…, is one that takes text messages by its country's plan: a mobile number."""
    try:
        read = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(read) and phonenumbers.number_type(read) in _TEXTABLE


def by_text(number: str) -> str:
    """The channel of a number that text messages may go to."""
    return _TEXTS + number


def is_texted(channel: str) -> bool:
    """Whether text messages may go to a channel."""
    return channel.startswith(_TEXTS)


def address(channel: str) -> str:
    """The number or e-mail address of a channel, as somebody would write it."""
    return channel.removeprefix(_TEXTS)
