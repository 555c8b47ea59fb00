"""The checks of the service's own long-lived keys: whether they lie there, and are those that rows were made with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from programmes.calendar import astray_services
from programmes.core import service_keys as long_lived
from programmes.core.db import fetch, fetchval
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.doctor.findings import Finding, Level, Patient
from programmes.doctor.folders import whole_keys_in
from programmes.people import factor_services, lookup_services

_CHECK = "service keys"


@dataclass(frozen=True)
class _Service:
    """A long-lived key: what follows when it is away, how bad that is, and which rows were made with it, if any."""

    then: str
    level: Level = "warning"
    rows: str = ""


_NEVER, _FIRST = (
    "None is made in its place.",
    "It was never noted that it was there: whoever needs it first makes another one.",
)
_ANEW = "Whoever needs it next makes another one:"
_SERVICES = {
    "second-factor": _Service(
        "Until it is back nobody signs in with a code app, or takes one into use; recovery codes work. If every copy"
        " is lost: programmes keys lost service, and programmes staff second-factor reset for each.",
        *("fault", "second_factor"),
    ),
    "search": _Service(
        "Until it is back nobody is found by name or number, nobody can apply by name, and no"
        " record is changed. If every copy is lost: programmes keys lost service; the worker finds every record anew then.",
        *("fault", "person_lookup"),
    ),
    "feed": _Service(
        "Calendars that people subscribe to are answered as before. Until it is back no address of one is shown, made or"
        " changed. If every copy is lost: programmes keys lost service; every calendar gets another address then, those from"
        " before end, and everybody subscribes anew.",
        *("fault", "feed where revoked_at is null"),
    ),
    "backup": _Service(
        f"{_ANEW} the next backup. Backups from before are then put back only with --keys and a copy of person keys that has"
        " the old one.",
    ),
    "csrf": _Service(
        f"{_ANEW} a web process that starts, while those that run go on with the old one. Then forms of the one are refused"
        " by the other, and come back to be sent once more. If it is not put back: start all web processes anew at once.",
    ),
}
_OTHER = _Service(f"{_ANEW} who is in the middle of signing in begins again.")
_SERVICE_BACK = (
    "It lies as service/{name}.key in each copy of person keys from before it was lost, and in none from after that. Put it"
    " back from the newest that has it, or, where a backup was put back, from the copy that was made with that: programmes"
    " restore --identity - --keys …/persons-….age, which says where a copy lacks it (docs/operations.md, Keys that are"
    " lost). Copies go after their days: do it before that."
)
_OVER = " What is damaged is kept beside it under another name."
_LIE_ASIDE = (
    "Others lie in their place. Once nothing is missed that was made with them, remove them: they may hold what somebody"
    " could use."
)


async def gone(folder: Path) -> list[str]:
    """Which long-lived keys are not in this folder that were there once, or that rows were made with; damaged ones too.

    Raises:
        KeysAway, OSError: it can't be looked into.
    """
    found = set(long_lived.missing(folder))
    for name, service in _SERVICES.items():
        away = not (folder / "service" / f"{name}.key").exists()
        if away and service.rows and await fetchval(f"select exists (select from {service.rows})"):
            found.add(name)
    return sorted(found)


def _said(name: str, damaged: Sequence[str], noted: bool) -> Finding:
    service = _SERVICES.get(name, _OTHER)
    if damaged:
        files = ", ".join(f"service/{file}" for file in damaged)
        what = f"The key `{name}` is damaged: {files} {'have' if len(damaged) > 1 else 'has'} another length than a key."
    else:
        what = f"The key `{name}` is not in the folder."
    made = "" if name not in long_lived.LASTING else f"{_NEVER} " if noted or damaged else f"{_FIRST} "
    mend = _SERVICE_BACK.format(name=name) + (_OVER if damaged else "")
    return Finding(_CHECK, service.level, f"{what} {made}{service.then}", mend)


async def service_keys(patient: Patient) -> Sequence[Finding]:
    """Whether the long-lived keys are there, whole, that were made once, or that rows were made with."""
    folder = patient.settings.key_folder
    try:
        missing, noted = await gone(folder), long_lived.missing(folder)
        damaged, aside = long_lived.damaged(folder), long_lived.kept_aside(folder)
    except (OSError, KeysAway):
        # That it is closed is said of the folder.
        return []
    found = [_said(name, damaged.get(name, ()), name in noted) for name in missing]
    found = found or [Finding(_CHECK, "ok", "The long-lived keys that were made are there.")]
    if aside:
        names = ", ".join(f"service/{name}" for name in aside)
        found.append(Finding(_CHECK, "note", f"Damaged keys lie aside: {names}.", _LIE_ASIDE))
    return found


def _lies(folder: Path, name: str) -> bool:
    """Whether this key is there, whole: that it is not is said by `service_keys`."""
    return (folder / "service" / f"{name}.key").exists() and name not in long_lived.missing(folder)


async def search_key(patient: Patient) -> Sequence[Finding]:
    """Whether every record that opens is found by hashes under the key that there is. Of one whose own key is away, or is
    damaged, or known as lost, the worker can make none; that is said by itself."""
    folder = patient.settings.key_folder
    if not _lies(folder, "search"):
        return []
    marks = lookup_services.fits(KeyFolder.there(folder))
    rows = await fetch("select distinct participant_id as id from person_lookup where made_under <> all($1::bytea[])", marks)
    if other := len({row["id"] for row in rows} & whole_keys_in(folder, "person/??/*.key")):
        told = (
            f"{other} records have hashes under another key than there is: nobody finds them, nor does protection by number."
        )
        return [
            Finding("search", "fault", told, "Start the worker, which makes them anew within the hour, or at its start.")
        ]
    return [Finding("search", "ok", "Records have hashes under the key that there is.")]


async def feed_key(patient: Patient) -> Sequence[Finding]:
    """Whether the addresses of calendars, as they are shown, lead to them."""
    folder = patient.settings.key_folder
    if not _lies(folder, "feed"):
        return []
    if other := len(await astray_services.astray(KeyFolder.there(folder))):
        told = f"{other} calendars have an address under another key than there is: the one that is shown leads to nothing."
        mend = (
            "Put the right key back, if there is a copy of it. If not: programmes keys lost service --yes, which gives those"
            " another address and ends the one that they have."
        )
        return [Finding("feed", "fault", told, mend)]
    return [Finding("feed", "ok", "The addresses of calendars are made with the key that there is.")]


async def factor_key(patient: Patient) -> Sequence[Finding]:
    """Whether every secret of a code app opens with the key that there is."""
    folder = patient.settings.key_folder
    if not _lies(folder, "second-factor"):
        return []
    if other := len(await factor_services.unreadable(KeyFolder.there(folder))):
        told = (
            f"{other} accounts have a code app whose secret lies under another key than there is: their codes are refused."
        )
        mend = "programmes keys lost service names them; for each: programmes staff second-factor reset"
        return [Finding("second factor", "warning", told, mend)]
    return [Finding("second factor", "ok", "Secrets of code apps open with the key that there is.")]
