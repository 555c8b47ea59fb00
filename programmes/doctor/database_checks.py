"""The checks of the database server: what it writes into its own log (DESIGN promise 2: no personal data in any log), and
whether it archives its write-ahead log."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from programmes.core import clock_trace
from programmes.core.clock import local
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.doctor.findings import Finding, Patient

# What a value may be, and what the server would write otherwise. Parameters of statements hold names and contacts while they
# are sealed; a DETAIL repeats the row that was refused.
_LOGGING: Mapping[str, tuple[frozenset[str], str]] = {
    "log_statement": (frozenset({"none", "ddl"}), "every statement"),
    "log_duration": (frozenset({"off"}), "when every statement was run, and so when somebody voted"),
    "log_min_duration_statement": (frozenset({"-1"}), "slow statements"),
    "log_min_duration_sample": (frozenset({"-1"}), "some slow statements"),
    "log_transaction_sample_rate": (frozenset({"0"}), "some transactions whole"),
    "log_parameter_max_length_on_error": (frozenset({"0"}), "the parameters of statements that fail"),
    "log_error_verbosity": (frozenset({"terse"}), "the row that a constraint refused"),
}

_SILENT = timedelta(hours=1)


def logging_findings(found: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with the server's settings of its log, by their names."""
    wrong = [name for name, (fine, _) in _LOGGING.items() if name in found and found[name] not in fine]
    for name in wrong:
        right = sorted(_LOGGING[name][0])[-1]
        yield Finding(
            "database log",
            "warning",
            f"{name} is {found[name]}: the database would write {_LOGGING[name][1]} into its log.",
            f"alter system set {name} = '{right}'; select pg_reload_conf();",
        )
    if not wrong:
        yield Finding("database log", "ok", "The database writes no parameters and no rows into its log.")


def archive_findings(mode: str, archived: datetime | None, failed: datetime | None, demo: bool = False) -> Iterator[Finding]:
    """Whether the server's archive of its write-ahead log goes on; `mode` as archive_mode. Nothing where there is none."""
    check = "database archive"
    if mode == "off":
        return
    if failed and (archived is None or failed > archived):
        when = f"the last it could was {local(archived):%Y-%m-%d %H:%M}" if archived else "it never could"
        told = (
            f"The database cannot archive its log ({local(failed):%Y-%m-%d %H:%M}; {when}): nothing newer can be put back."
        )
        mend = "The database's own log says how archive_command ended: see that what it runs is installed, that the account"
        mend += " postgres may write where it writes, and that there is room. The server tries again by itself."
        yield Finding(check, "note" if demo else "fault", told, "" if demo else mend)
    else:
        when = f", last {local(archived):%Y-%m-%d %H:%M}" if archived else "; nothing has been yet"
        yield Finding(check, "ok", f"The database archives its log{when}.")


async def archiver(patient: Patient) -> Sequence[Finding]:
    """What the server tells of its archiver, which every role may read."""
    row = await fetchrow(
        "select current_setting('archive_mode') as mode, last_archived_time, last_failed_time from pg_stat_archiver"
    )
    assert row is not None
    found = archive_findings(row["mode"], row["last_archived_time"], row["last_failed_time"], patient.settings.demo)
    return [*found]


_OF_ROLES = """
select coalesce('the role ' || r.rolname, 'every role of this database') as whose, unnest(s.setconfig) as told
from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
"""


async def database_log(patient: Patient) -> Sequence[Finding]:
    """What the server writes down."""
    rows = await fetch("select name, setting from pg_settings where name = any($1::text[])", list(_LOGGING))
    return [*logging_findings({row["name"]: row["setting"] for row in rows}), *_of_roles(await fetch(_OF_ROLES))]


def _of_roles(rows: Sequence[Mapping[str, str]]) -> Iterator[Finding]:
    """What a role, or this database, has of its own: it counts from the next connection, and no other session shows it."""
    for row in rows:
        name, _, value = row["told"].partition("=")
        if name in _LOGGING and value.lower() not in _LOGGING[name][0]:
            yield Finding(
                "database log",
                "warning",
                f"{name} is {value} for {row['whose']}: the database would write {_LOGGING[name][1]} into its log.",
                "Take it away: alter role … reset, or alter database … reset.",
            )


async def text_gateway(patient: Patient) -> Sequence[Finding]:
    """Whether the gateway for texts answers as agreed."""
    row = await fetchrow("select since, tries from text_gateway")
    if row is None:
        return []
    told = f"It has not answered as agreed since {local(row['since']):%Y-%m-%d %H:%M}: {row['tries']} texts were tried."
    mend = "See what answers at PROGRAMMES_SMS_URL (docs/sms.md). Texts wait, and go when it answers as it should."
    return [Finding("text gateway", "fault", told, mend)]


async def rights_to_staff(patient: Patient) -> Sequence[Finding]:
    """Whether anybody but the owner may make accounts; read from the catalogue, whoever asks."""
    may = await fetchval(
        """select exists(
             select from pg_class c, aclexplode(c.relacl) a
             where c.oid = any($1::regclass[]) and a.privilege_type in ('INSERT', 'DELETE')
               and a.grantee <> c.relowner)""",
        ["staff", "staff_role"],
    )
    if may:
        yes = "The web role may write staff and roles itself, as releases before this one needed."
        return [Finding("rights to staff", "warning", yes, "When all web processes are of this release: programmes migrate")]
    return [
        *await _unknown_roles(patient),
        Finding("rights to staff", "ok", "The web role makes no accounts and gives no roles but by single sign-on."),
    ]


async def _unknown_roles(patient: Patient) -> Sequence[Finding]:
    """Roles that groups mean by the settings, and that the database has not been told of: who has one is not let in."""
    if patient.settings.single_sign_on is None:
        return []
    meant = {(role, section) for _, role, section in patient.settings.single_sign_on.roles}
    unknown = meant - {(row["role"], row["section"]) for row in await fetch("select role, section from group_role")}
    told = ", ".join(f"{role}/{section}" if section else role for role, section in sorted(unknown))
    says = f"The database has not been told that groups may give: {told}."
    return [Finding("rights to staff", "fault", says, "programmes migrate, with PROGRAMMES_OIDC_ROLES")] if unknown else []


async def clock(patient: Patient) -> Sequence[Finding]:
    """Whether the worker believes its clock, and was at work lately, and whether this machine's clock is the database's."""
    mend = "Put the wrong clock right. If it is right: programmes clock confirm, with the date of today."
    if abs(patient.now - await clock_trace.database_clock()) > clock_trace.APART:
        return [Finding("clock", "fault", "The database's clock says another time than this machine's.", mend)]
    trace = await clock_trace.last()
    if trace is None:
        return [Finding("clock", "note", "No worker has been at work yet.")]
    if trace.doubt is not None:
        told = f"The worker doubts its clock, and ends and erases nothing by it. {clock_trace.WHY[trace.doubt]}"
        return [Finding("clock", "fault", told, mend)]
    if why := await clock_trace.Witness(patient.settings.clock_standstill).against(patient.now):
        return [Finding("clock", "fault", f"This machine's clock is not believed. {clock_trace.WHY[why]}", mend)]
    if patient.now - trace.at > _SILENT:
        return [Finding("clock", "warning", "No worker has been at work for more than an hour.", "Start it.")]
    return [Finding("clock", "ok", "The worker believes its clock.")]
