"""What production is made of, read from its own files: who holds which secret, which keys, which network."""

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from programmes.cli import main
from programmes.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
OURS = ("web", "worker", "migrate")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def variables(service: dict[str, Any]) -> dict[str, str]:
    """A service's environment, from the example files that it names."""
    found: dict[str, str] = {}
    for name in service["env_file"]:
        assert name.startswith("deploy/env/")
        text = (ROOT / name.replace("deploy/env/", "deploy/env.example/")).read_text(encoding="utf-8")
        found |= dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return found | service.get("environment", {})


def mounted(service: dict[str, Any]) -> dict[str, str]:
    return dict(volume.split(":")[:2] for volume in service.get("volumes", []))


def test_only_the_worker_reaches_the_ballot_keys_and_the_key_of_the_log(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert mounted(services["web"]) == {"keys": "/keys"}
    assert mounted(services["worker"]) == {
        "keys": "/keys",
        "ballot-keys": "/ballot-keys",
        "log-keys": "/log-keys",
        "backups": "/backups",
        "key-backups": "/key-backups",
    }
    for own in ("ballot-keys", "log-keys", "backups", "key-backups"):
        assert [name for name, service in services.items() if own in mounted(service)] == ["worker"]
    assert [name for name, service in services.items() if "keys" in mounted(service)] == ["web", "worker"]
    assert {"database", "keys", "ballot-keys", "log-keys"} <= set(compose["volumes"])
    for name in ("web", "worker"):
        settings = read_settings(variables(services[name]))
        assert str(settings.key_folder) == "/keys"
    assert str(read_settings(variables(services["worker"])).ballot_key_folder) == "/ballot-keys"
    worker = read_settings(variables(services["worker"]))
    assert str(worker.log_key_folder) == "/log-keys"
    assert (str(worker.backup_folder), str(worker.key_backup_folder)) == ("/backups", "/key-backups")


def test_each_part_knows_one_database_role(compose: dict[str, Any]) -> None:
    users = {}
    for name in OURS:
        settings = read_settings(variables(compose["services"][name]))
        users[name] = {
            urlsplit(url).username
            for url in (settings.database_url, settings.web_database_url, settings.worker_database_url)
        }
    assert users["web"] == {"programmes_web"}
    assert users["worker"] == {"programmes_worker"}
    assert users["migrate"] == {"programmes_owner", "programmes_web", "programmes_worker"}


def test_the_example_passwords_agree_between_the_parts(compose: dict[str, Any]) -> None:
    owner = read_settings(variables(compose["services"]["migrate"]))
    assert owner.web_database_url == read_settings(variables(compose["services"]["web"])).database_url
    assert owner.worker_database_url == read_settings(variables(compose["services"]["worker"])).database_url
    database = variables(compose["services"]["database"])
    address = urlsplit(owner.database_url)
    assert (address.username, address.password) == (database["POSTGRES_USER"], database["POSTGRES_PASSWORD"])
    assert address.path == "/" + database["POSTGRES_DB"]


def test_only_the_proxy_is_reached_from_outside(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert compose["networks"]["inside"]["internal"] is True
    assert services["database"]["networks"] == services["web"]["networks"] == ["inside"]
    proxy = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    # Neither a log of requests, nor a line of Caddy's own about one that went wrong: those name address and sender.
    assert re.findall(r"^\s*log\b.*\n.*", proxy, re.MULTILINE) == [
        "\tlog default {\n\t\texclude http.handlers http.log http.stdlib"
    ]
    assert "web 8000" in proxy
    # Web takes the word of the network that its proxy stands in, and of no other.
    [subnet] = [one["subnet"] for one in compose["networks"]["inside"]["ipam"]["config"]]
    assert [str(one) for one in read_settings(variables(services["web"])).trusted_proxies] == [subnet]
    assert "proxy" in [name for name, service in services.items() if "inside" in service["networks"]]
    # Where no web process answers the proxy says what to do.
    away = proxy[proxy.index("handle_errors") :]
    assert "Retry-After" in away
    assert '<html lang="sv">' in away
    assert "Försök igen" in away


def test_our_parts_run_without_rights_on_a_read_only_file_system(compose: dict[str, Any], dockerfile: str) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    user = re.findall(r"^USER (\w+)$", dockerfile, re.MULTILINE)
    assert user == ["programmes"]
    assert dockerfile.index("USER programmes") > dockerfile.rindex("RUN ")


def test_whatever_a_part_writes_lies_in_a_volume_or_in_memory(compose: dict[str, Any]) -> None:
    writes = {
        "proxy": {"/data", "/config", "/tmp"},
        "database": {"/var/lib/postgresql", "/run/postgresql", "/tmp"},
        "web": {"/keys", "/tmp"},
        "worker": {"/keys", "/ballot-keys", "/log-keys", "/backups", "/key-backups", "/tmp"},
        "migrate": {"/tmp"},
    }
    assert set(compose["services"]) == set(writes)
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        kept = {volume.split(":")[1] for volume in service.get("volumes", []) if not volume.endswith(":ro")}
        assert kept | set(service["tmpfs"]) == writes[name], name


def test_a_worker_that_goes_no_further_is_seen_to_be_unwell(compose: dict[str, Any], tmp_path: Path) -> None:
    """By the file that it touches after each round; a round that takes minutes is none that hangs."""
    service = compose["services"]["worker"]
    assert service["command"][:2] == ["worker", "--sign"]
    how, asked = service["healthcheck"]["test"]
    assert how == "CMD-SHELL"
    sign, path = tmp_path / "at-work", service["command"][2]
    assert path in asked
    assert path.startswith("/tmp/")

    def is_well() -> bool:
        line = asked.replace("$$", "$").replace(path, str(sign))
        return subprocess.run(["sh", "-c", line], check=False, capture_output=True).returncode == 0

    assert not is_well()
    sign.touch()
    assert is_well()
    for minutes, well in ((3, True), (7, False)):
        at = time.time() - 60 * minutes
        os.utime(sign, (at, at))
        assert is_well() == well, minutes


def test_the_image_holds_the_locked_packages_and_all_that_the_service_reads(dockerfile: str) -> None:
    # The lock is complete; what pip looks for beside it (an extra of an extra) has no digest there, and it would refuse it.
    assert "--no-deps --require-hashes -r /tmp/production.lock" in dockerfile
    copied = set(re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE))
    sources = {source for line in copied for source in line.split()}
    needed = {"pyproject.toml", "piccolo_conf.py", "programmes", "templates", "static", "locale"}
    assert needed <= sources
    for source in sources:
        assert (ROOT / source).exists(), source
        allowed = {f"!{source}", f"!{source.split('/')[0]}"}
        assert allowed & set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()), source


def test_the_commands_of_the_parts_exist(compose: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    for name in OURS:
        with pytest.raises(SystemExit) as ended:
            main([compose["services"][name]["command"][0], "--help"])
        assert ended.value.code == 0
    assert compose["services"]["database"]["image"] == "postgres:18"
    assert compose["services"]["web"]["deploy"]["replicas"] == 2


def test_a_database_that_archives_its_log_is_otherwise_the_same(compose: dict[str, Any]) -> None:
    """Of lists in a file laid over another the last one counts as a whole: what stood in the first stands in it too."""
    archives, going_back = (
        yaml.safe_load((ROOT / f"deploy/{name}.yml").read_text(encoding="utf-8"))["services"]["database"]
        for name in ("to-the-minute", "to-a-moment")
    )
    usual = compose["services"]["database"]["command"]
    assert archives["command"][: len(usual)] == usual
    assert going_back["command"][: len(archives["command"])] == archives["command"]
    assert archives["environment"]["PGUSER"] == variables(compose["services"]["database"])["POSTGRES_USER"]
    own = (ROOT / "deploy/postgresql/Dockerfile").read_text(encoding="utf-8")
    assert f"FROM {compose['services']['database']['image']}\n" in own
    targets = {volume.split(":")[1] for volume in archives["volumes"] if isinstance(volume, str)}
    assert targets == set(re.findall(r"^RUN install -d .* -m 700 (.*)$", own, re.MULTILINE)[0].split())
    for script in re.findall(r"^COPY (.*) /usr/local/sbin/$", own, re.MULTILINE)[0].split():
        assert os.access(ROOT / "deploy/postgresql" / script, os.X_OK)


def test_no_lock_file_names_where_packages_came_from() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        packages = re.findall(r"^[a-z0-9][^ =]*==", text, re.MULTILINE)
        assert len(packages) > (0 if lock.stem == "installer" else 30)
        assert len(packages) == len(re.findall(r"^[a-z0-9][^ =]*==.*\\\n    --hash=sha256:", text, re.MULTILINE))
