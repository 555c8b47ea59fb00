"""docs/settings.md lists every setting, with its default, and nothing else."""

import re
from pathlib import Path
from typing import get_args

import pytest

from programmes import settings as module
from programmes.core.principal import Role
from programmes.setting_values import hosts
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
    by_name |= {"PROGRAMMES_CLOCK_STANDSTILL_HOURS": "clock_standstill_hours"}
    by_name |= {"PROGRAMMES_KEY_QUARANTINE_DAYS": "key_quarantine_days"}
    by_name |= {"PROGRAMMES_GUESS_MOST": "guess_most", "PROGRAMMES_LOG_KEY_FOLDER": "log_key_folder"}
    by_name |= {"PROGRAMMES_LOCAL_ACCOUNTS": "local_accounts", "PROGRAMMES_SECOND_FACTOR": "second_factor"}
    by_name |= {"PROGRAMMES_ARCHIVE": "archive", "PROGRAMMES_BACKUP_FOLDER": "backup_folder"}
    by_name |= {"PROGRAMMES_KEY_BACKUP_FOLDER": "key_backup_folder", "PROGRAMMES_BACKUP_DAYS": "backup_days"}
    for name, attribute in by_name.items():
        told = documented()[name]
        value = getattr(found, attribute)
        real = ",".join(value) if isinstance(value, tuple) else str(int(value) if isinstance(value, bool) else value)
        assert told == f"`{real}`" if real else told.startswith("none"), name


OIDC = {
    "PROGRAMMES_OIDC_ISSUER": "https://login.example.se/realm",
    "PROGRAMMES_OIDC_CLIENT_ID": "stod",
    "PROGRAMMES_OIDC_ROLES": "CN=Stod,OU=Grupper=coordinator; ledare = leader/2.8;",
}


def test_groups_mean_roles_and_the_last_equals_sign_counts() -> None:
    found = read_settings(OIDC).single_sign_on
    assert found
    assert found.roles == (("CN=Stod,OU=Grupper", "coordinator", ""), ("ledare", "leader", "2.8"))
    assert (found.name, found.groups_claim, found.client_secret) == ("kommunens konto", "groups", "")
    assert read_settings({**OIDC, "PROGRAMMES_LOCAL_ACCOUNTS": "0"}).local_accounts is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROGRAMMES_OIDC_ISSUER", "http://login.example.se"),
        ("PROGRAMMES_OIDC_ISSUER", "login.example.se"),
        ("PROGRAMMES_OIDC_CLIENT_ID", ""),
        ("PROGRAMMES_OIDC_ROLES", ""),
        ("PROGRAMMES_OIDC_ROLES", "group=boss"),
        ("PROGRAMMES_OIDC_ROLES", "leader"),
    ],
)
def test_half_a_provider_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**OIDC, name: value})


def test_groups_without_a_provider_stop_the_start_and_an_empty_name_is_none() -> None:
    with pytest.raises(SettingsError, match="PROGRAMMES_OIDC_ISSUER"):
        read_settings({"PROGRAMMES_OIDC_ROLES": "a=leader"})
    assert read_settings({"PROGRAMMES_OIDC_ISSUER": ""}).single_sign_on is None


def test_the_roles_of_the_settings_are_the_roles_there_are() -> None:
    assert get_args(Role) == module.ROLES


def test_without_an_environment_everything_is_as_the_class_says() -> None:
    assert read_settings({}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROGRAMMES_BASE_URL", "example.se"),
        ("PROGRAMMES_BASE_URL", "ftp://example.se"),
        ("PROGRAMMES_BASE_URL", "http://stod.example.se"),
        ("PROGRAMMES_BASE_URL", "http://stod.kommun.local"),
        ("PROGRAMMES_BASE_URL", "https://stod.example.se/stod"),
        ("PROGRAMMES_BASE_URL", "https://stod.example.se:99999"),
        ("PROGRAMMES_BASE_URL", "https://[stod"),
        ("PROGRAMMES_BASEURL", "https://stod.example.se"),
        ("PROGRAMME_KEY_FOLDER", "/srv/keys"),
        ("PROGRAMMES_KEY_FOLDER", "keys"),
        ("PROGRAMMES_KEY_FOLDER", ""),
        ("PROGRAMMES_BACKUP_FOLDER", "../backups"),
        ("PROGRAMMES_POSTGRES_PROGRAMS", "bin"),
        ("PROGRAMMES_DEMO", "yes"),
        ("PROGRAMMES_EXIT_URL", "www.google.se"),
        ("PROGRAMMES_MAIL_FROM", "stod"),
        ("PROGRAMMES_MAIL_URL", "mail.example.se"),
        ("PROGRAMMES_MAIL_URL", "smtp://mail.example.se?tls"),
        ("PROGRAMMES_MAIL_URL", "smtps://mail.example.se?starttls"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:a/b@mail.example.se:587"),
        ("PROGRAMMES_SMS_URL", "http://gateway.example.se"),
        ("DATABASE_URL", "db.example.se/programmes"),
        ("PROGRAMMES_WEB_DATABASE_URL", "mysql://db/programmes"),
        ("PROGRAMMES_POOL_SIZE", "many"),
        ("PROGRAMMES_POOL_SIZE", "0"),
        ("PROGRAMMES_COLOUR", "blue"),
        ("PROGRAMMES_BURST_MOST", "-1"),
        ("PROGRAMMES_BURST_MOST", "²"),
        ("PROGRAMMES_BURST_MINUTES", "0"),
        ("PROGRAMMES_TRUSTED_PROXIES", "proxy.local"),
        ("PROGRAMMES_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("PROGRAMMES_ARCHIVE", "all"),
        ("PROGRAMMES_ARCHIVE", ""),
        ("PROGRAMMES_SECOND_FACTOR", "boss"),
        ("PROGRAMMES_SECOND_FACTOR", ""),
        ("PROGRAMMES_BACKUP_RECIPIENT", "somebody"),
        ("PROGRAMMES_BACKUP_RECIPIENT", "AGE-SECRET-KEY-1QQ"),
        ("PROGRAMMES_BACKUP_DAYS", "0"),
        ("PROGRAMMES_LOCAL_ACCOUNTS", "no"),
        ("PROGRAMMES_LOCAL_ACCOUNTS", "0"),
    ],
)
def test_a_wrong_or_unknown_setting_is_said_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize("name", ["PROGRAMMES_OIDC_NAME", "PROGRAMMES_MUNICIPALITY", "PROGRAMMES_BASE_URL"])
def test_bytes_that_are_no_text_are_refused_by_the_name_of_the_setting(name: str) -> None:
    value = b"Malm\xf6 \xff".decode("utf-8", "surrogateescape")
    provider = {"PROGRAMMES_OIDC_ISSUER": "https://a.example", "PROGRAMMES_OIDC_CLIENT_ID": "a"}
    with pytest.raises(SettingsError, match=f"^not UTF-8: {name}$"):
        read_settings({**provider, "PROGRAMMES_OIDC_ROLES": "a=leader", name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_URL", "kim:hemligt@db"), ("PROGRAMMES_MAIL_URL", "smtp://kim:hem/ligt@mail")]
)
def test_what_may_hold_a_password_is_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as wrong:
        read_settings({name: value})
    assert not [part for part in ("hem", "ligt", "kim") if part in str(wrong.value)]


def test_a_name_that_is_nearly_one_is_said_with_the_one_that_may_be_meant_and_others_are_left_alone() -> None:
    with pytest.raises(SettingsError, match=r"PROGRAMMES_BASEURL \(is PROGRAMMES_BASE_URL meant\?\)"):
        read_settings({"PROGRAMMES_BASEURL": "x"})
    assert read_settings({"PROGRAMFILES": "x", "PROGRAM_FILES": "x", "PORT": "1", "DATABASE_URLS": "x"}) == Settings()


@pytest.mark.parametrize("inner", ["PROGRAMMES_BALLOT_KEY_FOLDER", "PROGRAMMES_BACKUP_FOLDER", "PROGRAMMES_LOG_KEY_FOLDER"])
def test_folders_that_lie_in_each_other_stop_the_start(inner: str) -> None:
    for path in ("/srv/keys", "/srv/keys/more"):
        with pytest.raises(SettingsError, match="apart"):
            read_settings({"PROGRAMMES_KEY_FOLDER": "/srv/keys", inner: path})
    assert read_settings({"PROGRAMMES_KEY_FOLDER": "/srv/keys", inner: "/srv/keys-more"})


def test_without_tls_it_is_for_this_machine_or_a_demo() -> None:
    for url in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:80", "https://stod.example.se"):
        assert read_settings({"PROGRAMMES_BASE_URL": f"{url}/"}).base_url == url
    assert read_settings({"PROGRAMMES_BASE_URL": "http://10.1.2.3:8000", "PROGRAMMES_DEMO": "1"}).demo


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://kim:a@b@db/x", [("db", 5432)]),
        ("postgresql://kim@a:1,b,[::1]:3/x?target_session_attrs=primary", [("a", 1), ("b", 5432), ("::1", 3)]),
        ("postgresql://kim:@/x?host=/run/a,/run/b&port=1,2", [("/run/a", 1), ("/run/b", 2)]),
        ("postgresql://kim@db/x?port=6432", [("db", 6432)]),
        ("", []),
    ],
)
def test_every_host_of_a_database_is_known(url: str, expected: list[tuple[str, int]]) -> None:
    assert hosts(url) == expected


@pytest.mark.parametrize("name", ["DATABASE_URL", "PROGRAMMES_WEB_DATABASE_URL", "PROGRAMMES_WORKER_DATABASE_URL"])
def test_an_address_of_several_hosts_asks_for_the_one_that_takes_writes(name: str) -> None:
    for address in ("postgresql://u:p@a,b/d", "postgresql://a:1,b:2/d", "postgresql://u:@/d?host=/a,/b&port=1,2"):
        more = "&" if "?" in address else "?"
        for wrong in ("", f"{more}target_session_attrs=any", f"{more}target_session_attrs=standby"):
            with pytest.raises(SettingsError, match=f"{name} names several hosts: add target_session_attrs=read-write"):
                read_settings({name: address + wrong})
        for right in ("read-write", "primary"):
            read_settings({name: f"{address}{more}target_session_attrs={right}"})
    for one in ("postgresql://u:p,q@a/d", "postgresql://u:@/d?host=/a&port=1"):
        read_settings({name: one})
    with pytest.raises(SettingsError, match="2 hosts and 3 ports"):
        read_settings({name: "postgresql:///d?host=a,b&port=1,2,3&target_session_attrs=primary"})


@pytest.mark.parametrize("name", ["DATABASE_URL", "PROGRAMMES_WEB_DATABASE_URL", "PROGRAMMES_WORKER_DATABASE_URL"])
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("sslmode=foo", "sslmode that cannot be: it is one of disable, allow, prefer"),
        ("sslmode=", "sslmode that cannot be"),
        ("sslmode=verify_full", "sslmode that cannot be"),
        ("sslmode=require&sslmode=disable", "parameter sslmode twice"),
        ("sslmode=verify-full", "sslmode=verify-full and no sslrootcert"),
        ("sslmode=verify-full&sslrootcert=system", "file in sslrootcert that is not there"),
        ("sslrootcert=/none/root.crt", "file in sslrootcert that is not there"),
        ("sslnegotiation=tls", "sslnegotiation that cannot be"),
        ("ssl_min_protocol_version=1.2", "ssl_min_protocol_version that cannot be"),
        ("target_session_attrs=foo", "target_session_attrs that cannot be"),
        ("target_session_attrs=standby", "target_session_attrs that cannot be"),
        ("connect_timeout=5", "connect_timeout, which is not understood here: each host is given six seconds"),
        ("ssl=true", "ssl, which is not understood here: write sslmode=require"),
        ("ssl_mode=require", r"not understood \(is sslmode meant\?\)"),
        ("hem=ligt", "not understood; those that are: sslmode"),
    ],
)
def test_what_stands_behind_the_address_of_a_database_is_looked_at(name: str, asked: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} .*{said}") as wrong:
        read_settings({name: f"postgresql://u:p@db/d?{asked}", "HOME": "/nonexistent"})
    assert not [part for part in ("foo", "hem", "ligt") if part in str(wrong.value)]


def test_what_both_readers_of_an_address_know_may_stand_behind_it(tmp_path: Path) -> None:
    root = tmp_path / "root.crt"
    root.touch()
    for asked in (
        f"sslmode=verify-full&sslrootcert={root}",
        "sslmode=require&application_name=stod&options=-c%20jit%3Doff",
        "target_session_attrs=any",
        "host=/run&port=1&user=u&password=p&dbname=d",
    ):
        read_settings({"DATABASE_URL": f"postgresql:///d?{asked}"})
    read_settings({"DATABASE_URL": "postgresql://u@db/d?sslmode=verify-full", "PGSSLROOTCERT": str(root)})
