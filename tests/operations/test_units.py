"""The installation without containers, read from its own files: units, their settings, the proxy, and what the text says."""

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from programmes import settings as known
from programmes.cli import main
from programmes.settings import Settings, read_settings
from programmes.web.limits import MOST_BYTES, MOST_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SYSTEMD = ROOT / "deploy/systemd"
SERVICES = sorted(SYSTEMD.glob("*.service"))
NGINX = (ROOT / "deploy/nginx/programmes.conf").read_text(encoding="utf-8")
PRIVATE = ("/srv/ballot-keys", "/srv/log-keys")


def unit(name: str) -> dict[str, list[str]]:
    """What a unit says, each key with all its values."""
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / name).read_text(encoding="utf-8").splitlines():
        key, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def words(said: dict[str, list[str]], key: str) -> set[str]:
    return {word.removeprefix("-") for value in said.get(key, []) for word in value.split()}


def variables(*names: str) -> dict[str, str]:
    """The example's settings, as systemd and a shell both read them."""
    found = {}
    for name in names:
        for line in (SYSTEMD / f"env.example/{name}.env").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.partition("=")
                [found[key]] = shlex.split(value) or [""]
    return found


def files_of(said: dict[str, list[str]]) -> list[str]:
    return [Path(path).stem for path in said["EnvironmentFile"]]


def of(name: str) -> Settings:
    return read_settings(variables(*files_of(unit(name))))


def test_web_reaches_neither_ballot_keys_nor_the_key_of_the_log() -> None:
    web, worker = unit("programmes-web@.service"), unit("programmes-worker.service")
    assert words(web, "ReadWritePaths") == {"/srv/keys"}
    assert {*PRIVATE, "/srv/backups", "/srv/key-backups"} == words(web, "InaccessiblePaths")
    assert not [name for name in variables(*files_of(web)) if "BALLOT" in name or "LOG_KEY" in name or "BACKUP" in name]
    assert web["User"] != worker["User"]
    assert words(worker, "ReadWritePaths") == {"/srv/keys", *PRIVATE}
    assert words(unit("programmes-migrate.service"), "InaccessiblePaths") >= {"/srv/keys", *PRIVATE}
    users = {path.name: unit(path.name)["User"][0] for path in SERVICES}
    assert {name for name, user in users.items() if user == "programmes-worker"} == {
        "programmes-worker.service",
        "programmes-backup.service",
        "programmes-doctor.service",
    }


def test_the_folders_of_the_settings_are_those_that_the_units_open() -> None:
    worker = of("programmes-worker.service")
    folders = {worker.key_folder, worker.ballot_key_folder, worker.log_key_folder}
    assert {str(path) for path in folders} == words(unit("programmes-worker.service"), "ReadWritePaths")
    backup = {str(worker.backup_folder), str(worker.key_backup_folder)}
    assert backup < words(unit("programmes-backup.service"), "ReadWritePaths")
    assert of("programmes-web@.service").key_folder == worker.key_folder
    assert str(worker.ballot_key_folder) in words(unit("programmes-backup.service"), "InaccessiblePaths")


def test_each_part_knows_one_role_and_the_example_passwords_agree() -> None:
    web, worker, owner = (of(f"programmes-{name}.service") for name in ("web@", "worker", "migrate"))
    assert urlsplit(web.web_database_url).username == urlsplit(web.database_url).username == "programmes_web"
    assert urlsplit(worker.database_url).username == "programmes_worker"
    assert (owner.web_database_url, owner.worker_database_url) == (web.database_url, worker.database_url)
    assert (web.mail_url, bool(worker.mail_url)) == ("", True)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_every_unit_is_hardened_and_starts_a_command_that_exists(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = unit(path.name)
    for key in (
        "NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectKernelModules",
        "ProtectKernelLogs", "ProtectControlGroups", "RestrictNamespaces", "RestrictSUIDSGID", "LockPersonality",
        "MemoryDenyWriteExecute",
    ):  # fmt: skip
        assert said[key] == ["yes"], key
    assert (said["ProtectSystem"], said["UMask"], said["CapabilityBoundingSet"]) == (["strict"], ["0077"], [""])
    assert said["User"][0] != "root"
    program, *arguments = said["ExecStart"][0].split()
    assert program == "/opt/programmes/current/venv/bin/programmes"
    with pytest.raises(SystemExit) as ended:
        main([arguments[0], *[word.replace("%i", "8000") for word in arguments[1:]], "--help"])
    assert ended.value.code == 0


def test_what_units_want_and_timers_start_is_there() -> None:
    names = {path.name for path in SYSTEMD.iterdir()}
    for path in SYSTEMD.glob("*.*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for wanted in re.findall(r"^(?:Wants|After|PartOf|WantedBy)=(.*)$", text, re.MULTILINE):
            ours = [re.sub(r"@\d+\.", "@.", one) for one in wanted.split() if one.startswith("programmes")]
            assert set(ours) <= names, path.name
    assert {path.stem for path in SYSTEMD.glob("*.timer")} <= {path.stem for path in SERVICES}


def test_migrations_come_first_and_starting_them_again_stops_nobody() -> None:
    for name in ("programmes-web@.service", "programmes-worker.service"):
        said = unit(name)
        assert "programmes-migrate.service" in words(said, "After") & words(said, "Wants")
        assert "Requires" not in said
    assert unit("programmes-migrate.service")["RemainAfterExit"] == ["yes"]


def test_every_setting_that_is_named_for_an_installation_exists() -> None:
    real = {"DATABASE_URL", *known._TEXTS, *known._OTHERS}
    files = [ROOT / "docs/operations.md", ROOT / "README.md", ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    files += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    told = {name for path in files for name in re.findall(r"PROGRAMMES_[A-Z_]+\b", path.read_text(encoding="utf-8"))}
    # `PROGRAMMES_OIDC_*` and the like.
    wrong = [name for name in told - real if not (name.endswith("_") and any(one.startswith(name) for one in real))]
    assert wrong == []
    assert len(told) > 20


def test_every_command_that_the_text_tells_exists(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    told = set(re.findall(r"programmes-as (?:web|worker|owner|restore) ([a-z]+)", text))
    told |= set(re.findall(r"`programmes ([a-z]+)[ `]", text))
    assert {"migrate", "doctor", "staff", "settings", "restore", "backup"} <= told
    for command in told:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command


def test_every_file_that_the_text_names_is_there() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:deploy|requirements)/[\w./@-]*\w)", text))
    # What is copied from an example is not there before.
    assert {name for name in named if not name.startswith("deploy/env/") and not (ROOT / name).exists()} <= {"deploy/env"}
    assert len(named) > 5


def test_the_proxy_hides_what_is_inside_writes_down_nothing_and_hands_on_whom_it_heard() -> None:
    assert set(re.findall(r"access_log\s+([^;]+);", NGINX)) == {"off"}
    assert {level.split()[-1] for level in re.findall(r"error_log\s+([^;]+);", NGINX)} == {"emerg"}
    servers = re.split(r"^server \{", NGINX, flags=re.MULTILINE)[1:]
    assert len(servers) == 3
    assert all("access_log off;" in server and "error_log" in server for server in servers)
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "proxy_set_header Host $host;" in NGINX
    assert "location = /metrics { return 404; }" in NGINX
    assert "location ^~ /health/ { return 404; }" in NGINX
    assert "strict-transport-security" not in NGINX.lower()
    [proxy] = of("programmes-web@.service").trusted_proxies
    assert str(proxy) == "127.0.0.1/32"


def test_every_page_of_the_proxys_own_is_named_where_requests_are_handed_on() -> None:
    """A location with an `error_page` of its own inherits none of its server's (nginx, ngx_http_core_module)."""
    handing_on = NGINX.partition("\tlocation / {\n\t\tproxy_pass")[2].partition("\n\t}")[0]
    assert re.findall(r"error_page ([\d ]+?) =? ?(@\w+);", handing_on) == [("502 504", "@away"), ("413", "@large")]
    assert NGINX.count("error_page ") == 2
    assert set(re.findall(r"location (@\w+)", NGINX)) == {"@away", "@large"}


def test_the_proxy_waits_as_long_and_takes_as_much_as_the_service() -> None:
    def seconds(name: str) -> set[int]:
        return {int(found) for found in re.findall(rf"\b{name} (\d+)s;", NGINX)}

    assert min(seconds("proxy_read_timeout")) > MOST_SECONDS
    # Of the service: `timeout_keep_alive` in programmes/cli.py.
    assert max(seconds("keepalive_timeout")) < 125
    assert "client_max_body_size 1m;" in NGINX
    assert "client_body_buffer_size 1m;" in NGINX
    assert MOST_BYTES < 1 << 20
    ports = set(re.findall(r"server 127\.0\.0\.1:(\d+)", NGINX))
    started = set(re.findall(r"programmes-web@(\d+)", (SYSTEMD / "programmes.target").read_text(encoding="utf-8")))
    assert ports == started == {"8000", "8001"}


def test_the_wrapper_is_a_sound_script_that_refuses_a_part_that_is_none() -> None:
    script = SYSTEMD / "programmes-as"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    found = subprocess.run([script, "database", "doctor"], check=False, capture_output=True, text=True)
    assert (found.returncode, "a part is web, worker, owner or restore" in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ([], "programmes-as: name a part and a command: programmes-as web|worker|owner|restore COMMAND…"),
        (["--release"], "programmes-as: name the folder of a release: programmes-as --release FOLDER PART COMMAND…"),
        (
            ["--release", "{here}"],
            "programmes-as: name a part and a command: programmes-as web|worker|owner|restore COMMAND…",
        ),
        (
            ["--release", "{here}/none", "web", "doctor"],
            "programmes-as: no release lies in {here}/none: there is no venv/bin/programmes in it",
        ),
        (
            ["--release", "none", "web", "doctor"],
            "programmes-as: no release lies in {here}/none: there is no venv/bin/programmes in it",
        ),
    ],
)
def test_the_wrapper_says_in_a_line_what_it_lacks(typed: list[str], told: str, tmp_path: Path) -> None:
    words = [word.format(here=tmp_path) for word in typed]
    found = subprocess.run([SYSTEMD / "programmes-as", *words], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (2, told.format(here=tmp_path) + "\n")
