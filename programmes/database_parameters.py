"""What may stand behind the ? of a database's address.

Only what both of its readers know: asyncpg, which takes any other parameter for a setting of the server and is refused
there, and libpq's programs (`backup`, `restore`), which end with a parameter that they don't know. So `connect_timeout`,
which libpq alone knows, would keep everything from starting.
"""

import difflib
import os
from collections.abc import Mapping, Sequence

from programmes.setting_values import SettingsError

_TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
# Those of which only certain values mean something.
_CHOICES: Mapping[str, Sequence[str]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    # The service writes: what asks for a standby never starts.
    "target_session_attrs": ("read-write", "primary", "any"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS,
    "ssl_max_protocol_version": _TLS,
}
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_FREE = ("host", "port", "dbname", "user", "password", "sslpassword", "service", "krbsrvname", "gsslib", "options",
         "application_name")  # fmt: skip
KNOWN = (*_CHOICES, *_FILES, *_FREE)
# What is meant well and has another place.
_INSTEAD = {
    "connect_timeout": "each host is given six seconds",
    "ssl": "write sslmode=require or sslmode=verify-full",
    "database": "write the name behind the / or as dbname=",
    "sslcompression": "it is never used",
}


def _unknown(name: str, key: str) -> SettingsError:
    """By its name, which is the administrator's; a part of a password that ended the address would not look like one."""
    if key in _INSTEAD:
        return SettingsError(f"{name} has the parameter {key}, which is not understood here: {_INSTEAD[key]}")
    near = difflib.get_close_matches(key, KNOWN, 1, 0.7)
    if near:
        return SettingsError(f"{name} has a parameter that is not understood (is {near[0]} meant?)")
    return SettingsError(f"{name} has a parameter that is not understood; those that are: {', '.join(KNOWN)}")


def _readable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.R_OK)


def check(name: str, given: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> None:
    """The parameters of the address that the setting `name` holds.

    Raises:
        SettingsError: one is not understood, is there twice, or has a value that can't be. No value is repeated.
    """
    seen: dict[str, str] = {}
    for key, value in given:
        if key not in KNOWN:
            raise _unknown(name, key)
        if key in seen:
            raise SettingsError(f"{name} has the parameter {key} twice")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise SettingsError(f"{name} has a {key} that cannot be: it is one of {', '.join(_CHOICES[key])}")
        if key in _FILES and not _readable(value):
            raise SettingsError(f"{name} names a file in {key} that is not there, or that this account may not read")
        seen[key] = value
    _must_have_a_root(name, seen, environment)


def _must_have_a_root(name: str, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """By what a server's certificate is looked at. The accounts of the service have no home in which it could lie."""
    if given.get("sslmode") not in {"verify-ca", "verify-full"} or given.get("sslrootcert"):
        return
    at_home = os.path.join(environment.get("HOME") or "/nonexistent", ".postgresql", "root.crt")
    if not _readable(environment.get("PGSSLROOTCERT") or at_home):
        raise SettingsError(
            f"{name} has sslmode={given['sslmode']} and no sslrootcert: add &sslrootcert=, and the file with the "
            "certificate of who signed the server's"
        )
