"""Whether the folders of keys are those that the database's rows belong to."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from programmes.core import folder_marks
from programmes.core.sealing import KeysAway, Spot, read_key
from programmes.doctor.findings import Finding, Patient


async def right_folders(patient: Patient) -> Sequence[Finding]:
    """Whether the folders are those that the database's rows belong to."""
    settings = patient.settings
    folders: list[tuple[folder_marks.Folder, Path]] = [("keys", settings.key_folder)]
    if patient.worker:
        folders.append(("ballots", settings.ballot_key_folder))
    return [await _mark(name, Spot(folder) / "service" / "installation.key") for name, folder in folders]


async def _mark(name: folder_marks.Folder, file: Spot) -> Finding:
    check = f"folder of {name}"
    wanted = await folder_marks.known(name)
    if wanted is None:
        return Finding(check, "note", "The database knows no folder yet; the worker notes it when it starts.")
    try:
        found = hashlib.sha256(read_key(file)).digest()
    except (FileNotFoundError, KeysAway):
        found = b""
    if found == wanted:
        return Finding(check, "ok", "It is the one that the database's rows belong to.")
    return Finding(
        check,
        "fault",
        "Another folder lies where the keys were; nothing that is sealed opens with it, and nothing is destroyed in it.",
        "Mount the right one. If it is lost for good: programmes keys adopt, and what only it could open is lost.",
    )
