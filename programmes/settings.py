"""The environment, read once into a frozen `Settings`. A wrong value stops the start with a line that says which."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from programmes import database_parameters, network_values
from programmes import setting_values as values_of
from programmes.setting_values import SettingsError, split

__all__ = ["ROLES", "Archive", "Settings", "SettingsError", "SingleSignOn", "read_settings"]

Archive = Literal["sample", "everybody", "nobody"]
ROLES = ("leader", "coordinator", "manager", "administrator")


@dataclass(frozen=True)
class SingleSignOn:
    """An OpenID Connect provider and what its groups mean here: group, role, and section (empty for every programme)."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    groups_claim: str
    roles: tuple[tuple[str, str, str], ...]


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
    sms_url: str = ""
    sms_user: str = ""
    sms_password: str = field(default="", repr=False)
    sms_from: str = "Besked"
    sms_fields: str = "dontlog=message"
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
    archive: Archive = "sample"
    demo: bool = False
    pool_size: int = 10
    burst_most: int = 6
    burst_minutes: int = 10
    clock_standstill_hours: int = 24
    key_quarantine_days: int = 30
    guess_most: int = 20
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_from: tuple[IPv4Network | IPv6Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    allowed_hosts: tuple[str, ...] = ()
    second_factor: tuple[str, ...] = ("coordinator", "manager")
    local_accounts: bool = True
    single_sign_on: SingleSignOn | None = None
    backup_recipients: tuple[str, ...] = ()
    backup_folder: Path = Path(".data/backups")
    key_backup_folder: Path = Path(".data/key-backups")
    backup_days: int = 30
    postgres_programs: Path | None = None

    @property
    def https(self) -> bool:
        """Whether cookies must be Secure and HSTS sent: exactly when the base address is https (DESIGN 10)."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def clock_standstill(self) -> timedelta:
        """For how long everything may have been off. A demo is taken out now and then: any time is believed."""
        return timedelta(days=3650) if self.demo else timedelta(hours=self.clock_standstill_hours)


def _number(name: str, value: str, least: int = 1) -> int:
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= 1000:
        raise SettingsError(f"{name} must be a whole number from {least} to 1000, not {value!r}")
    return int(value)


def _gateway(env: Mapping[str, str]) -> str:
    """Where text messages go: with a password only over https, but for a gateway on this machine (tests)."""
    url = env.get("PROGRAMMES_SMS_URL", "")
    parts, at_home = split("PROGRAMMES_SMS_URL", url), {"127.0.0.1", "localhost", "::1"}
    folder = parts.scheme == "folder" and parts.path
    encrypted = parts.scheme == "https" and parts.hostname
    here = parts.scheme == "http" and parts.hostname in at_home
    if url and (parts.username or not (folder or encrypted or here)):
        raise SettingsError("PROGRAMMES_SMS_URL must be an https address without a password in it, or folder:///…")
    sender = env.get("PROGRAMMES_SMS_FROM", Settings.sms_from)
    if not re.fullmatch(r"[A-Za-z0-9]{3,11}|\+[1-9][0-9]{6,14}", sender):
        raise SettingsError("PROGRAMMES_SMS_FROM must be 3 to 11 letters and digits, or a number as +46…")
    return url


def _recipients(name: str, value: str) -> tuple[str, ...]:
    """Public keys with commas between. What is wrong is not repeated: it may be the private one."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if any("SECRET" in part.upper() for part in found):
        raise SettingsError(
            f"{name} holds a private key. Take it away from this machine; what belongs here is the public one"
        )
    if not all(re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", part) for part in found):
        raise SettingsError(f"{name} must be public keys of age (age1…, 62 signs) with commas between")
    return found


def _roles(name: str, value: str) -> tuple[str, ...]:
    """Roles with commas between; `none` for none of them."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if found == ("none",):
        return ()
    if not found or not set(found) <= set(ROLES):
        raise SettingsError(f"{name} must be some of {', '.join(ROLES)} with commas between, or none, not {value!r}")
    return found


def _switch(name: str, value: str) -> bool:
    if value not in {"0", "1"}:
        raise SettingsError(f"{name} must be 1 or 0, not {value!r}")
    return value == "1"


def _folder(env: Mapping[str, str], name: str, usual: Path) -> Path:
    return values_of.folder(name, env[name]) if name in env else usual


def _folders(env: Mapping[str, str]) -> dict[str, Path]:
    """The five folders. They lie apart: with keys in a backup, or in a folder that web reaches, nothing is sealed."""
    fields = {
        "PROGRAMMES_KEY_FOLDER": "key_folder",
        "PROGRAMMES_BALLOT_KEY_FOLDER": "ballot_key_folder",
        "PROGRAMMES_LOG_KEY_FOLDER": "log_key_folder",
        "PROGRAMMES_BACKUP_FOLDER": "backup_folder",
        "PROGRAMMES_KEY_BACKUP_FOLDER": "key_backup_folder",
    }
    found = {name: _folder(env, name, getattr(Settings, key)) for name, key in fields.items()}
    values_of.apart(found)
    return {fields[name]: path for name, path in found.items()}


def _archive(value: str) -> Archive:
    for known in get_args(Archive):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f"PROGRAMMES_ARCHIVE must be sample, everybody or nobody, not {value!r}")


def _role_of_group(name: str, entry: str) -> tuple[str, str, str]:
    """`group=role` or `group=role/section`. A group's own name may hold equals signs: the last one counts."""
    group, _, told = entry.rpartition("=")
    role, _, section = told.strip().partition("/")
    if not group.strip() or role not in ROLES:
        raise SettingsError(f"{name} must be group=role with semicolons between, the role one of {', '.join(ROLES)}")
    return group.strip(), role, section.strip()


def _single_sign_on(env: Mapping[str, str]) -> SingleSignOn | None:
    """The provider, if one is named. Its address is https, but for one on this machine (tests)."""
    given = {name: env.get(name, default).strip() for name, default in _OIDC.items()}
    issuer = given["PROGRAMMES_OIDC_ISSUER"]
    if not issuer:
        if any(env.get(name) for name in _OIDC):
            raise SettingsError("PROGRAMMES_OIDC_ISSUER is missing; without it no other PROGRAMMES_OIDC_* counts")
        return None
    parts = split("PROGRAMMES_OIDC_ISSUER", issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        raise SettingsError(f"PROGRAMMES_OIDC_ISSUER must be an https address, not {issuer!r}")
    roles = given["PROGRAMMES_OIDC_ROLES"]
    found = tuple(_role_of_group("PROGRAMMES_OIDC_ROLES", part) for part in roles.split(";") if part.strip())
    if not given["PROGRAMMES_OIDC_CLIENT_ID"] or not found:
        raise SettingsError("single sign-on needs PROGRAMMES_OIDC_CLIENT_ID and PROGRAMMES_OIDC_ROLES too")
    return SingleSignOn(
        issuer,
        given["PROGRAMMES_OIDC_CLIENT_ID"],
        given["PROGRAMMES_OIDC_CLIENT_SECRET"],
        given["PROGRAMMES_OIDC_NAME"],
        given["PROGRAMMES_OIDC_GROUPS_CLAIM"],
        found,
    )


def _local_accounts(env: Mapping[str, str], single_sign_on: SingleSignOn | None) -> bool:
    allowed = _switch("PROGRAMMES_LOCAL_ACCOUNTS", env.get("PROGRAMMES_LOCAL_ACCOUNTS", "1"))
    if not allowed and single_sign_on is None:
        raise SettingsError("PROGRAMMES_LOCAL_ACCOUNTS is 0 and no PROGRAMMES_OIDC_ISSUER is set: nobody could sign in")
    return allowed


_OIDC = {
    "PROGRAMMES_OIDC_ISSUER": "",
    "PROGRAMMES_OIDC_CLIENT_ID": "",
    "PROGRAMMES_OIDC_CLIENT_SECRET": "",
    "PROGRAMMES_OIDC_NAME": "kommunens konto",
    "PROGRAMMES_OIDC_GROUPS_CLAIM": "groups",
    "PROGRAMMES_OIDC_ROLES": "",
}
_TEXTS = {
    "PROGRAMMES_MAIL_URL": "mail_url",
    "PROGRAMMES_MAIL_FROM": "mail_from",
    "PROGRAMMES_SMS_USER": "sms_user",
    "PROGRAMMES_SMS_PASSWORD": "sms_password",
    "PROGRAMMES_SMS_FROM": "sms_from",
    "PROGRAMMES_SMS_FIELDS": "sms_fields",
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
    "PROGRAMMES_SMS_URL",
    "PROGRAMMES_ARCHIVE",
    "PROGRAMMES_DEMO",
    "PROGRAMMES_POOL_SIZE",
    "PROGRAMMES_BURST_MOST",
    "PROGRAMMES_BURST_MINUTES",
    "PROGRAMMES_CLOCK_STANDSTILL_HOURS",
    "PROGRAMMES_KEY_QUARANTINE_DAYS",
    "PROGRAMMES_GUESS_MOST",
    "PROGRAMMES_TRUSTED_PROXIES",
    "PROGRAMMES_METRICS_FROM",
    "PROGRAMMES_ALLOWED_HOSTS",
    "PROGRAMMES_SECOND_FACTOR",
    "PROGRAMMES_LOCAL_ACCOUNTS",
    "PROGRAMMES_BACKUP_RECIPIENT",
    "PROGRAMMES_BACKUP_FOLDER",
    "PROGRAMMES_KEY_BACKUP_FOLDER",
    "PROGRAMMES_BACKUP_DAYS",
    "PROGRAMMES_POSTGRES_PROGRAMS",
    *_OIDC,
}


def _programs(env: Mapping[str, str]) -> Path | None:
    name = "PROGRAMMES_POSTGRES_PROGRAMS"
    return values_of.folder(name, env[name]) if env.get(name) else None


# What is kept as it stands, and still cannot be anything.
_RULES = {
    "PROGRAMMES_MAIL_URL": values_of.mail_server,
    "PROGRAMMES_MAIL_FROM": values_of.mail_address,
    "PROGRAMMES_EXIT_URL": values_of.web_address,
    "PROGRAMMES_PHONE": values_of.telephone,
}


def _must_be_text(env: Mapping[str, str]) -> None:
    """No byte that is no UTF-8: pages, mails and the log could not be written with it. Where folders lie is the disk's."""
    names = (name for name in (*_TEXTS, *_OTHERS) if not name.endswith("_FOLDER"))
    wrong = [name for name in names if any("\ud800" <= char <= "\udfff" for char in env.get(name, ""))]
    if wrong:
        raise SettingsError(f"not UTF-8: {', '.join(sorted(wrong))}")


def _must_be_seen(env: Mapping[str, str]) -> None:
    """No line break and nothing else that no page shows: it would come into headers of mails, and into the log. What is
    secret may be anything, and where folders lie is the disk's."""
    for name in (*_TEXTS, *_OTHERS, *_DATABASES):
        if not name.endswith(("_PASSWORD", "_SECRET", "_FOLDER")):
            values_of.seen(name, env.get(name, ""))


_DATABASES = ("DATABASE_URL", "PROGRAMMES_WEB_DATABASE_URL", "PROGRAMMES_WORKER_DATABASE_URL")


def _must_ask_for_the_primary(env: Mapping[str, str]) -> None:
    """Of several hosts of a database one takes writes. Without saying so a standby might be asked, and refuse."""
    for name in _DATABASES:
        address = values_of.database_address(name, env.get(name, ""))
        asked = parse_qsl(urlsplit(address).query, keep_blank_values=True)
        given = dict(asked)
        several, ports = values_of.hosts(address), given.get("port", "").split(",")
        if len(several) > 1 and given.get("target_session_attrs") not in {"read-write", "primary"}:
            raise SettingsError(f"{name} names several hosts: add target_session_attrs=read-write to its parameters")
        if "host" in given and len(ports) not in {1, len(several)}:
            raise SettingsError(f"{name} names {len(several)} hosts and {len(ports)} ports")
        database_parameters.check(name, asked, env)


def _look_over(env: Mapping[str, str]) -> None:
    """What is looked at before anything is read: names, letters, what must be said, and addresses."""
    if unknown := values_of.unknown(env, {*_TEXTS, *_OTHERS}):
        raise SettingsError(f"unknown setting: {unknown}")
    _must_be_text(env)
    _must_be_seen(env)
    values_of.given(env, (*_DATABASES, "PROGRAMMES_MUNICIPALITY"))
    for name, rule in _RULES.items():
        rule(name, env.get(name, getattr(Settings, _TEXTS[name])))
    _must_ask_for_the_primary(env)


def _databases(env: Mapping[str, str]) -> dict[str, str]:
    """The addresses of the database; whoever is given one alone uses it for everything."""
    owner = env.get("DATABASE_URL", "")
    return {
        "database_url": owner,
        "web_database_url": env.get("PROGRAMMES_WEB_DATABASE_URL", owner),
        "worker_database_url": env.get("PROGRAMMES_WORKER_DATABASE_URL", owner),
    }


# Field, least number. What stands for itself without a setting is the class's.
_NUMBERS = {
    "PROGRAMMES_POOL_SIZE": ("pool_size", 1),
    "PROGRAMMES_BURST_MOST": ("burst_most", 0),
    "PROGRAMMES_BURST_MINUTES": ("burst_minutes", 1),
    "PROGRAMMES_CLOCK_STANDSTILL_HOURS": ("clock_standstill_hours", 1),
    "PROGRAMMES_KEY_QUARANTINE_DAYS": ("key_quarantine_days", 7),
    "PROGRAMMES_GUESS_MOST": ("guess_most", 0),
    "PROGRAMMES_BACKUP_DAYS": ("backup_days", 1),
}


def _numbers(env: Mapping[str, str]) -> dict[str, int]:
    return {key: _number(name, env[name], least) for name, (key, least) in _NUMBERS.items() if name in env}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: an unknown `PROGRAMMES_*` name, or a value that cannot be.
    """
    env = os.environ if environment is None else environment
    _look_over(env)
    values: dict[str, object] = {key: env[name] for name, key in _TEXTS.items() if name in env}
    values |= {**_folders(env), **_databases(env), **_numbers(env)}
    single_sign_on = _single_sign_on(env)
    demo = env.get("PROGRAMMES_DEMO", "") != "" and _switch("PROGRAMMES_DEMO", env["PROGRAMMES_DEMO"])
    return Settings(
        base_url=values_of.base_address("PROGRAMMES_BASE_URL", env.get("PROGRAMMES_BASE_URL", Settings.base_url), demo),
        sms_url=_gateway(env),
        archive=_archive(env.get("PROGRAMMES_ARCHIVE", Settings.archive)),
        demo=demo,
        metrics_from=network_values.networks(
            "PROGRAMMES_METRICS_FROM", env.get("PROGRAMMES_METRICS_FROM", "127.0.0.0/8, ::1/128")
        ),
        trusted_proxies=network_values.proxies("PROGRAMMES_TRUSTED_PROXIES", env.get("PROGRAMMES_TRUSTED_PROXIES", "")),
        allowed_hosts=network_values.hosts("PROGRAMMES_ALLOWED_HOSTS", env.get("PROGRAMMES_ALLOWED_HOSTS", "")),
        second_factor=_roles(
            "PROGRAMMES_SECOND_FACTOR", env.get("PROGRAMMES_SECOND_FACTOR", ",".join(Settings.second_factor))
        ),
        local_accounts=_local_accounts(env, single_sign_on),
        single_sign_on=single_sign_on,
        backup_recipients=_recipients("PROGRAMMES_BACKUP_RECIPIENT", env.get("PROGRAMMES_BACKUP_RECIPIENT", "")),
        postgres_programs=_programs(env),
        **values,  # type: ignore[arg-type]
    )
