"""Text sealed with a key of its own, about one row, so that it opens nowhere else (AES-GCM). Its length is one of few."""

import secrets
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


_BLOCK = 64


class Unreadable(Exception):
    """The sealed bytes are cut short, altered, or belong to another key or row."""


def seal_text(key: bytes, text: str, about: bytes) -> bytes:
    raw = text.encode()
    padded = len(raw).to_bytes(4, "big") + raw
    padded += b"\0" * (-len(padded) % _BLOCK)
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, padded, about)


def open_text(key: bytes, sealed: bytes, about: bytes) -> str:
    """The text. Raises Unreadable for anything that `seal_text` did not make with this key, about this."""
    try:
        padded = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")].decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable("not what this key sealed") from error


def open_by_one(found: Iterator[bytes], sealed: bytes, about: bytes) -> str:
    """The text, by the first of these keys that opens it. While a key is being rotated there are two."""
    last = Unreadable("no key")
    for key in found:
        try:
            return open_text(key, sealed, about)
        except Unreadable as error:
            last = error
    raise last
