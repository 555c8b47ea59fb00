"""Web makes no accounts and gives no roles by itself: single sign-on goes through one function, which refuses the rest."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from programmes import migrate
from programmes.core.sealing import KeyFolder
from programmes.doctor.database_checks import rights_to_staff
from programmes.doctor.findings import Patient
from programmes.people import hold_services as holds
from programmes.settings import Settings, SingleSignOn
from tests.clock import FrozenClock
from tests.conftest import GROUPS
from tests.factories import a_cohort, a_leader, somebody

ISSUER = "https://id.example"
_ALL = """select username, password_hash, oidc_subject,
                 array(select role || '/' || section from staff_role r where r.staff_id = s.id order by 1) as roles
          from staff s order by id"""


@pytest.fixture
async def web(settings: Settings, db: None) -> AsyncIterator[asyncpg.Connection]:
    """A connection as a web process has it, for whatever somebody who has taken it over would send."""
    connection = await asyncpg.connect(settings.web_database_url)
    yield connection
    await connection.close()


async def admit(
    web: asyncpg.Connection,
    clock: FrozenClock,
    subject: str | None,
    name: str,
    *roles: tuple[str, str],
    issuer: str = ISSUER,
) -> asyncpg.Record:
    sections = [section for _, section in roles]
    return await web.fetchrow(
        "select answer, account, changed from admit_subject($1, $2, $3, $3, $4, $5, $6)",
        issuer, subject, name, [role for role, _ in roles], sections, clock.now(),
    )  # fmt: skip


async def test_web_and_worker_write_no_staff_and_no_roles_themselves(
    web: asyncpg.Connection, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    before = await owner.fetch(_ALL)
    worker = await asyncpg.connect(settings.worker_database_url)
    for statement in (
        "insert into staff (username, display_name, password_hash, active, created_at) values ('x', 'X', 'y', true, now())",
        f"insert into staff_role (staff_id, role, section) values ({robin.staff_id}, 'administrator', '')",
        "update staff_role set role = 'manager'",
        "update staff set active = true",
        "update staff set display_name = 'x'",
        "update staff set username = 'x'",
        "update staff set oidc_issuer = 'https://x', oidc_subject = 'x', password_hash = ''",
        "delete from staff_role",
        "delete from staff",
        "insert into group_role (role, section) values ('administrator', '')",
        "update group_role set role = 'administrator', section = ''",
    ):
        for role in (web, worker):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await admit(worker, clock, "u-1", "kim", ("coordinator", ""))
    await worker.close()
    assert await owner.fetch(_ALL) == before


async def test_the_function_makes_and_changes_what_groups_may_give_and_nothing_else(
    web: asyncpg.Connection, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_leader(clock.now())
    local = (await owner.fetch(_ALL))[0]
    made = await admit(web, clock, "u-1", "kim", ("coordinator", ""), ("leader", "2.8"))
    assert (made["answer"], made["changed"]) == ("made", True)
    again = await admit(web, clock, "u-1", "kim", ("leader", "2.8"), ("coordinator", ""))
    assert tuple(again) == ("known", made["account"], False)
    fewer = await admit(web, clock, "u-1", "kim", ("leader", "2.8"))
    assert tuple(fewer) == ("known", made["account"], True)
    for roles in ([("administrator", "")], [("leader", "2.8"), ("administrator", "")], [("leader", "")], [("chef", "")]):
        assert tuple(await admit(web, clock, "u-1", "kim", *roles)) == ("refused", None, False), roles
    for issuer, subject in ((ISSUER, ""), (ISSUER, None), ("", "u-1")):
        assert (await admit(web, clock, subject, "kim", ("leader", "2.8"), issuer=issuer))["answer"] == "refused"
    assert (await admit(web, clock, "u-2", "noa"))["answer"] == "nobody"
    # A local account is out of reach, also by its name.
    assert (await admit(web, clock, "u-3", "robin", ("manager", "")))["answer"] == "made"
    rows = await owner.fetch(_ALL)
    assert rows[0] == local
    assert [(row["password_hash"], row["oidc_subject"], row["roles"]) for row in rows[1:]] == [
        ("", "u-1", ["leader/2.8"]),
        ("", "u-3", ["manager/"]),
    ]
    assert rows[2]["username"].startswith("robin-")
    await owner.execute("update staff set active = false where oidc_subject = 'u-1'")
    assert (await admit(web, clock, "u-1", "kim", ("leader", "2.8")))["answer"] == "ended"


async def test_the_release_before_keeps_its_rights_until_the_second_run_of_migrate(
    web: asyncpg.Connection, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute("grant insert, update, delete on staff, staff_role to programmes_web")
    await owner.execute(f"revoke execute on function {migrate._ADMIT} from programmes_web")
    may = "select has_table_privilege('programmes_web', 'staff', 'insert')"
    patient = Patient(settings, clock.now())
    assert await migrate._grant(owner, settings) is False
    assert await owner.fetchval(may)
    assert [finding.level for finding in await rights_to_staff(patient)] == ["warning"]
    assert (await admit(web, clock, "u-1", "kim", ("manager", "")))["answer"] == "made", "this release signs people in too"
    assert await migrate._grant(owner, settings) is True
    assert not await owner.fetchval(may)
    assert [finding.level for finding in await rights_to_staff(patient)] == ["ok"]
    # Another mapping than `migrate` was told of is a fault: whoever has that role is not let in, and reads why.
    known = SingleSignOn(ISSUER, "stod", "", "konto", "groups", GROUPS)
    more = replace(known, roles=(*GROUPS, ("it", "administrator", "")))
    assert await rights_to_staff(
        replace(patient, settings=replace(settings, single_sign_on=known))
    ) == await rights_to_staff(patient)
    fault, fine = await rights_to_staff(replace(patient, settings=replace(settings, single_sign_on=more)))
    assert (fault.level, fine.level) == ("fault", "ok")
    assert "administrator" in fault.says


@pytest.mark.parametrize("name", ["x" * 101, "Kim\nBerg", "Kim\x1b[2J", "Kim\u202eBerg", "Kim\u2028Berg", "Kim\u200bBerg"])
async def test_the_function_takes_no_name_that_is_more_than_a_line(
    web: asyncpg.Connection, clock: FrozenClock, name: str
) -> None:
    assert (await admit(web, clock, "u-1", name, ("coordinator", "")))["answer"] == "refused"
    assert (await admit(web, clock, f"u-1{name}"[:300], "kim", ("coordinator", "")))["answer"] == (
        "made" if name == "x" * 101 else "refused"
    )
    assert (await admit(web, clock, "x" * 256, "kim", ("coordinator", "")))["answer"] == "refused"
    assert (await admit(web, clock, "u-2", "Åsa-Márta O'Neill", ("coordinator", "")))["answer"] == "made"


async def test_a_hold_is_lifted_and_never_changed_or_taken_away(
    web: asyncpg.Connection, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    taken = await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")
    person = await owner.fetchval("select participant_id from enrolment where id = $1", taken.enrolment_id)
    await holds.hold(person, "court", None, 1, clock.now(), clock.now().date())
    before = await owner.fetch("select * from retention_hold")
    worker = await asyncpg.connect(settings.worker_database_url)
    for statement in (
        "delete from retention_hold",
        "update retention_hold set until = current_date",
        "update retention_hold set reason = 'complaint'",
        "update retention_hold set participant_id = gen_random_uuid()",
        "update retention_hold set set_by = 2",
        "truncate retention_hold",
    ):
        for who in (web, worker):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await who.execute(statement)
    await worker.close()
    assert await owner.fetch("select * from retention_hold") == before
    await web.execute("update retention_hold set lifted_at = now(), lifted_by = 1")
