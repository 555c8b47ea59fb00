"""`programmes staff`, as an administrator runs it; nobody has an account, or a password, before that."""

import io
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes.demo.processes import environment
from programmes.demo.staff import COLLEAGUES
from programmes.people import account_services as accounts
from programmes.people.queries import load_principal
from programmes.people.services import NotAdmitted, SignedIn, sign_in
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from programmes.staff_commands import _password, _Refused, _role
from tests.clock import FrozenClock
from tests.conftest import TEMPLATE
from tests.factories import PASSWORD, SIGN_IN_KEY, a_coordinator
from tests.owner import as_owner
from tests.people.cast import by_form, set_up_app
from tests.shell import Shell

ROOT = Path(__file__).resolve().parents[2]
STRONG = "solros hink gata molnen"


@pytest.fixture(scope="module")
async def shell(settings: Settings) -> AsyncIterator[Shell]:
    opened = Shell(environment(settings, "migrate"))
    yield opened
    await opened.close()


async def staff(shell: Shell, *arguments: str, typed: str = "") -> tuple[int, str]:
    """The command, as it is typed: exit code, and all that it said."""
    return await shell.run("staff", *arguments, typed=typed)


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> int:
    return (await a_coordinator(clock.now())).staff_id


async def test_an_administrator_is_made_in_the_shell_and_can_sign_in(db: None, shell: Shell, clock: FrozenClock) -> None:
    code, told = await staff(
        shell, "add", "Alex", "--name", "Alex A.", "--role", "administrator", "--role", "leader/2.8", typed=STRONG
    )
    assert (code, told) == (0, "Alex can sign in.\n")
    answer = await sign_in("alex", STRONG, SIGN_IN_KEY, clock.now())
    assert isinstance(answer, SignedIn)
    person = await load_principal(answer.token, clock.now())
    assert person
    assert person.roles == {"administrator": frozenset(), "leader": frozenset({"2.8"})}
    code, told = await staff(shell, "add", "alex", "--name", "B", "--role", "leader", typed=STRONG)
    assert (code, told) == (1, "There is already somebody called alex.\n")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("kort", "it must have at least 12 characters"),
        ("", "it must have at least 12 characters"),
        ("password12345", "it holds common words"),
        ("Alexandersson12", "it holds the person's or the municipality's name"),
        ("Karlshamns2026", "it holds the person's or the municipality's name"),
    ],
)
async def test_a_weak_password_is_refused_with_the_reason_and_nobody_is_made(
    db: None, shell: Shell, owner: asyncpg.Connection, typed: str, why: str
) -> None:
    code, told = await staff(shell, "add", "alex", "--name", "Alexandersson", "--role", "leader", typed=typed)
    assert code == 2
    assert why in told
    assert not typed or typed not in told
    assert await owner.fetchval("select count(*) from staff") == 0


async def test_everybody_is_listed_with_roles_and_how_they_sign_in(
    kim: int, shell: Shell, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    await set_up_app(client, clock.now())
    await owner.execute(
        """insert into staff (username, display_name, password_hash, active, created_at, oidc_issuer, oidc_subject)
           values ('ali', 'Ali D.', '', false, now(), 'https://x', '1')"""
    )
    code, told = await staff(shell, "list")
    assert code == 0
    assert told.splitlines() == [
        "ali\tdeactivated\t-\tsingle sign-on\tAli D.",
        "kim\tactive\tcoordinator\tpassword and code\tKim",
    ]


async def test_roles_password_second_factor_and_the_end_of_an_account_sign_somebody_out(
    kim: int, shell: Shell, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    await set_up_app(client, clock.now())
    for arguments, typed, told in (
        (("second-factor", "reset", "kim"), "", "has no second factor any more"),
        (("roles", "kim", "--role", "manager", "--role", "leader/2.1"), "", "is now: manager, leader/2.1"),
        (("password", "kim"), STRONG, "has the new password"),
        (("deactivate", "kim"), "", "cannot sign in any more"),
    ):
        assert (await client.get("/personal/idag")).status_code == 200
        code, said = await staff(shell, *arguments, typed=typed)
        assert (code, told in said) == (0, True), said
        assert (await client.get("/personal/idag")).status_code == 303, arguments
        await by_form(client, "kim", STRONG if typed else PASSWORD)
    assert await owner.fetchval("select count(*) from second_factor") == 0
    assert await owner.fetchval("select count(*) from recovery_code") == 0
    assert await sign_in("kim", STRONG, SIGN_IN_KEY, clock.now()) == NotAdmitted()


async def test_an_account_that_was_ended_says_so_and_can_be_opened_again(kim: int, shell: Shell, clock: FrozenClock) -> None:
    async with as_owner():
        await accounts.deactivate("kim", clock.now())
    for command in (
        ("password", "kim"),
        ("roles", "kim", "--role", "leader"),
        ("add", "kim", "--name", "K", "--role", "leader"),
    ):
        code, told = await staff(shell, *command, typed=STRONG)
        assert (code, told) == (1, "The account of kim has been ended: programmes staff activate kim\n"), command
    assert isinstance(await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now()), NotAdmitted)
    code, told = await staff(shell, "activate", "kim", typed=STRONG)
    assert (code, told) == (0, "kim can sign in again, with the new password, as: coordinator.\n")
    assert isinstance(await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now()), NotAdmitted)
    assert isinstance(await sign_in("kim", STRONG, SIGN_IN_KEY, clock.now()), SignedIn)
    assert (await staff(shell, "activate", "kim", typed=STRONG)) == (1, "The account of kim has not been ended.\n")
    code, told = await staff(shell, "roles", "kim", "--role", "leader/9.99")
    assert (code, told) == (1, "No programme has the section 9.99.\n")


async def test_what_cannot_be_done_is_said(kim: int, shell: Shell, owner: asyncpg.Connection) -> None:
    for arguments in (("deactivate", "ingen"), ("roles", "ingen", "--role", "leader"), ("second-factor", "reset", "ingen")):
        assert await staff(shell, *arguments) == (1, "There is nobody called ingen.\n")
    assert await staff(shell, "second-factor", "reset", "kim") == (1, "kim has no second factor.\n")
    code, told = await staff(shell, "roles", "kim", "--role", "boss")
    assert code == 2
    assert "a role is one of" in told
    await owner.execute("update staff set password_hash = '', oidc_issuer = 'https://x', oidc_subject = '1'")
    assert "has no password here" in (await staff(shell, "password", "kim", typed=STRONG))[1]
    assert "follow their groups" in (await staff(shell, "roles", "kim", "--role", "leader"))[1]
    assert await owner.fetchval("select array_agg(role) from staff_role") == ["coordinator"]


def test_a_role_may_name_its_section() -> None:
    assert _role("leader/2.8") == ("leader", "2.8")
    assert _role("manager") == ("manager", "")


async def test_a_migrated_database_has_no_account_at_all(server: PrivateServer, settings: Settings) -> None:
    """The template was made by `programmes migrate`, and nobody has written to it since."""
    databases = await _fetch(server, "postgres", "select datname from pg_database where datname = $1", TEMPLATE)
    assert databases == [(TEMPLATE,)]
    assert await _fetch(server, TEMPLATE, "select count(*) from staff") == [(0,)]


async def _fetch(server: PrivateServer, database: str, sql: str, *values: object) -> Sequence[tuple[object, ...]]:
    connection = await asyncpg.connect(server.url(database))
    try:
        return [tuple(row) for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()


def test_outside_the_demo_accounts_are_made_in_the_shell_and_by_a_provider_alone() -> None:
    """No part of the service but these writes a row of staff, and no password stands in its code."""
    makers = {
        path.relative_to(ROOT / "programmes").as_posix()
        for path in (ROOT / "programmes").rglob("*.py")
        if re.search(r"add_staff\(|insert into staff\b", path.read_text(encoding="utf-8"))
    }
    assert makers == {
        "demo/staff.py",
        "people/services.py",
        "piccolo_migrations/programmes_2026_11_28t20_00_01_000001.py",
        "piccolo_migrations/programmes_2026_11_28t21_10_03_000001.py",
        "staff_commands.py",
    }


async def test_the_demos_accounts_exist_nowhere_else(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    # A try takes as long as a real one: each name but once, and the passwords that come to mind for the first.
    tries = [(colleague.user, colleague.user) for colleague in COLLEAGUES]
    tries += [(COLLEAGUES[0].user, password) for password in ("demo", "admin", "")]
    for user, password in tries:
        assert await sign_in(user, password, SIGN_IN_KEY, clock.now()) == NotAdmitted()


def test_the_password_is_never_an_argument() -> None:
    """What stands in the list of processes everybody on the machine can read."""
    from programmes.cli import _parser

    shown = io.StringIO()
    with pytest.raises(SystemExit):
        _parser().parse_args(["staff", "add", "kim", "--name", "K", "--role", "leader", "--password", "x"])
    _parser().print_help(shown)
    assert "password" not in shown.getvalue()


def test_at_a_terminal_the_password_is_asked_for_twice_and_a_slip_of_the_finger_does_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    for second in (STRONG, f"{STRONG}x"):
        asked, answers = [], iter([STRONG, second])

        def answer(prompt: str, asked: list[str] = asked, answers: Iterator[str] = answers) -> str:
            asked.append(prompt)
            return next(answers)

        monkeypatch.setattr("getpass.getpass", answer)
        if second == STRONG:
            assert _password(settings, "kim") == STRONG
        else:
            with pytest.raises(_Refused, match="The two are not the same"):
                _password(settings, "kim")
        assert asked == ["Password: ", "Once more: "]


async def test_where_somebody_gets_mail_is_changed_and_taken_away(kim: int, shell: Shell, owner: asyncpg.Connection) -> None:
    address, trail = "select email from staff where id = $1", "select subject from audit_entry where action = 'staff:email'"
    told = "kim gets mail at kim.ny@example.se.\n"
    assert await staff(shell, "email", "kim", "kim.ny@example.se") == (0, told)
    assert await staff(shell, "email", "kim", "kim.ny@example.se") == (0, told)
    assert await owner.fetchval(address, kim) == "kim.ny@example.se"
    assert [row["subject"] for row in await owner.fetch(trail)] == [f"staff/{kim}"]
    code, said = await staff(shell, "email", "kim", "kim@example")
    assert (code, "an address looks like kim@example.se" in said) == (2, True)
    assert await owner.fetchval(address, kim) == "kim.ny@example.se"
    assert await staff(shell, "email", "kim") == (0, "kim gets no mail any more.\n")
    assert await owner.fetchval(address, kim) is None
    assert (await staff(shell, "email", "nobody", "a@example.se"))[0] == 1
