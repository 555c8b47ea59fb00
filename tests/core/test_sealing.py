"""What is sealed opens with its key alone; all that can be wrong with bytes, keys and folders has a name of its own."""

import os
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.core.jobs import passes
from programmes.core.sealing import KeyFolder, KeyGone, KeysAway, Spot, Unreadable, read_key
from programmes.evaluation.keys import BallotKeys, seal
from programmes.evaluation.text_keys import TextKeys

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealing") / "keys"


@pytest.fixture(scope="module")
def keys(folder: Path) -> KeyFolder:
    return KeyFolder(folder)


@pytest.fixture(scope="module")
def person(keys: KeyFolder) -> UUID:
    return keys.create("person")


@given(text=st.text(max_size=300))
@settings(max_examples=60)
def test_what_was_sealed_opens_and_its_length_tells_little(keys: KeyFolder, person: UUID, text: str) -> None:
    sealed = keys.seal("person", person, text)
    assert keys.open("person", person, sealed) == text
    assert (len(sealed) - 28) % 64 == 0
    assert text.encode()[:8] not in sealed or len(text.encode()) < 4


@given(cut=st.integers(0, 155), text=st.text(max_size=40))
@settings(max_examples=120)
def test_bytes_cut_short_anywhere_are_unreadable(keys: KeyFolder, person: UUID, cut: int, text: str) -> None:
    sealed = keys.seal("person", person, text)
    shorter = sealed[: min(cut, len(sealed) - 1)]
    for wrong in (shorter, shorter[::-1], sealed + b"\0", b""):
        with pytest.raises(Unreadable):
            keys.open("person", person, wrong)
        with pytest.raises(Unreadable):
            keys.open_for_service("second-factor", "staff/1", wrong)


@given(bit=st.integers(0, 92 * 8 - 1))
@settings(max_examples=60)
def test_a_bit_changed_anywhere_is_unreadable(keys: KeyFolder, person: UUID, bit: int) -> None:
    sealed = bytearray(keys.seal("person", person, "Kim"))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        keys.open("person", person, bytes(sealed))


def test_sealed_for_one_it_opens_for_no_other(keys: KeyFolder, person: UUID, folder: Path) -> None:
    sealed = keys.seal("person", person, "Kim")
    other = keys.create("person")
    with pytest.raises(Unreadable):
        keys.open("person", other, sealed)
    # Not even under the same key: it is bound to the row that it was sealed for.
    path = folder / "person" / str(other)[:2] / f"{other}.key"
    path.write_bytes((folder / "person" / str(person)[:2] / f"{person}.key").read_bytes())
    with pytest.raises(Unreadable):
        keys.open("person", other, sealed)
    code = keys.seal_for_service("second-factor", "staff/1", "SECRET")
    with pytest.raises(Unreadable):
        keys.open_for_service("second-factor", "staff/2", code)
    with pytest.raises(Unreadable):
        keys.open_for_service("search", "staff/1", code)


def test_no_two_seals_are_alike(keys: KeyFolder, person: UUID) -> None:
    assert len({keys.seal("person", person, "Kim")[:12] for _ in range(300)}) == 300


@pytest.mark.parametrize("length", [0, 1, 16, 24, 31, 33, 64])
def test_a_key_file_of_another_length_is_damage_and_never_an_erasure(tmp_path: Path, length: int) -> None:
    keys = KeyFolder(tmp_path)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    # A valid length for AES, but not what was written: 16 and 24 bytes are no key of ours either.
    (tmp_path / "person" / str(person)[:2] / f"{person}.key").write_bytes(secrets.token_bytes(length))
    (tmp_path / "service" / "feed.key").write_bytes(secrets.token_bytes(length))
    # What others are sealed with opens: this one can't be read, whose file is damaged.
    with pytest.raises(Unreadable):
        keys.open("person", person, sealed)
    for use in (
        lambda: keys.seal("person", person, "Kim"),
        lambda: keys.service_key("feed"),
        lambda: keys.seal_for_service("feed", "a", "b"),
    ):
        with pytest.raises(KeysAway):
            use()


def _uses(keys: KeyFolder, person: UUID, sealed: bytes) -> list[Callable[[], object]]:
    return [
        lambda: keys.open("person", person, sealed),
        lambda: keys.seal("person", person, "Kim"),
        lambda: keys.create("entry"),
        lambda: keys.destroy("person", person, "five years", NOW),
        lambda: keys.service_key("never asked for"),
        lambda: keys.seal_for_service("never asked for", "a", "b"),
    ]


@pytest.mark.parametrize("instead", ["nothing", "empty", "another", "a file"])
def test_a_folder_that_is_gone_or_another_one_is_touched_by_nobody(tmp_path: Path, instead: str) -> None:
    folder, away = tmp_path / "keys", tmp_path / "away"
    keys = KeyFolder(folder)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    folder.rename(away)
    if instead == "empty":
        folder.mkdir()
    elif instead == "another":
        KeyFolder(folder)
    elif instead == "a file":
        folder.write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    for use in _uses(keys, person, sealed):
        with pytest.raises(KeysAway):
            use()
    assert not keys.usable()
    assert sorted(tmp_path.rglob("*")) == before
    # Back again, everything is as it was: the person was never taken for an erased one.
    shutil.rmtree(folder) if folder.is_dir() else folder.unlink(missing_ok=True)
    away.rename(folder)
    assert keys.open("person", person, sealed) == "Kim"
    assert list(keys.receipts()) == []


def test_a_folder_that_the_database_does_not_know_is_not_used(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    keys.service_key("search")
    mark = keys.mark
    keys.hold_to(b"m" * 32)
    for use in (*_uses(keys, person, sealed), lambda: keys.service_key("search")):
        with pytest.raises(KeysAway):
            use()
    assert keys.exists("person", person) is True
    assert not keys.usable()
    # The database knows it after all, as when somebody has said so.
    keys.hold_to(mark)
    assert (keys.usable(), keys.open("person", person, sealed)) == (True, "Kim")


def test_who_began_with_the_wrong_folder_goes_on_with_the_right_one_when_it_is_back(tmp_path: Path) -> None:
    folder, away = tmp_path / "keys", tmp_path / "away"
    right = KeyFolder(folder)
    person, search = right.create("person"), right.service_key("search")
    sealed = right.seal("person", person, "Kim")
    folder.rename(away)
    KeyFolder(folder).service_key("search")
    began = KeyFolder(folder)
    began.hold_to(right.mark)
    before = sorted(tmp_path.rglob("*"))
    for use in (*_uses(began, person, sealed), lambda: began.service_key("search")):
        with pytest.raises(KeysAway):
            use()
    assert (began.usable(), sorted(tmp_path.rglob("*"))) == (False, before)
    folder.rename(tmp_path / "wrong")
    away.rename(folder)
    assert (began.usable(), began.service_key("search"), began.open("person", person, sealed)) == (True, search, "Kim")
    # And away again: it was no matter of the start alone.
    folder.rename(away)
    (tmp_path / "wrong").rename(folder)
    with pytest.raises(KeysAway):
        began.service_key("search")


def test_a_destroyed_key_in_the_right_folder_is_gone_for_good(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    keys.destroy("person", person, "five years", NOW)
    with pytest.raises(KeyGone):
        keys.open("person", person, sealed)
    with pytest.raises(KeyGone):
        keys.seal("person", person, "Kim")


def test_a_crash_while_a_key_was_written_leaves_no_second_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    ballots, box = BallotKeys(tmp_path / "ballots", tmp_path / "keys"), uuid4()

    def killed(*_: object, **__: object) -> None:
        """The draft's second name stays behind."""

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", killed)
        person = keys.create("person")
        ballots.create(box)
    assert len(list((tmp_path / "keys/person").rglob(".*"))) == 1
    keys.destroy("person", person, "five years", NOW)
    ballots.destroy(box, "counted", NOW)
    left = [*(tmp_path / "keys/person").rglob("*"), *(tmp_path / "ballots/private").rglob("*")]
    assert not [path for path in left if path.is_file()]


def test_a_key_that_is_closed_to_us_is_no_erasure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyFolder(tmp_path)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    read = Spot.read

    def refuse(self: Spot) -> bytes:
        if str(person) in self.name:
            raise PermissionError(self)
        return read(self)

    # The tests may run as root, whom no mode keeps out.
    monkeypatch.setattr(Spot, "read", refuse)
    with pytest.raises(KeysAway):
        keys.open("person", person, sealed)
    assert passes(KeysAway("closed"))


def test_a_full_or_read_only_disk_is_said_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyFolder(tmp_path)
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(KeysAway):
            keys.create("entry")
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


class TestBallots:
    def test_an_answer_opens_in_its_own_box_only_and_cut_short_nowhere(self, tmp_path: Path) -> None:
        keys, box, other = BallotKeys(tmp_path / "ballots", tmp_path / "keys"), uuid4(), uuid4()
        keys.create(box)
        keys.create(other)
        blob = seal(tmp_path / "keys", box, b"x" * 100)
        assert keys.open(box, blob) == b"x" * 100
        for wrong in [blob[:cut] for cut in range(0, len(blob), 7)] + [blob + b"\0", blob[::-1]]:
            with pytest.raises(Unreadable):
                keys.open(box, wrong)
        with pytest.raises(Unreadable):
            keys.open(other, blob)

    def test_texts_cut_short_anywhere_are_unreadable(self, tmp_path: Path) -> None:
        keys = TextKeys(tmp_path / "ballots", tmp_path / "keys")
        one, other = keys.create("2.1"), keys.create("2.1")
        blob = keys.seal("2.1", one, "Bra kurs")
        assert keys.open("2.1", one, blob) == "Bra kurs"
        for cut in [*range(40), len(blob) - 1]:
            with pytest.raises(Unreadable):
                keys.open("2.1", one, blob[:cut])
        with pytest.raises(Unreadable):
            keys.open("2.1", other, blob)
        with pytest.raises(KeyGone):
            keys.open("2.7", one, blob)

    @pytest.mark.parametrize("half", ["private", "public"])
    def test_a_damaged_half_opens_and_seals_nothing_and_drops_no_answer(self, tmp_path: Path, half: str) -> None:
        keys, box = BallotKeys(tmp_path / "ballots", tmp_path / "keys"), uuid4()
        keys.create(box)
        path = {"private": tmp_path / "ballots/private", "public": tmp_path / "keys/ballots"}[half]
        [file] = [found for found in path.iterdir() if not found.name.startswith(".")]
        for content in (b"", secrets.token_bytes(31), secrets.token_bytes(32)):
            file.write_bytes(content)
            with pytest.raises(KeysAway):
                keys.must_fit(box)
        file.unlink()
        with pytest.raises(KeyGone):
            keys.must_fit(box)


def test_a_key_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_key(Spot(tmp_path) / "none.key")
    (tmp_path / "a.key").mkdir()
    with pytest.raises(KeysAway):
        read_key(Spot(tmp_path) / "a.key")


@pytest.mark.parametrize("end", ["back", "dropped", "destroyed"])
def test_keys_aside_lie_where_nobody_else_looks_and_leave_no_folder(tmp_path: Path, end: str) -> None:
    keys = KeyFolder(tmp_path / "keys")
    key_id, day = keys.create("entry"), date(2026, 11, 1)
    before = os.umask(0o022)
    try:
        keys.set_aside("entry", key_id, day)
    finally:
        os.umask(before)
    aside = keys.folder / "aside"
    folders = [aside, *(path for path in aside.rglob("*") if path.is_dir())]
    assert [path.stat().st_mode & 0o777 for path in folders] == [0o700] * 3
    if end == "back":
        assert keys.bring_back("entry", key_id)
        assert keys.exists("entry", key_id)
    elif end == "dropped":
        assert keys.drop_aside(date(2026, 12, 1), ()) == 1
    else:
        keys.destroy("entry", key_id, "entry", datetime(2026, 11, 2, tzinfo=UTC))
    assert not aside.exists()
