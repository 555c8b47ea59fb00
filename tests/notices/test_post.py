"""Handing over to a real SMTP peer: taken, put off, refused, hanging, dropped."""

import socket
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from programmes.notices.mail_rules import Envelope, Letter, compose
from programmes.notices.post_services import Deferred, FolderPost, Refused, post_from
from programmes.settings import SettingsError
from tests.notices.peer import Peer

LETTER = Letter("Om ditt möte", ("Mötet är flyttat.",), "http://testserver.local/min-plats#7KQM", ("Frågor? Ring.",))


def a_message(to: str = "lisa@example.invalid", number: str = "n1") -> EmailMessage:
    moment = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
    return compose(LETTER, Envelope("noreply@example.invalid", to, f"<{number}@example.invalid>", moment))


# Longer than any answer takes on a busy machine; whoever hangs is waited for less long.
PATIENT, HASTY = 30, 0.5


async def hand_over(peer: Peer, to: str = "lisa@example.invalid") -> None:
    await post_from(peer.url, timeout=HASTY if peer.behaviour == "hang" else PATIENT).send(a_message(to))


async def test_a_message_arrives_with_text_and_html(peer: Peer) -> None:
    await hand_over(peer)
    (message,) = peer.taken
    assert message["Message-ID"] == "<n1@example.invalid>"
    assert message["Subject"] == "Om ditt möte"
    assert message["From"] == "noreply@example.invalid"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    assert "Mötet är flyttat." in text.get_content()
    assert "http://testserver.local/min-plats#7KQM" in text.get_content()
    assert '<a href="http://testserver.local/min-plats#7KQM">' in html.get_content()


@pytest.mark.parametrize("behaviour", ["defer", "defer_data"])
async def test_a_server_that_puts_one_message_off_is_tried_again(peer: Peer, behaviour: str) -> None:
    peer.behaviour = behaviour
    with pytest.raises(Deferred) as caught:
        await hand_over(peer)
    assert not caught.value.away
    assert "lisa" not in repr(caught.value)
    assert caught.value.__cause__ is None


async def test_an_address_that_is_refused_is_refused_for_good(peer: Peer) -> None:
    peer.behaviour = "refuse"
    with pytest.raises(Refused) as caught:
        await hand_over(peer)
    assert caught.value.name == "SMTPRecipientRefused550"
    assert caught.value.of_address


@pytest.mark.parametrize(
    ("refusal", "of_address"),
    [
        ("550 no such user", True),
        ("550-5.1.1 The email account that you tried to reach does not exist.\r\n550 5.1.1", True),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        ("550 5.2.1 mailbox disabled", True),
        ("551 user not local", True),
        ("553 5.1.3 bad address syntax", True),
        ("550 5.7.1 your host is on a list", False),
        ("550 5.1.8 sender's domain does not exist", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 relay access denied", False),
        ("503 5.5.1 not now", False),
        ("550 5.4.1 all recipient addresses rejected", False),
    ],
)
async def test_only_what_is_said_of_the_address_is_taken_as_said_of_it(peer: Peer, refusal: str, of_address: bool) -> None:
    peer.behaviour, peer.refusal = "refuse", refusal
    with pytest.raises(Refused) as caught:
        await hand_over(peer)
    assert caught.value.of_address is of_address


async def test_a_message_that_is_refused_says_nothing_of_the_address(peer: Peer) -> None:
    peer.behaviour = "refuse_data"
    with pytest.raises(Refused) as caught:
        await hand_over(peer)
    assert caught.value.name == "SMTPDataError550"
    assert not caught.value.of_address


@pytest.mark.parametrize("behaviour", ["hang", "drop", "drop_after", "refuse_sender"])
async def test_a_server_in_trouble_is_away_for_everybody(peer: Peer, behaviour: str) -> None:
    peer.behaviour = behaviour
    with pytest.raises(Deferred) as caught:
        await hand_over(peer)
    assert caught.value.away


async def test_nobody_listening_is_away() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(Deferred) as caught:
            await post_from(f"smtp://127.0.0.1:{reserved.getsockname()[1]}", PATIENT).send(a_message())
    assert caught.value.away


async def test_a_server_that_cannot_encrypt_is_not_used_where_encryption_is_asked_for(peer: Peer) -> None:
    with pytest.raises(Deferred):
        await post_from(peer.url + "?starttls", PATIENT).send(a_message())
    assert peer.taken == []


async def test_over_starttls_with_a_sign_in_and_only_to_a_server_whose_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, trusted = Peer(), tmp_path / "trusted.pem"
    await peer.start(certified(tmp_path, trusted))
    port = peer.url.rpartition(":")[2]

    async def send(user: str, query: str = "?starttls") -> None:
        await post_from(f"smtp://{user}@127.0.0.1:{port}{query}", PATIENT).send(a_message())

    with pytest.raises(Deferred):
        await send("stod:p%40ss%2Fword")
    assert peer.signed_in == [], "nothing is said to who cannot show who they are"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    await send("stod:p%40ss%2Fword")
    assert (peer.signed_in, len(peer.taken)) == ([(b"stod", b"p@ss/word")], 1)
    for user, query in (("stod:wrong", "?starttls"), ("stod:p%40ss%2Fword", "")):
        with pytest.raises(Deferred) as caught:
            await send(user, query)
        assert caught.value.away, "ours to put right, and nobody's address is to blame"
        assert "word" not in repr(caught.value)
    assert len(peer.taken) == 1
    await peer.stop()


FAR = datetime(2100, 1, 1, tzinfo=UTC)


def certified(folder: Path, trusted: Path, until: datetime = FAR, of: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's context with a certificate for this machine, which is trusted by who trusts the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(of))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context


async def test_a_domain_with_swedish_letters_travels_as_the_mail_system_spells_it(peer: Peer) -> None:
    await hand_over(peer, "lisa@räksmörgås.se")
    assert peer.recipients == ["lisa@xn--rksmrgs-5wao1o.se"]


async def test_the_folder_keeps_one_file_per_message_id(tmp_path: Path) -> None:
    post = FolderPost(tmp_path / "mail")
    for number in ("n1", "n1", "n2"):
        await post.send(a_message(number=number))
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == ["n1.eml", "n2.eml"]


async def test_no_mail_server_set_is_one_that_is_away() -> None:
    with pytest.raises(Deferred):
        await post_from("").send(a_message())


@pytest.mark.parametrize("url", ["http://x", "smtp://", "folder://", "smtp://h?tls", "smtp://h:99999", "mail"])
def test_a_wrong_address_is_said_at_once(url: str) -> None:
    with pytest.raises(SettingsError):
        post_from(url)
