"""Every shape of message: transfer encodings, alternatives, signatures; twins read alike."""

import base64
import quopri
import struct
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from reading_samples import MAILBOX, mail, raw_mail, read, same, shown

ANSWER = "Minister Grünwald will attend on 29 April only."
OTHER = "On 30 April State Secretary Eva Brandstetter leads the delegation."


def test_plain() -> None:
    assert ANSWER in shown(mail(ANSWER).as_bytes()).read


def test_html_only() -> None:
    result = shown(mail(html=f"<p>{ANSWER}</p><ul><li>One</li><li>Two</li></ul>").as_bytes())
    assert result.read.splitlines()[0] == ANSWER
    assert "- One\n- Two" in result.read


def test_html_that_says_more_than_a_hollow_text() -> None:
    raw = mail("This message needs an HTML viewer.", html=f"<p>{ANSWER}</p><p>{OTHER}</p>").as_bytes()
    assert OTHER in shown(raw).read
    assert "viewer" not in shown(raw).read


def test_plain_is_taken_where_both_say_the_same() -> None:
    raw = mail(f"{ANSWER}\n\n{OTHER}\n", html=f"<div>{ANSWER}</div><div>{OTHER}</div>").as_bytes()
    assert shown(raw).read.count(ANSWER) == 1


def test_hidden_html_is_not_read() -> None:
    result = shown(mail(html=f"<p style='display:none'>We decline.</p><p>{ANSWER}</p><script>no()</script>").as_bytes())
    assert "decline" not in result.text
    assert "no()" not in result.text


def test_a_table_row_is_one_line() -> None:
    result = shown(mail(html="<table><tr><td>Eva B</td><td>29 April</td><td>yes</td></tr></table>").as_bytes())
    assert "Eva B | 29 April | yes" in result.read


def test_format_flowed() -> None:
    body = (
        b"Minister Gr\xc3\xbcnwald will attend \r\non 29 April only.\r\n> You asked \r\n> who comes.\r\n-- \r\nVera\r\n"
    )
    raw = raw_mail(body, "Content-Type: text/plain; charset=utf-8; format=flowed")
    assert ANSWER in shown(raw).read
    assert "> You asked who comes." in shown(raw).text


def test_format_flowed_delsp() -> None:
    raw = raw_mail(b"Minis \r\nter comes.\r\n", "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes")
    assert "Minister comes." in shown(raw).read


def test_nested_multiparts() -> None:
    inner = mail(ANSWER, html=f"<p>{ANSWER}</p>")
    outer = EmailMessage()
    for name in ("From", "To", "Subject", "Date"):
        outer[name] = inner[name]
        del inner[name]
    outer.make_mixed()
    outer.attach(inner)
    outer.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    result = shown(outer.as_bytes())
    assert result.read.strip() == ANSWER
    assert [a.name for a in result.attachments] == ["logo.png"]


def test_attached_messages_are_opened_three_deep() -> None:
    message = mail("The innermost answer.")
    for depth in range(5):
        outer = mail(f"Passed on, {depth}.")
        outer.add_attachment(message)
        message = outer
    result = shown(message.as_bytes())
    assert "Passed on, 4." in result.read
    assert "Passed on, 1." in result.read
    assert "innermost" not in result.text
    assert any(a.note == "a message nested too deep" for a in result.attachments)


def _signed(content: bytes, *options: pkcs7.PKCS7Options) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vera Lindqvist")])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=400))
        .sign(key, hashes.SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, list(options))


@pytest.mark.parametrize("media_type", ["application/pkcs7-mime", "application/x-pkcs7-mime"])
def test_smime_opaque(media_type: str) -> None:
    inner = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{ANSWER}\r\n".encode()
    raw = raw_mail(
        base64.encodebytes(_signed(inner, pkcs7.PKCS7Options.Binary)),
        f"Content-Type: {media_type}; smime-type=signed-data; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
    )
    assert ANSWER in shown(raw).read


def test_smime_opaque_that_is_damaged_says_so() -> None:
    raw = raw_mail(
        base64.encodebytes(b"\x30\x80 nothing"),
        "Content-Type: application/pkcs7-mime; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
    )
    assert any("encrypted" in problem for problem in read(raw).problems)


@pytest.mark.parametrize(
    ("protocol", "part"),
    [
        ("application/pkcs7-signature", "Content-Type: application/pkcs7-signature; name=smime.p7s"),
        ("application/pgp-signature", "Content-Type: application/pgp-signature; name=signature.asc"),
    ],
)
def test_detached_signatures_are_no_text(protocol: str, part: str) -> None:
    body = (
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{ANSWER}\r\n--b\r\n{part}\r\n\r\n"
        "-----BEGIN PGP SIGNATURE-----\r\niQEz\r\n-----END PGP SIGNATURE-----\r\n--b--\r\n"
    )
    raw = raw_mail(body.encode(), f'Content-Type: multipart/signed; protocol="{protocol}"; boundary=b')
    assert shown(raw).read.strip() == ANSWER
    assert "iQEz" not in shown(raw).text


def _attribute(level: int, ident: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, ident, 0, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def tnef(body: str, name: str, attached: bytes) -> bytes:
    """A winmail.dat with a body and one attachment."""
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + _attribute(1, 0x800C, body.encode("cp1252") + b"\0")
        + _attribute(2, 0x9002, b"\0" * 14)
        + _attribute(2, 0x8010, name.encode("cp1252") + b"\0")
        + _attribute(2, 0x800F, attached)
    )


def test_tnef() -> None:
    blob = base64.encodebytes(tnef(ANSWER, "list.txt", OTHER.encode()))
    raw = raw_mail(blob, "Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64")
    result = shown(raw)
    assert ANSWER in result.read
    assert OTHER in result.read
    assert [a.name for a in result.attachments] == ["list.txt"]


def test_tnef_that_is_cut_off_still_gives_what_came_before() -> None:
    blob = tnef(ANSWER, "list.txt", OTHER.encode())[:-20]
    raw = raw_mail(
        base64.encodebytes(blob),
        "Content-Type: application/ms-tnef; name=winmail.dat",
        "Content-Transfer-Encoding: base64",
    )
    assert ANSWER in shown(raw).read


def test_a_single_line_of_767_kilobytes() -> None:
    raw = raw_mail((ANSWER + " ").encode() * 15_650, "Content-Type: text/plain; charset=utf-8")
    assert len(raw) > 767_000
    reading = read(raw)
    assert ANSWER in reading.text


def test_an_mbox_line_and_empty_lines_before_the_headers() -> None:
    raw = mail(ANSWER).as_bytes()
    assert shown(b"From vera Tue Feb 27 08:30:00 2024\n" + raw).read == shown(raw).read
    assert shown(b"\r\n\r\n" + raw).read == shown(raw).read


TWINS = [ANSWER, f"{ANSWER}\n{OTHER}", "Could you tell us where the hotel is?\n\nKind regards\nVera Lindqvist"]


@pytest.mark.parametrize("text", TWINS)
def test_line_ending_twins(text: str) -> None:
    raw = mail(text).as_bytes().replace(b"\r\n", b"\n")
    same(read(raw), read(raw.replace(b"\n", b"\r\n")))


@pytest.mark.parametrize("text", TWINS)
def test_plain_and_html_twins(text: str) -> None:
    html = "".join(f"<div>{line or '<br>'}</div>" for line in text.split("\n"))
    same(read(mail(text).as_bytes()), read(mail(html=html).as_bytes()))


@pytest.mark.parametrize("text", TWINS)
def test_transfer_encoding_twins(text: str) -> None:
    raw = text.encode()
    shapes = {"quoted-printable": quopri.encodestring(raw), "base64": base64.encodebytes(raw), "8bit": raw}
    kind = "Content-Type: text/plain; charset=utf-8"
    first, *others = (read(raw_mail(b, kind, f"Content-Transfer-Encoding: {name}")) for name, b in shapes.items())
    for other in others:
        same(first, other)


def test_sent_to_the_mailbox() -> None:
    assert read(mail(ANSWER).as_bytes()).envelope.to == (MAILBOX,)
