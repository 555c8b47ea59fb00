"""Keys of ballots. The private half of a ballot is the worker's; web knows the public half, as a file.

Ballot key folder (worker only, never backed up): `private/<ballot>.key`, `receipts.jsonl`.
Key folder (web reads): `ballots/<ballot>.pub`.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from programmes.core.key_files import drafts_of
from programmes.core.key_paths import reason
from programmes.core.sealing import KEY_BYTES, KeyGone, KeysAway, Receipts, Spot, Unreadable, is_begun, read_key
from programmes.evaluation.text_keys import TextKeys

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _purpose(ballot_id: UUID) -> bytes:
    """Binds an answer to its box: moved into another one it cannot be opened."""
    return b"programmes/ballot/1/" + ballot_id.bytes


def _public_path(key_folder: Path, ballot_id: UUID) -> Spot:
    return Spot(key_folder) / "ballots" / f"{ballot_id}.pub"


def _ids(folder: Spot, end: str) -> set[UUID]:
    """Whose halves lie in a folder."""
    return {UUID(name.removesuffix(end)) for name in folder.names() if name.endswith(end) and not name.startswith(".")}


def seal(key_folder: Path, ballot_id: UUID | None, plain: bytes) -> bytes:
    """Seal an answer to its box; without a box to a key that nobody has, which takes as long.

    Raises:
        KeyGone: the box has no public key here. Its slip must not be used up then.
        KeysAway: it can't be read, or is damaged; nor then.
    """
    if ballot_id is None:
        return _SUITE.encrypt(plain, X25519PrivateKey.generate().public_key(), info=_purpose(UUID(int=0)))
    try:
        public = X25519PublicKey.from_public_bytes(read_key(_public_path(key_folder, ballot_id)))
    except FileNotFoundError as error:
        raise KeyGone(str(ballot_id)) from error
    return _SUITE.encrypt(plain, public, info=_purpose(ballot_id))


class BallotKeys:
    """The worker's side: makes key pairs, opens answers, destroys keys with a receipt."""

    def __init__(self, folder: Path, key_folder: Path, begun: bool = False) -> None:
        """`begun`: the database knows of one. Then none is made, and where there is none KeysAway is raised."""
        self._folder, self._key_folder = folder, key_folder
        self._receipts = Receipts(folder)
        self.texts = TextKeys(folder, key_folder)
        if begun and not is_begun(folder):
            raise KeysAway(f"there is no folder of ballot keys at {folder}. Nothing was made there")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise KeysAway(f"the ballot key folder {folder} cannot be used: {reason(error)}") from error

    def create(self, ballot_id: UUID) -> None:
        """Make the pair and publish its public half, both on disk before this returns. Safe to run again after a crash."""
        path = self._private_path(ballot_id)
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                path.write(X25519PrivateKey.generate().private_bytes_raw())
        self._publish(ballot_id)

    def _publish(self, ballot_id: UUID) -> None:
        public = _public_path(self._key_folder, ballot_id)
        if not public.exists():
            with contextlib.suppress(FileExistsError):
                public.write(self._private(ballot_id).public_key().public_bytes_raw(), mode=0o644)

    def unpublished(self) -> list[UUID]:
        """Whose private half lies here, and whose public one does not: with a key folder that is lost only that is."""
        return sorted(_ids(Spot(self._folder) / "private", ".key") - _ids(Spot(self._key_folder) / "ballots", ".pub"))

    def publish_again(self, ballot_id: UUID, answers: Iterable[bytes]) -> bool:
        """Write the public half anew from the private one. Not where that opens none of the `answers` that lie in the box:
        it is another one then, and answers to it would be held to be nobody's. Nor where a receipt tells that
        the box is counted: a private half that is there again must not count it twice. Says whether it was.

        Raises:
            KeyGone: the private half is not here.
            KeysAway: it is damaged, or a folder refuses.
        """
        if any(receipt["key"] == str(ballot_id) for receipt in self.receipts()):
            return False
        if (sealed := list(answers)) and not any(self._can_open(ballot_id, answer) for answer in sealed):
            return False
        self._publish(ballot_id)
        return True

    def _can_open(self, ballot_id: UUID, sealed: bytes) -> bool:
        try:
            self.open(ballot_id, sealed)
        except Unreadable:
            return False
        return True

    @property
    def mark(self) -> bytes:
        """What tells this folder from any other, made when first asked for; says nothing of a key (`folder_marks`)."""
        path = Spot(self._folder) / "service" / "installation.key"
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                path.write(secrets.token_bytes(KEY_BYTES))
        return hashlib.sha256(read_key(path)).digest()

    def must_fit(self, ballot_id: UUID) -> None:
        """Before a box is opened: its private half is the one whose public half web sealed to. With another one every answer
        would look like nobody's, and be dropped.

        Raises:
            KeyGone: a half is missing.
            KeysAway: they don't belong together, or one is damaged.
        """
        try:
            public = read_key(_public_path(self._key_folder, ballot_id))
        except FileNotFoundError as error:
            raise KeyGone(str(ballot_id)) from error
        if self._private(ballot_id).public_key().public_bytes_raw() != public:
            raise KeysAway("the halves of a ballot key do not belong together")

    def open(self, ballot_id: UUID, sealed: bytes) -> bytes:
        """The padded answer.

        Raises:
            KeyGone: the key has been destroyed, or its folder is not here.
            Unreadable: nobody sealed this to this box.
        """
        try:
            return _SUITE.decrypt(sealed, self._private(ballot_id), info=_purpose(ballot_id))
        except (InvalidTag, ValueError) as error:
            raise Unreadable(str(ballot_id)) from error

    def alive(self) -> list[UUID]:
        """Ballots of which a key, or the public half of one that is half destroyed, still lies here."""
        return sorted(_ids(Spot(self._folder) / "private", ".key") | _ids(Spot(self._key_folder) / "ballots", ".pub"))

    def has_private(self, ballot_id: UUID) -> bool:
        """Whether its private half lies here: then nothing of it is lost."""
        return self._private_path(ballot_id).exists()

    def is_destroyed(self, ballot_id: UUID) -> bool:
        """Whether there is a receipt. Looks only where the key is missing, so that receipts are seldom read."""
        return not self._private_path(ballot_id).exists() and any(r["key"] == str(ballot_id) for r in self.receipts())

    def destroy(self, ballot_id: UUID, why: str, now: datetime) -> None:
        """Unlink the private half, write the receipt, withdraw the public half. May be replayed after a crash anywhere."""
        path = self._private_path(ballot_id)
        if sum(found.unlink() for found in (path, *drafts_of(path))):
            path.parent.sync()
        if not any(r["key"] == str(ballot_id) for r in self.receipts()):
            self._receipts.append({"key": str(ballot_id), "kind": "ballot", "why": why, "when": now.isoformat()})
        public = _public_path(self._key_folder, ballot_id)
        # Web may put something else in its place: that is for the doctor, and holds up no box.
        with contextlib.suppress(KeysAway):
            if public.unlink():
                public.parent.sync()

    def receipts(self) -> Iterator[dict[str, str]]:
        """Every receipt, oldest first. They name boxes, not people."""
        return self._receipts.read()

    def _private_path(self, ballot_id: UUID) -> Spot:
        return Spot(self._folder) / "private" / f"{ballot_id}.key"

    def _private(self, ballot_id: UUID) -> X25519PrivateKey:
        try:
            return X25519PrivateKey.from_private_bytes(read_key(self._private_path(ballot_id)))
        except FileNotFoundError as error:
            raise KeyGone(str(ballot_id)) from error
