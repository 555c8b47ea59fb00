"""Why a database lets nobody in, in words, by the class of the error: its own words may repeat an address."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg
import structlog

from programmes.core.connecting import DatabaseAway

log = structlog.get_logger()
# What comes when a database is asked for a connection, and does not give one.
REFUSED = (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)
_REASONS: Mapping[str, tuple[str, str]] = {
    "InvalidPasswordError": (
        "It refuses the password.",
        "Put the right one into DATABASE_URL, for a role that there is; signs as @ : / are written %40 %3A %2F.",
    ),
    "InvalidAuthorizationSpecificationError": (
        "It does not let this role in: there is none, or pg_hba.conf does not know it.",
        "Run programmes migrate, which makes the roles, and look into pg_hba.conf.",
    ),
    "InvalidCatalogNameError": (
        "There is no such database.",
        "Correct its name in DATABASE_URL; or make it: create database NAME owner ROLE; (docs/operations.md, Install).",
    ),
    "TooManyConnectionsError": (
        "It has no connection left.",
        "Raise max_connections, or lower PROGRAMMES_POOL_SIZE: each web process takes as many, the worker seven.",
    ),
    "CannotConnectNowError": ("It is starting, or stopping.", "Wait, and look again."),
    "ConnectionRefusedError": ("Nothing listens there.", "Start PostgreSQL, and see to host and port in DATABASE_URL."),
    "FileNotFoundError": ("The folder of its socket is not there.", "Start PostgreSQL, and see to it in DATABASE_URL."),
    "gaierror": ("The name of its host is not known.", "Correct the host in DATABASE_URL, or the server of names."),
    "TimeoutError": ("It does not answer within ten seconds.", "See whether a firewall lies between, and whether it hangs."),
    "TargetServerAttributeNotMatched": (
        "None of its hosts is the primary.",
        "Promote a standby (select pg_promote();) or start the primary.",
    ),
    "SSLCertVerificationError": (
        "Its certificate is another's, or not signed by whom sslrootcert names.",
        "See to host and sslrootcert in DATABASE_URL, and to the server's ssl_cert_file.",
    ),
    "ConnectionError": (
        "It speaks no TLS, which sslmode asks for.",
        "Set ssl = on at the server, or see to sslmode in DATABASE_URL.",
    ),
}


def kind_of(error: BaseException) -> str:
    """The class of the error; of the last host's, where none of them answered."""
    return str(error) if isinstance(error, DatabaseAway) and str(error) in _REASONS else type(error).__name__


def in_words(kind: str) -> tuple[str, str]:
    """What it means, empty where that is not known, and what to do."""
    return _REASONS.get(kind, ("", "See that it runs, and that DATABASE_URL is right."))


def sentence(error: BaseException) -> str:
    """Why nobody is let in, and what to do; empty where the error is not of a connection that was asked for in vain."""
    kind = kind_of(error)
    if not isinstance(error, DatabaseAway) and (isinstance(error, OSError) or kind not in _REASONS):
        return ""
    says, do = in_words(kind)
    return f"the database lets nobody in. {says or f'It does not answer ({error}).'} {do}"


def tell(error: BaseException, setting: str = "DATABASE_URL") -> None:
    """A line for the log, by the setting that names the database to this process."""
    kind = kind_of(error)
    says, do = in_words(kind)
    do = do.replace("DATABASE_URL", setting)
    log.error("database_away", error=kind, says=says or "The database does not answer.", do=do)


@contextmanager
def told() -> Iterator[None]:
    """A start that the database stops says why: the server of requests repeats an error without its words."""
    try:
        yield
    except REFUSED as error:
        tell(error)
        raise
