"""What a setting may say: each function reads one kind of value, or says by the setting's name what is wrong with it. What
may hold a password is never repeated."""

import difflib
import os
import re
import unicodedata
from collections.abc import Collection, Mapping
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit


class SettingsError(Exception):
    """A setting is missing or wrong; the message is meant for the administrator."""


def split(name: str, value: str) -> SplitResult:
    """An address in its parts."""
    try:
        return urlsplit(value)
    except ValueError:
        raise SettingsError(f"{name} is no address") from None


_PREFIX = re.compile(r"PROGRAM[A-Z]{0,4}_")


def unknown(environment: Collection[str], known: Collection[str]) -> str:
    """Names that look like settings and are none, each with the one that may be meant; empty when there are none."""
    found = []
    # What all of ours begin with is no likeness; and nobody is led to the setting of the demo.
    meant = {_PREFIX.sub("", name): name for name in known if name != "PROGRAMMES_DEMO"}
    for name in sorted(environment):
        near = [meant[one] for one in difflib.get_close_matches(_PREFIX.sub("", name.upper()), meant, 1, 0.8)]
        # Without the last letters of the prefix it is somebody else's, unless all else is like one of ours.
        ours = name.upper().startswith("PROGRAMMES_") or (near and _PREFIX.match(name))
        if ours and name not in known:
            small = " Names are in capital letters." if name.upper() != name else ""
            found.append(f"{name} (is {near[0]} meant?{small})" if near else f"{name}{small and f' ({small.strip()})'}")
    return ", ".join(found)


def is_local(host: str) -> bool:
    """Whether a host is this machine, or, as `name.local`, one that is found without any server of names beside it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or re.fullmatch(r"[a-z0-9-]+\.local(host)?", host) is not None


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def host_as_asked_for(host: str) -> str:
    """The name of a host as browsers ask for it, å ä ö in punycode; empty for what cannot be one (RFC 1123)."""
    try:
        ip_address(host)
        return host
    except ValueError:
        pass
    try:
        written = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = written.removesuffix(".").split(".")
    return written if len(written) < 255 and all(map(_LABEL.fullmatch, labels)) else ""


def _host_that_can_be(name: str, value: str) -> tuple[SplitResult, str]:
    """A web address in its parts, and its host as browsers ask for it."""
    parts = split(name, value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"{name} must be an http or https address, not {value!r}")
    host = host_as_asked_for(parts.hostname)
    if not host:
        raise SettingsError(f"{name} names no host that can be: {value!r}")
    return parts, host


def base_address(name: str, value: str, demo: bool) -> str:
    """The address that people see: scheme and host, nothing behind. Without TLS only for this machine, or a demo."""
    parts, host = _host_that_can_be(name, value)
    if parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be scheme and host, as https://stod.example.se, with nothing behind")
    if not _port_can_be(value):
        raise SettingsError(f"{name} has a port that cannot be: {value!r}")
    if host != parts.hostname:
        # What is asked for is held against this name as it stands.
        port = f":{parts.port}" if parts.port else ""
        raise SettingsError(f"{name} must name its host as browsers ask for it: {parts.scheme}://{host}{port}")
    if parts.scheme == "http" and not demo and not is_local(parts.hostname):
        raise SettingsError(f"{name} must begin with https:// (http is for this machine only), not {value!r}")
    return value.rstrip("/")


def _port_can_be(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def web_address(name: str, value: str) -> str:
    """Where a link leads."""
    _host_that_can_be(name, value)
    if not _port_can_be(value):
        raise SettingsError(f"{name} has a port that cannot be: {value!r}")
    return value


_ESCAPED = "signs as / # ? [ in a password are written %2F %23 %3F %5B"
_HOST = re.compile(r"(\[[^\]]*\]|[^:@\[\]]*)(?::(\d{1,5}))?")


def database_address(name: str, value: str) -> str:
    """A database's address; several hosts may stand in it. A sign of a password that would end it is found by what comes
    behind: a port that is none, or an @ where no host is."""
    if value and not re.match(r"postgres(ql)?://", value):
        raise SettingsError(f"{name} must begin with postgresql://")
    try:
        parts = urlsplit(value)
        asked = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except ValueError:
        raise SettingsError(f"{name} is no address; {_ESCAPED}") from None
    ports = [port for key, told in asked if key == "port" for port in told.split(",")]
    _who, mark, where = parts.netloc.rpartition("@")
    found = [_HOST.fullmatch(one) for one in where.split(",")]
    ports += [one[2] for one in found if one and one[2]]
    if not all(found) or not all(re.fullmatch(r"\d{1,5}", port) and 0 < int(port) < 65536 for port in ports):
        raise SettingsError(f"{name} has a port that cannot be; {_ESCAPED}")
    if "#" in value or "@" in parts.path or (where and not mark and "@" in parts.query):
        raise SettingsError(f"{name} has an @ or # where it cannot be; {_ESCAPED}")
    named = {key for key, told in asked if told} & {"host", "user", "dbname", "service"}
    if value and not (parts.netloc or parts.path.strip("/") or named):
        raise SettingsError(f"{name} names neither host nor user nor database: postgresql://user:password@host/database")
    return value


def seen(name: str, value: str) -> str:
    """What can be shown: one line, without signs for machines. It is not repeated, as it would garble the line."""
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in value):
        raise SettingsError(f"{name} has a line break or another sign that nobody sees in it: write it in one line")
    return value


def telephone(name: str, value: str) -> str:
    """A number that pages ask people to call, with words around it if need be."""
    if not re.search(r"[0-9]", value):
        raise SettingsError(f"{name} must be a telephone number, as 0454-81 00 00: pages say who to call")
    return value


def given(environment: Mapping[str, str], names: Collection[str]) -> None:
    """Nothing is named and left empty that must say something. What is not named at all has its default."""
    for name in names:
        if not environment.get(name, "something").strip():
            raise SettingsError(f"{name} must be set: it is empty")


def mail_address(name: str, value: str) -> str:
    """A sender."""
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", parseaddr(value)[1]) or "\n" in value:
        raise SettingsError(f"{name} must be an address as noreply@example.se, not {value!r}")
    return value


def mail_server(name: str, value: str) -> str:
    """`smtp://[user:password@]host[:port][?starttls]`, `smtps://…`, `folder:///path`, or nothing."""
    parts = split(name, value)
    folder = parts.scheme == "folder" and parts.path
    server = parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.query in {"", "starttls"}
    if value and not folder and not server:
        raise SettingsError(f"{name} must be smtp://…, smtps://… or folder:///…, with ?starttls or nothing behind")
    if value and not _port_can_be(value):
        raise SettingsError(f"{name} has a port that cannot be; signs as / # ? in a password are written %2F %23 %3F")
    if parts.query and parts.scheme == "smtps":
        raise SettingsError(f"{name} is encrypted from the start with smtps://: leave ?starttls away, or write smtp://")
    if parts.password and parts.scheme == "smtp" and not parts.query and not _is_near(parts.hostname or ""):
        raise SettingsError(
            f"{name} has a password that would cross the network unencrypted: add ?starttls, or write smtps://"
        )
    return value


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or by its name one in a network of one's own, as a container beside this one."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return is_local(host) or "." not in host or host.endswith((".internal", ".local", ".lan", ".home.arpa"))


def folder(name: str, value: str) -> Path:
    """A folder, from the root: what a relative one means depends on where a command is started."""
    if not value.startswith("/"):
        raise SettingsError(f"{name} must be a folder from the root, as /srv/…, not {value!r}")
    found = Path(os.path.normpath(value))
    if found == Path("/"):
        raise SettingsError(f"{name} must be a folder of its own, not the root of the disk")
    if any(found.is_relative_to(root) for root in ("/proc", "/sys")):
        raise SettingsError(f"{name} lies in /{found.parts[1]}, which is the system's and keeps no files")
    return Path(value)


def apart(folders: Mapping[str, Path]) -> None:
    """None of these is another, or lies in it: whoever may reach one must not thereby reach the next."""
    for name, found in folders.items():
        for other, beside in folders.items():
            if name != other and found.absolute().is_relative_to(beside.absolute()):
                raise SettingsError(f"{name} lies in {other}: they must be apart")


def hosts(database_url: str) -> list[tuple[str, int]]:
    """Every host of a database's address with its port; a folder is where a socket lies."""
    parts = urlsplit(database_url)
    asked = parse_qs(parts.query)
    given = (",".join(asked.get("host", [])) or parts.netloc.rpartition("@")[2]).split(",")
    ports = ",".join(asked.get("port", ["5432"])).split(",")
    return [_host(one, ports[number % len(ports)]) for number, one in enumerate(given) if one]


def _host(given: str, port: str) -> tuple[str, int]:
    """One host, `name`, `name:port` or `[::1]:port`."""
    found = re.fullmatch(r"\[(.*)\](?::(\d+))?|([^:]*)(?::(\d+))?", given)
    host, own = (found[1] or found[3], found[2] or found[4]) if found else (given, None)
    number = own or port
    return host, int(number) if number.isdigit() else 5432
