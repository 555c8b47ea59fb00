"""The environment, read once into a frozen `Settings`. A wrong value stops the start with a line that says which."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting is missing or wrong; the message is meant for the administrator."""


@dataclass(frozen=True)
class Settings:
    """What one installation decides. Every field is one environment variable, see `docs/settings.md`."""

    database_url: str = ""
    web_database_url: str = ""
    worker_database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    key_folder: Path = Path(".data/keys")
    ballot_key_folder: Path = Path(".data/ballot-keys")
    log_key_folder: Path = Path(".data/log-keys")
    mail_url: str = ""
    mail_from: str = "noreply@example.invalid"
    municipality: str = "Karlshamns kommun"
    office: str = "omsorg och arbetsmarknad"
    phone: str = "000-00 00 00"
    phone_hours: str = "vardagar 9–15"
    visit_address: str = "Hamngatan 4"
    visit_hours: str = "måndag och torsdag 13–16"
    phone_hours_en: str = "weekdays 9–15"
    visit_hours_en: str = "Monday and Thursday 13–16"
    exit_url: str = "https://www.google.se/"
    board_decision: str = ""
    demo: bool = False
    pool_size: int = 10
    burst_most: int = 6
    burst_minutes: int = 10
    guess_most: int = 20
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def https(self) -> bool:
        """Whether cookies must be Secure and HSTS sent: exactly when the base address is https (DESIGN 10)."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


def _number(name: str, value: str, least: int = 1) -> int:
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= 1000:
        raise SettingsError(f"{name} must be a whole number from {least} to 1000, not {value!r}")
    return int(value)


def _networks(name: str, value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise SettingsError(f"{name} must be addresses or networks with commas between, not {value!r}") from None


def _address(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsError(f"{name} must be an http or https address, not {value!r}")
    return value.rstrip("/")


_TEXTS = {
    "PROGRAMMES_MAIL_URL": "mail_url",
    "PROGRAMMES_MAIL_FROM": "mail_from",
    "PROGRAMMES_MUNICIPALITY": "municipality",
    "PROGRAMMES_OFFICE": "office",
    "PROGRAMMES_PHONE": "phone",
    "PROGRAMMES_PHONE_HOURS": "phone_hours",
    "PROGRAMMES_VISIT_ADDRESS": "visit_address",
    "PROGRAMMES_VISIT_HOURS": "visit_hours",
    "PROGRAMMES_PHONE_HOURS_EN": "phone_hours_en",
    "PROGRAMMES_VISIT_HOURS_EN": "visit_hours_en",
    "PROGRAMMES_EXIT_URL": "exit_url",
    "PROGRAMMES_BOARD_DECISION": "board_decision",
}
_OTHERS = {
    "PROGRAMMES_WEB_DATABASE_URL",
    "PROGRAMMES_WORKER_DATABASE_URL",
    "PROGRAMMES_BASE_URL",
    "PROGRAMMES_KEY_FOLDER",
    "PROGRAMMES_BALLOT_KEY_FOLDER",
    "PROGRAMMES_LOG_KEY_FOLDER",
    "PROGRAMMES_DEMO",
    "PROGRAMMES_POOL_SIZE",
    "PROGRAMMES_BURST_MOST",
    "PROGRAMMES_BURST_MINUTES",
    "PROGRAMMES_GUESS_MOST",
    "PROGRAMMES_TRUSTED_PROXIES",
}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: an unknown `PROGRAMMES_*` name, or a value that cannot be.
    """
    env = os.environ if environment is None else environment
    unknown = {k for k in env if k.startswith("PROGRAMMES_")} - set(_TEXTS) - _OTHERS
    if unknown:
        raise SettingsError(f"unknown setting: {', '.join(sorted(unknown))}")
    values: dict[str, object] = {key: env[name] for name, key in _TEXTS.items() if name in env}
    owner = env.get("DATABASE_URL", "")
    base = _address("PROGRAMMES_BASE_URL", env.get("PROGRAMMES_BASE_URL", Settings.base_url))
    return Settings(
        database_url=owner,
        web_database_url=env.get("PROGRAMMES_WEB_DATABASE_URL", owner),
        worker_database_url=env.get("PROGRAMMES_WORKER_DATABASE_URL", owner),
        base_url=base,
        key_folder=Path(env.get("PROGRAMMES_KEY_FOLDER", str(Settings.key_folder))),
        ballot_key_folder=Path(env.get("PROGRAMMES_BALLOT_KEY_FOLDER", str(Settings.ballot_key_folder))),
        log_key_folder=Path(env.get("PROGRAMMES_LOG_KEY_FOLDER", str(Settings.log_key_folder))),
        demo=env.get("PROGRAMMES_DEMO", "") == "1",
        pool_size=_number("PROGRAMMES_POOL_SIZE", env.get("PROGRAMMES_POOL_SIZE", "10")),
        burst_most=_number("PROGRAMMES_BURST_MOST", env.get("PROGRAMMES_BURST_MOST", "6"), least=0),
        burst_minutes=_number("PROGRAMMES_BURST_MINUTES", env.get("PROGRAMMES_BURST_MINUTES", "10")),
        guess_most=_number("PROGRAMMES_GUESS_MOST", env.get("PROGRAMMES_GUESS_MOST", "20"), least=0),
        trusted_proxies=_networks("PROGRAMMES_TRUSTED_PROXIES", env.get("PROGRAMMES_TRUSTED_PROXIES", "")),
        **values,  # type: ignore[arg-type]
    )
