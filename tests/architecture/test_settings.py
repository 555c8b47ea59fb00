"""docs/settings.md lists every setting, with its default, and nothing else."""

import re
from pathlib import Path

import pytest

from programmes import settings as module
from programmes.settings import Settings, SettingsError, read_settings

ROOT = Path(__file__).resolve().parents[2]


def documented() -> dict[str, str]:
    """Names and defaults as the table gives them."""
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| ([^|]*) \|", (ROOT / "docs/settings.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(rows)


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert set(documented()) == {"DATABASE_URL", *module._TEXTS, *module._OTHERS}


def test_the_documented_defaults_are_the_real_ones() -> None:
    found = read_settings({})
    by_name = {**module._TEXTS, "PROGRAMMES_BASE_URL": "base_url", "PROGRAMMES_KEY_FOLDER": "key_folder"}
    by_name |= {"PROGRAMMES_BALLOT_KEY_FOLDER": "ballot_key_folder", "PROGRAMMES_POOL_SIZE": "pool_size"}
    by_name |= {"PROGRAMMES_BURST_MOST": "burst_most", "PROGRAMMES_BURST_MINUTES": "burst_minutes"}
    by_name |= {"PROGRAMMES_GUESS_MOST": "guess_most", "PROGRAMMES_LOG_KEY_FOLDER": "log_key_folder"}
    for name, attribute in by_name.items():
        told = documented()[name]
        real = str(getattr(found, attribute))
        assert told == f"`{real}`" if real else told.startswith("none"), name


def test_without_an_environment_everything_is_as_the_class_says() -> None:
    assert read_settings({}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROGRAMMES_BASE_URL", "example.se"),
        ("PROGRAMMES_BASE_URL", "ftp://example.se"),
        ("PROGRAMMES_POOL_SIZE", "many"),
        ("PROGRAMMES_POOL_SIZE", "0"),
        ("PROGRAMMES_COLOUR", "blue"),
        ("PROGRAMMES_BURST_MOST", "-1"),
        ("PROGRAMMES_BURST_MOST", "²"),
        ("PROGRAMMES_BURST_MINUTES", "0"),
        ("PROGRAMMES_TRUSTED_PROXIES", "proxy.local"),
        ("PROGRAMMES_TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_a_wrong_or_unknown_setting_is_said_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})
