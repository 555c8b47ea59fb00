"""Settings that look like something and cannot be: each stops the start with one line that says what to write instead."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from programmes.cli import main
from programmes.core.key_paths import KeysAway
from programmes.core.sealing import KeyFolder
from programmes.doctor import reach_checks
from programmes.doctor.findings import Patient
from programmes.settings import SettingsError, read_settings
from tests.doctor.test_reach import NOW

LABEL = "a" * 64


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PROGRAMMES_BASE_URL", "https://st od.se", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", "https://st\töd.se", "line break or another sign that nobody sees"),
        ("PROGRAMMES_BASE_URL", "https://_", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", "https://-stod.se", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", f"https://{LABEL}.se", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", "https://stod..se", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", "https://.stod.se", "names no host that can be"),
        ("PROGRAMMES_BASE_URL", "https://1.2.3.4.5:x", "has a port that cannot be"),
        ("PROGRAMMES_BASE_URL", "https://stöd.se", "as browsers ask for it: https://xn--std-tna.se"),
        ("PROGRAMMES_BASE_URL", "https://stöd.se:8443/", "as browsers ask for it: https://xn--std-tna.se:8443"),
        ("PROGRAMMES_EXIT_URL", "https://goo gle.se/", "names no host that can be"),
        ("PROGRAMMES_MUNICIPALITY", "Karlshamns\nkommun", "line break or another sign that nobody sees"),
        ("PROGRAMMES_MUNICIPALITY", "Karlshamns\x00kommun", "line break or another sign that nobody sees"),
        ("PROGRAMMES_OFFICE", "omsorg\u2028arbete", "line break or another sign that nobody sees"),
        ("PROGRAMMES_VISIT_ADDRESS", "Hamngatan\x1b[2J", "line break or another sign that nobody sees"),
        ("PROGRAMMES_PHONE", "", "must be a telephone number"),
        ("PROGRAMMES_PHONE", "växeln", "must be a telephone number"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@mail.example.se:587", "that would cross the network unencrypted"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@192.0.43.8", "that would cross the network unencrypted"),
        ("DATABASE_URL", "postgresql://", "names neither host nor user nor database"),
        ("PROGRAMMES_WEB_DATABASE_URL", "postgres:///?sslmode=require", "names neither host nor user nor database"),
        ("PROGRAMMES_KEY_FOLDER", "/proc", "keeps no files"),
        ("PROGRAMMES_KEY_BACKUP_FOLDER", "/sys/keys", "keeps no files"),
        ("PROGRAMMES_LOG_KEY_FOLDER", "/", "must be a folder of its own"),
        ("PROGRAMMES_TRUSTED_PROXIES", "0.0.0.0/0", "anybody could write"),
        ("PROGRAMMES_TRUSTED_PROXIES", "127.0.0.1, ::/0", "anybody could write"),
        ("PROGRAMMES_TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1", "anybody could write"),
        ("PROGRAMMES_TRUSTED_PROXIES", "8.0.0.0/7", "anybody could write"),
        ("PROGRAMMES_TRUSTED_PROXIES", "2001::/16", "anybody could write"),
        ("PROGRAMMES_TRUSTED_PROXIES", "::ffff:0:0/96", "anybody could write"),
    ],
)
def test_what_cannot_be_ends_the_start_with_a_line(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match=f"^{name} ") as wrong:
        read_settings({name: value})
    assert told in str(wrong.value)
    assert "hemligt" not in str(wrong.value)
    if "\x00" in value:
        return
    monkeypatch.setenv("DATABASE_URL", "postgresql://kim@db/x")
    monkeypatch.setenv(name, value)
    assert main(["worker", "--once"]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "\x1b" in said, "\u2028" in said) == (1, False, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROGRAMMES_BASE_URL", "https://xn--std-tna.se"),
        ("PROGRAMMES_BASE_URL", "https://stod.example.se."),
        ("PROGRAMMES_BASE_URL", "https://STOD.example.se:8443"),
        ("PROGRAMMES_BASE_URL", "https://10.0.0.5"),
        ("PROGRAMMES_BASE_URL", "https://[2001:db8::1]:8443"),
        ("PROGRAMMES_EXIT_URL", "https://sökmotor.se/?q=väder"),
        ("PROGRAMMES_PHONE", "+46 (0)454-810 00, välj 2"),
        ("PROGRAMMES_MUNICIPALITY", "Östra Göinge kommun"),
        # In clear: without a password doctor warns; with one it stays on this machine, or in a network of one's own.
        ("PROGRAMMES_MAIL_URL", "smtp://mail.example.se"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@127.0.0.1:2525"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@localhost"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@postfix:25"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@10.1.2.3"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@mail.internal"),
        ("PROGRAMMES_MAIL_URL", "smtp://kim:hemligt@mail.example.se?starttls"),
        ("PROGRAMMES_MAIL_URL", "smtps://kim:hemligt@mail.example.se"),
        ("DATABASE_URL", "postgresql:///x"),
        ("DATABASE_URL", "postgresql://?service=stod"),
        ("PROGRAMMES_KEY_FOLDER", "/process/keys"),
        ("PROGRAMMES_TRUSTED_PROXIES", "127.0.0.1, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fe80::/10"),
        ("PROGRAMMES_TRUSTED_PROXIES", "172.30.252.0/24"),
        ("PROGRAMMES_TRUSTED_PROXIES", "193.10.0.0/16, 2001:6b0::/32"),
    ],
)
def test_what_can_be_is_taken(name: str, value: str) -> None:
    read_settings({name: value})


@pytest.mark.parametrize(
    ("networks", "level", "told"),
    [
        ("193.10.20.30", "", ""),
        ("2001:6b0::5", "", ""),
        ("172.30.252.0/24", "", ""),
        ("fd00::/8", "", ""),
        ("193.10.0.0/16", "warning", "193.10.0.0/16"),
        ("127.0.0.1, 2001:6b0::/32", "warning", "2001:6b0::/32"),
    ],
)
def test_doctor_warns_of_a_proxy_that_is_a_public_network(networks: str, level: str, told: str) -> None:
    own = read_settings({"PROGRAMMES_BASE_URL": "https://stod.example.se", "PROGRAMMES_TRUSTED_PROXIES": networks})
    found = asyncio.run(reach_checks.trusted_proxies(Patient(own, NOW, "web")))
    assert [one.level for one in found] == ([level] if level else [])
    assert all(told in one.says and "the proxy's own address" in one.mend for one in found)
    plain = replace(own, base_url="http://127.0.0.1:8000", trusted_proxies=(ip_network("193.10.0.0/16"),))
    assert [one.level for one in asyncio.run(reach_checks.trusted_proxies(Patient(plain, NOW, "web")))] == ["warning"]


def test_a_key_folder_that_cannot_be_says_the_reason_and_no_name_of_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysAway, match=r"cannot be used: Not a directory$"):
        KeyFolder(tmp_path / "file" / "keys")
