"""What is said of a folder of keys, and of the keys in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from programmes.doctor.findings import Finding
from programmes.doctor.folders import FolderFacts, KeyFacts

# Keys of ballots and of the log stay what they are.
_ROTATED = "; they can be rotated (programmes keys rotate)."


def _reach(name: str, facts: FolderFacts) -> Iterator[Finding]:
    if facts.open:
        yield Finding(
            name,
            "fault",
            f"{facts.path} can be entered by other accounts (its mode is {facts.mode:o}).",
            f"chmod {'2770' if facts.group else '700'} {facts.path}, and find out who could read the keys"
            + (_ROTATED if name == "key folder" else "."),
        )
    if facts.open_to_others:
        yield Finding(
            name,
            "fault" if facts.open else "warning",
            f"{facts.open_to_others} folders, key files or receipts in {facts.path} have a mode that lets others in.",
            f"chmod -R {'o=' if facts.group else 'u=rwX,go='} {facts.path} (the folder ballots in it may stay readable).",
        )
    if facts.listed:
        yield Finding(
            name,
            "fault",
            f"{facts.listed} folders or files in {facts.path} have access control lists: other accounts than the mode tells"
            " of may reach the keys, now or in what is made here.",
            f"getfacl -R {facts.path} says who; setfacl -R -b {facts.path} takes them away. Find out who could read the keys"
            + (_ROTATED if name == "key folder" else "."),
        )
    if facts.of_others:
        yield Finding(
            name,
            "warning",
            f"{facts.of_others} files in {facts.path} belong to another account than the folder.",
            "Give all of them to the account that the service runs as, and run every command as that account.",
        )


def _sharing(name: str, facts: FolderFacts) -> Iterator[Finding]:
    """Of a folder that is given to a group."""
    if facts.group and name != "key folder":
        yield Finding(
            name,
            "fault",
            f"{facts.path} is given to the group {facts.group}: only the worker's own account may reach it.",
            f"chmod g-s,g= {facts.path}",
        )
    elif len(facts.members) > 2:
        told = f"{len(facts.members)} accounts are in the group {facts.group}, which reaches all keys: "
        mend = "Take away all but those of web and worker: gpasswd -d ACCOUNT GROUP"
        yield Finding(name, "fault", f"{told}{', '.join(facts.members)}.", mend)
    if facts.nameless:
        yield Finding(
            name,
            "warning",
            f"{facts.path} is given to the group with the number {facts.group}, which has no name here: who is in it cannot"
            " be checked.",
            "Give it to a group that has a name, of just web and worker. In a container see on the host who has that group.",
        )
    if facts.closed_to_group:
        yield Finding(
            name,
            "fault",
            f"{facts.closed_to_group} folders, key files or receipts in {facts.path} are closed to the group that it is"
            " given to, so that web or worker cannot use them.",
            f"chgrp -R {facts.group} {facts.path}; chmod -R u=rwX,g=rwX,o= {facts.path}; find {facts.path} -type d -exec"
            " chmod g+s {} +",
        )


def _read_only(name: str, facts: FolderFacts) -> Iterator[Finding]:
    """Said before all else: of what can be mended none can be until it is mounted otherwise."""
    if facts.read_only:
        yield Finding(
            name,
            "fault",
            f"{facts.path} lies on a volume that is mounted read-only: no key can be made or destroyed in it.",
            "Mount it for writing. If it has become so by itself, its disk has failed (dmesg): first of all programmes"
            " backup, which only reads it.",
        )


def _use(name: str, facts: FolderFacts) -> Iterator[Finding]:
    if facts.closed or not (facts.usable or facts.read_only):
        yield Finding(
            name,
            "fault",
            f"{facts.path} cannot be read and written by this account"
            + (f"; {facts.closed} keys or folders in it are closed to it." if facts.closed else "."),
            "Run this as the account of the service. If it is that: give the folder to it.",
        )
    yield from _damaged(name, facts)


# Which they are no line of `doctor` says, for they are called by the ids of records.
_WHICH = "find {path} -type f \\( -name '*.key' -o -name '*.next' -o -name '*.last' \\) ! -size 32c ! -path '*/service/*'"
_OVER_DAMAGED = "programmes restore --identity - --keys …/persons-….age puts the copy's in the place of damaged ones"
_LOST_WITH = {
    "key folder": (
        f"Of persons, {_OVER_DAMAGED} (docs/operations.md, Keys that are lost). Of entries there is no copy. What no copy"
        " has is lost with what it sealed: remove those files, then programmes keys lost persons --yes, or entries."
    ),
    "ballot key folder": (
        "There is no copy of these: what they sealed is lost. Remove those files, then programmes keys lost ballots --yes."
    ),
    "log key folder": "Take it from the newest log-….age (docs/operations.md, Keys that are lost).",
}


def _damaged(name: str, facts: FolderFacts) -> Iterator[Finding]:
    if facts.damaged:
        one, are = ("1 key file is", "it has") if facts.damaged == 1 else (f"{facts.damaged} key files are", "they have")
        told = f"{one} damaged: {are} another length than a key."
        which = f"{_WHICH.format(path=facts.path)} says which."
        yield Finding(name, "fault", told, f"{which} {_LOST_WITH.get(name, '')}".strip())


def damaged_findings(facts: FolderFacts) -> list[Finding]:
    """What is said of damaged keys in the key folder, those of the service among them; nothing where there are none."""
    return [*_damaged("key folder", facts), *damaged_of_service("key folder", facts)]


def damaged_of_service(name: str, facts: FolderFacts) -> Iterator[Finding]:
    """What is damaged of the service's own keys, by the names of the files."""
    if facts.damaged_service:
        files = ", ".join(f"service/{file}" for file in facts.damaged_service)
        told = f"Damaged, with another length than a key: {files}."
        yield Finding(
            name,
            "fault",
            told,
            f"{_OVER_DAMAGED} (docs/operations.md, Keys that are lost). If no copy has them: programmes keys lost service.",
        )


def _none_of_ours(name: str, facts: FolderFacts) -> Iterator[Finding]:
    """What lies in the folder and was made by no program of ours."""
    if facts.strange:
        yield Finding(
            name,
            "fault",
            f"{facts.strange} links, or other things that are no files, lie in {facts.path}. No program of ours makes any:"
            " somebody with the account of web may have tried to reach other files through the worker.",
            f"Look at them (find {facts.path} ! -type f ! -type d; and find {facts.path} -name receipts.jsonl -links +1),"
            " remove them, and find out who has made them. The service follows none.",
        )
    if facts.stray:
        yield Finding(
            name,
            "warning",
            f"{facts.stray} files or folders lie among the keys in {facts.path} that no program of ours makes. Beside the"
            " keys they do no harm; in the place of a folder of keys, none in it can be read or destroyed.",
            f"Look for them in the folders entry, person and aside of {facts.path}, and remove them. The keys there are"
            " named <id>.key; what was to be destroyed is, within seconds of that.",
        )
    if facts.in_place:
        yield Finding(
            name,
            "fault",
            f"{facts.in_place} links, folders and what else is no file lie in the place of a key in {facts.path}. That"
            " key can be neither read nor destroyed: what was to be erased with it is not, and has no receipt.",
            f"Look at them (find {facts.path} -name '*.key' ! -type f; so with '*.next' and '*.last'). If the key itself"
            " lies elsewhere, as where a link leads, put that very file in its place, so that it is destroyed there. Else"
            " remove what lies there.",
        )


def _rotation(name: str, facts: FolderFacts, rotating: bool) -> Iterator[Finding]:
    if facts.being_rotated and rotating:
        yield Finding(name, "note", f"A rotation is running: {facts.being_rotated} keys have a successor.")
    elif facts.being_rotated:
        yield Finding(
            name,
            "warning",
            f"A rotation was broken off: {facts.being_rotated} keys have a successor that has not taken their place.",
            "Run the same programmes keys rotate again. Nothing is lost meanwhile.",
        )


def _receipts_findings(name: str, facts: FolderFacts) -> Iterator[Finding]:
    lines = facts.receipts
    if not lines.readable:
        yield Finding(name, "fault", "The receipts of destroyed keys cannot be read.", "Give receipts.jsonl to the service.")
    # Of the key folder that is said with what they tell of (`key_checks.receipts`).
    if lines.damaged and name != "key folder":
        told = f"{lines.damaged} lines of receipts.jsonl in {facts.path} are damaged: they are no receipts."
        yield Finding(name, "fault", told, "Take them out by hand, and see what the disk says of itself (dmesg).")
    if lines.torn:
        yield Finding(
            name,
            "warning",
            f"{lines.torn} lines of the receipts of destroyed keys are no receipts.",
            "Compare receipts.jsonl with a copy: after a restore, only what has a receipt is erased again.",
        )
    elif lines.torn_end:
        yield Finding(name, "note", "The last receipt is torn by a crash. The worker writes it again by itself.")


def _volume(name: str, facts: FolderFacts, demo: bool) -> Iterator[Finding]:
    if facts.same_volume is None:
        yield Finding(
            name,
            "note",
            "Whether the folder is on the database's volume cannot be checked: the database is elsewhere, or hides where.",
            "See to it yourself: a snapshot or backup of one volume must never hold both.",
        )
    elif facts.same_volume:
        yield Finding(
            name,
            "note" if demo else "warning",
            "The folder lies on the same volume as the database: a snapshot of it would hold the data with its keys.",
            "" if demo else "Move the folder to a volume of its own, and never take snapshots of that.",
        )


def folder_findings(name: str, facts: FolderFacts, demo: bool = False, rotating: bool = False) -> list[Finding]:
    """What is wrong with a folder. One that is fine gives a single `ok`. What is damaged of the service's own keys is said
    with what follows from it, which asks the database (`service_key_checks`): here only by `damaged_findings`."""
    if not facts.there:
        return [
            Finding(
                name,
                "fault",
                f"{facts.path} is not there.",
                "Mount the volume, or correct the setting, before anything is started: a new empty folder cannot open what"
                " there is.",
            )
        ]
    found = [
        *_read_only(name, facts),
        *_reach(name, facts),
        *_sharing(name, facts),
        *_use(name, facts),
        *_none_of_ours(name, facts),
        *_rotation(name, facts, rotating),
        *_receipts_findings(name, facts),
    ]
    who = (
        f"only the group {facts.group} reaches it ({', '.join(facts.members)})"
        if facts.group
        else "only its owner reaches it"
    )
    told = found or [Finding(name, "ok", f"{facts.path} is there, and {who}.")]
    return [*told, *_volume(name, facts, demo)]


@dataclass(frozen=True)
class Kept:
    """What is told of one kind of key. `what` needs them, in the plural; `mend`: what to do when some are missing; `then`:
    what those do who worked with what is lost."""

    check: str
    what: str
    mend: str
    then: str


def key_findings(kept: Kept, facts: KeyFacts) -> Sequence[Finding]:
    """Whether the rows have their keys."""
    found, number = [], len(facts.needed)
    if facts.missing:
        told = f"{facts.missing} of {number} {kept.what} need a key that is not in the folder."
        found.append(Finding(kept.check, "fault", told, kept.mend))
    if facts.lost:
        told = f"Of {facts.lost} of {number} {kept.what} the key is lost, as somebody has said. {kept.then}"
        found.append(Finding(kept.check, "note", told))
    whole = Finding(kept.check, "ok", f"All {len(facts.needed - facts.destroyed)} {kept.what} have their keys.")
    return [*(found or [whole]), *_keys_without_rows(kept.check, kept.what, facts)]


def _keys_without_rows(name: str, what: str, facts: KeyFacts) -> Iterator[Finding]:
    """Rows that are there again without their keys, keys that are there again, and keys that belong to nothing."""
    if facts.risen:
        yield Finding(
            name,
            "fault",
            f"{facts.risen} {what} are there that have been erased: each has a receipt. The database is from a backup.",
            "Start the worker, which erases them again. Never bring their keys back.",
        )
    if facts.returned:
        yield Finding(
            name,
            "fault",
            f"{facts.returned} key files of {what} are there again whose keys were destroyed: each has a receipt.",
            "The worker destroys them again within the hour, and opens nothing with them. Do not restore such files.",
        )
    if facts.orphans:
        yield Finding(
            name,
            "note",
            f"{facts.orphans} keys of {what} are older than a day and belong to no row.",
            "The worker sets them aside by itself, unless most have no row: then this is another database's folder.",
        )
