"""Whether the folders of keys are those that the database's rows belong to."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from programmes.core import folder_marks
from programmes.core.sealing import KeysAway, Spot, read_key
from programmes.doctor.findings import Finding, Patient

# What is said of each, by the name of its finding.
KEYS, BALLOTS = "folder of keys", "folder of ballots"
# Whoever reads this beside a volume that is not mounted must not be led to give up what lies on it.
_MOUNT = (
    "Mount the right one, or correct the setting, before anything else is done. Only if its disk itself is lost:"
    " docs/operations.md, Keys that are lost."
)
_NOTHING = "Nothing that is sealed opens, and nothing is destroyed."
# By the folder's name in the database.
_MARK_BACK = {
    "keys": (
        "Put it back from the newest copy of person keys: programmes restore --identity - --keys …/persons-….age"
        " (docs/operations.md, Keys that are lost)."
    ),
    "ballots": (
        "No copy has it. Only if this is the folder that was always mounted here: move what lies in its place away, and"
        " programmes keys adopt ballots --yes; the keys in it open what they opened."
    ),
}


async def right_folders(patient: Patient) -> Sequence[Finding]:
    """Whether the folders are those that the database's rows belong to."""
    settings = patient.settings
    found = [await _mark("keys", KEYS, settings.key_folder)]
    if patient.worker:
        found.append(await _mark("ballots", BALLOTS, settings.ballot_key_folder))
    return found


async def _mark(name: folder_marks.Folder, check: str, folder: Path) -> Finding:
    wanted = await folder_marks.known(name)
    if wanted is None:
        return Finding(check, "note", "The database knows no folder yet; the worker notes it when it starts.")
    try:
        found = hashlib.sha256(read_key(Spot(folder) / "service" / "installation.key")).digest()
    except (FileNotFoundError, KeysAway):
        if any(folder.glob("*/*.key")) or any(folder.glob("*/*/*.key")):
            # Those of persons and entries lie a step deeper.
            told = f"In {folder} keys lie, but its mark does not, or is damaged: service/installation.key. {_NOTHING}"
            return Finding(check, "fault", told, _MARK_BACK[name])
        told = f"No keys lie in {folder}: it is empty, or not there. {_NOTHING}"
        return Finding(check, "fault", told, _MOUNT)
    except OSError as error:
        told = f"{folder} cannot be looked into by this account ({type(error).__name__})."
        return Finding(check, "fault", told, "Run this as the account of the service; if it is that, give the folder to it.")
    if found == wanted:
        return Finding(check, "ok", "It is the one that the database's rows belong to.")
    told = "Another folder lies where the keys were; nothing that is sealed opens with it, and nothing is destroyed in it."
    return Finding(check, "fault", told, _MOUNT)
