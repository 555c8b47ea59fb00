"""Whether rows have the keys that they need, and saying of those that are lost for good that it is known."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from programmes.core import audit, lost_keys
from programmes.core.db import fetch, transaction
from programmes.core.lost_keys import Lost
from programmes.core.sealing import KeysAway, Receipts
from programmes.doctor.findings import Finding, Patient
from programmes.doctor.folder_findings import Kept, key_findings
from programmes.doctor.folders import KeyFacts, keys_in
from programmes.doctor.right_folders import right_folders
from programmes.evaluation.text_keys import TextKeys


def _no_backup(name: str) -> str:
    return (
        "None is kept of these keys. If the wrong folder is mounted, mount the right one. If they are lost for good, what"
        f" they sealed is too: programmes keys lost {name} --yes says that it is known."
    )


# By the name that a shell gives them.
NAMED: Mapping[str, tuple[Lost, ...]] = {"entries": ("entries",), "persons": ("persons",), "ballots": ("ballots", "texts")}
# In no copy, ever (DESIGN 6): what of these is missing where the right folder lies is lost.
NEVER_COPIED: tuple[Lost, ...] = (*NAMED["entries"], *NAMED["ballots"])
NO_BACKUP: Mapping[Lost, str] = {kind: _no_backup(name) for name in ("entries", "ballots") for kind in NAMED[name]}
FROM_COPY = (
    "Put them back from the newest copy: programmes restore --identity - --keys …/persons-….age (docs/operations.md, Put it"
    " back). If every copy is lost: programmes keys lost persons --yes says that it is known."
)
_ASK_AGAIN = "Whom leaders see by number alone: let them ask again for what is needed, and enrol them anew."
_ENTRIES = Kept(
    "keys of entries",
    "entries of working lists",
    NO_BACKUP["entries"],
    _ASK_AGAIN,
)
_PERSONS = Kept(
    "keys of persons",
    "protected records",
    FROM_COPY,
    _ASK_AGAIN,
)
_BOXES = "ballot boxes that are not counted"
_ANSWERS = "Their answers cannot be counted: let leaders know, and ask again where that is wanted."
_PRIVATE = Kept("ballot keys", _BOXES, NO_BACKUP["ballots"], _ANSWERS)
_PUBLIC = Kept("public halves of ballot keys", _BOXES, NO_BACKUP["ballots"], _ANSWERS)
_AGAIN = (
    "Start the worker, which writes them anew within seconds. Where its log says `ballot_key_is_another`, the private half"
    " is not the one that was answered to: put the right ballot key folder back."
)


async def _ids(sql: str, *args: object) -> frozenset[UUID]:
    return frozenset(row[0] for row in await fetch(sql, *args))


async def _of_lists(patient: Patient) -> dict[Lost, KeyFacts]:
    """Of entries and persons."""
    folder, lost = patient.settings.key_folder, lost_keys.known(patient.settings.key_folder)
    going = await _ids("select key_id from key_destruction")
    destroyed: frozenset[UUID] = frozenset()
    # That receipts can't be read is said by `receipts`.
    with suppress(KeysAway):
        destroyed = frozenset(UUID(receipt["key"]) for receipt in Receipts(folder).read())
    needed: dict[Lost, tuple[str, str]] = {
        "entries": ("entry/??/*.key", "select distinct key_id from enrolment where key_id is not null"),
        "persons": ("person/??/*.key", "select id from participant union all select id from partner_record"),
    }
    return {
        kind: KeyFacts(*keys_in(folder, pattern, patient.now), await _ids(rows), going, destroyed, lost[kind])
        for kind, (pattern, rows) in needed.items()
    }


async def keys_of_rows(patient: Patient) -> Sequence[Finding]:
    """Whether entries and persons have their keys."""
    found = await _of_lists(patient)
    return [*key_findings(_ENTRIES, found["entries"]), *key_findings(_PERSONS, found["persons"])]


async def persons_missing(patient: Patient) -> Sequence[Finding]:
    """What is said of protected records whose key is missing, if there are any."""
    facts = (await _of_lists(patient))["persons"]
    return key_findings(_PERSONS, facts)[:1] if facts.missing else []


async def _of_boxes(patient: Patient) -> tuple[KeyFacts, KeyFacts]:
    """Private and public halves."""
    settings, lost = patient.settings, lost_keys.known(patient.settings.key_folder)["ballots"]
    needed = await _ids("select id from ballot where state in ('open', 'closing', 'waiting')")
    private = KeyFacts(*keys_in(settings.ballot_key_folder, "private/*.key", patient.now), needed, known_lost=lost)
    there, old = keys_in(settings.key_folder, "ballots/*.pub", patient.now)
    # Those whose private half lies there are written anew, and are said by themselves (`_again`).
    return private, KeyFacts(there, old, needed, going=(needed & private.on_disk) - there, known_lost=lost)


def _of_public(public: KeyFacts) -> Sequence[Finding]:
    """What is said of public halves. One is made from its private half at any time: only with that it is lost."""
    found = key_findings(_PUBLIC, public)
    if not public.going:
        return found
    told = f"{len(public.going)} of {len(public.needed)} {_BOXES} have no public half of their key in the folder, so that"
    told += " nobody can answer in those that are open. The private halves are there: nothing is lost."
    again = Finding(_PUBLIC.check, "fault", told, _AGAIN)
    return [*(one for one in found if one.level != "ok"), again]


async def _texts(patient: Patient) -> frozenset[str]:
    """Which keys of free texts are missing, each by its programme and id."""
    keys = TextKeys(patient.settings.ballot_key_folder, patient.settings.key_folder)
    rows = await fetch("select distinct section, key_id from held_text where state in ('held', 'review')")
    return frozenset(
        f"{row['section']}/{row['key_id'] or ''}" for row in rows if not keys.has(row["section"], row["key_id"])
    )


def _programmes(keys: Collection[str]) -> int:
    return len({key.partition("/")[0] for key in keys})


async def ballot_keys(patient: Patient) -> Sequence[Finding]:
    """Whether every box that is not counted has both halves, and free texts theirs."""
    if not patient.worker:
        return []
    private, public = await _of_boxes(patient)
    found = [*key_findings(_PRIVATE, private), *_of_public(public)]
    texts, lost = await _texts(patient), lost_keys.known(patient.settings.key_folder)["texts"]
    if new := texts - lost:
        told = f"Free texts of {_programmes(new)} programmes have no key."
        found.append(Finding("ballot keys", "fault", told, NO_BACKUP["texts"]))
    if old := texts & lost:
        told = f"Of free texts of {_programmes(old)} programmes the key is lost, as somebody has said. Nobody reads them."
        found.append(Finding("ballot keys", "note", told))
    return found


async def absent(patient: Patient, kinds: Collection[Lost]) -> dict[Lost, frozenset[str]]:
    """Which keys of these kinds rows need and are not there, known as lost or not.

    Raises:
        KeysAway: another folder lies where the keys were: in that all are missing.
    """
    if any(found.level == "fault" for found in await right_folders(patient)):
        raise KeysAway("another folder lies where the keys were, or none")
    lists, (private, _) = await _of_lists(patient), await _of_boxes(patient)
    every: dict[Lost, frozenset[str]] = {
        "entries": frozenset(map(str, lists["entries"].absent)),
        "persons": frozenset(map(str, lists["persons"].absent)),
        "ballots": frozenset(map(str, private.absent)),
        "texts": await _texts(patient),
    }
    return {kind: every[kind] for kind in kinds}


async def acknowledge(patient: Patient, kinds: Collection[Lost]) -> dict[Lost, frozenset[str]]:
    """Note that whoever runs this service knows that these keys are lost; returns which. Such a key is a fault no longer,
    and one that goes missing later is.

    Raises:
        KeysAway: another folder lies where the keys were, or it refuses.
    """
    missing = await absent(patient, kinds)
    if any(missing.values()):
        lost_keys.note(patient.settings.key_folder, missing)
        async with transaction():
            for kind in (kind for kind, keys in missing.items() if keys):
                await audit.note("keys:lost", f"keys/{kind}", None, patient.now)
    return missing


_IN_WORDS: Mapping[Lost, tuple[str, str]] = {
    "entries": (_ENTRIES.what, _ENTRIES.then),
    "persons": (_PERSONS.what, _PERSONS.then),
    "ballots": (_BOXES, _ANSWERS),
    "texts": ("keys of free texts", "Nobody reads those."),
}


def in_words(missing: Mapping[Lost, Collection[str]]) -> list[str]:
    """What is lost with keys, a line for each kind of which there is any, and what those do who worked with it."""
    return [f"{len(keys)} {_IN_WORDS[kind][0]}. {_IN_WORDS[kind][1]}" for kind, keys in missing.items() if keys]
