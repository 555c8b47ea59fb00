"""When two rooms are one."""

from unicodedata import normalize


def same_name(one: str, other: str) -> bool:
    """Whether two rooms would be read as one: by the words, however their letters and spaces are written."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(normalize("NFKC", name).casefold().split())
