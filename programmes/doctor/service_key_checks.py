"""The checks of the service's own long-lived keys: whether they lie there, and are those that rows were made with."""

from collections.abc import Sequence
from dataclasses import dataclass

from programmes.core import service_keys as long_lived
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.doctor.findings import Finding, Level, Patient
from programmes.people import lookup_services


@dataclass(frozen=True)
class _Service:
    """A long-lived key: the table whose rows were made with it, if any; how bad it is that it is away, and what follows."""

    then: str
    level: Level = "warning"
    table: str = ""


_ANEW = "Whoever needs it next makes another one:"
_SERVICES = {
    "second-factor": _Service(
        "None is made in its place. Until it is back nobody signs in with a code app, or takes one into use. If every copy"
        " is lost: programmes keys lost service, and programmes staff second-factor reset for each.",
        *("fault", "second_factor"),
    ),
    "search": _Service(
        "None is made in its place. Until it is back nobody is found by name or number, nobody can apply by name, and no"
        " record is changed. If every copy is lost: programmes keys lost service; the worker finds every record anew then.",
        *("fault", "person_lookup"),
    ),
    "feed": _Service(
        "None is made in its place. Every calendar that people subscribe to has an address made with it, and is not answered"
        " until it is back. If every copy is lost: programmes keys lost service, and everybody subscribes anew.",
        *("fault", "feed"),
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
    "It lies as service/{name}.key in every copy of person keys. Put it back from the newest, or, where a backup was put"
    " back, from the copy that was made with that: programmes restore --identity - --keys …/persons-….age"
    " (docs/operations.md, Keys that are lost)."
)


async def service_keys(patient: Patient) -> Sequence[Finding]:
    """Whether the long-lived keys are there that were made once, or that rows were made with."""
    folder, check = patient.settings.key_folder, "service keys"
    try:
        gone = set(long_lived.missing(folder))
    except (OSError, KeysAway):
        # That it is closed is said of the folder.
        return []
    for name, service in _SERVICES.items():
        away = not (folder / "service" / f"{name}.key").exists()
        if away and service.table and await fetchval(f"select exists (select from {service.table})"):
            gone.add(name)
    found = []
    for name in sorted(gone):
        service = _SERVICES.get(name, _OTHER)
        told = f"The key `{name}` is not in the folder. {service.then}"
        found.append(Finding(check, service.level, told, _SERVICE_BACK.format(name=name)))
    return found or [Finding(check, "ok", "The long-lived keys that were made are there.")]


async def search_key(patient: Patient) -> Sequence[Finding]:
    """Whether every record is found by hashes under the key that there is."""
    folder = patient.settings.key_folder
    if not (folder / "service" / "search.key").exists():
        return []
    marks = lookup_services.fits(KeyFolder.there(folder))
    other = await fetchval(
        "select count(distinct participant_id) from person_lookup where made_under <> all($1::bytea[])", marks
    )
    if other:
        told = (
            f"{other} records have hashes under another key than there is: nobody finds them, nor does protection by number."
        )
        return [
            Finding("search", "fault", told, "Start the worker, which makes them anew within the hour, or at its start.")
        ]
    return [Finding("search", "ok", "Records have hashes under the key that there is.")]
