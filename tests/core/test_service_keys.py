"""The service's own keys: one that was there once is not made anew where another one would do harm."""

from pathlib import Path

import pytest

from programmes.core import service_keys
from programmes.core.sealing import KeyFolder, KeysAway

NAMES = ("second-factor", "search", "feed", "csrf", "backup")


def _key(folder: Path, name: str) -> Path:
    return folder / "service" / f"{name}.key"


def test_what_is_kept_lies_under_keys_that_are_not_made_anew(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    before = {name: keys.service_key(name) for name in NAMES}
    assert keys.missing_service_keys() == []
    for name in NAMES:
        _key(tmp_path, name).rename(tmp_path / name)
    assert keys.missing_service_keys() == sorted(NAMES)
    # This process, which has seen them, and one that starts now.
    for some in (keys, KeyFolder(tmp_path)):
        for name in service_keys.LASTING:
            for use in (some.service_key, some.service_keys, some.newest_service_key, some.service_successor):
                with pytest.raises(KeysAway, match=f"the key `{name}` is not in the folder"):
                    use(name)
            assert not _key(tmp_path, name).exists()
    # The others are, for they say nothing of what is kept.
    assert keys.service_key("csrf") != before["csrf"]
    # Put back it is as before.
    (tmp_path / "search").rename(_key(tmp_path, "search"))
    assert keys.service_key("search") == before["search"]
    assert keys.missing_service_keys() == ["backup", "feed", "second-factor"]


def test_who_says_that_it_is_lost_gets_another_one(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    before = keys.service_key("search")
    _key(tmp_path, "search").unlink()
    service_keys.give_up(tmp_path, keys.missing_service_keys())
    assert keys.missing_service_keys() == []
    assert keys.service_key("search") != before
    # And that one counts as any other.
    _key(tmp_path, "search").unlink()
    with pytest.raises(KeysAway):
        KeyFolder(tmp_path).service_key("search")


def test_a_key_of_the_release_before_or_from_a_copy_is_noted_when_it_is_first_asked_for(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    _key(tmp_path, "feed").write_bytes(b"f" * 32)
    assert keys.missing_service_keys() == []
    assert keys.service_key("feed") == b"f" * 32
    _key(tmp_path, "feed").unlink()
    assert keys.missing_service_keys() == ["feed"]
