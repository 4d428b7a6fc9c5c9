from __future__ import annotations

import asyncio
import datetime as dt
import email
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager, nullcontext, suppress
from email.policy import default

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.smtp.notice import message_id_of
from connectors.smtp.simulator import PASSWORD, build_simulator, served_mail
from connectors.smtp.sink import SmtpSink
from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.testing import served
from hub.testing.dripping import dripping
from tests.unit.connectors.make import make_context, make_errand
from tests.unit.connectors.smtp.make import LOOPBACK, make_config


def make_sink(port: int, secret: str = PASSWORD, observed=None, **changes) -> SmtpSink:
    return SmtpSink(make_config(port, **changes), make_context(secret, observed))


@pytest.fixture
def mailbox(tmp_path):
    with served(build_simulator(tmp_path, {})) as url:
        yield url


def received(mailbox: str) -> list[tuple[str, str]]:
    return [(one["task_id"], one["state"]) for one in httpx.get(f"{mailbox}/simulator/received", trust_env=False).json()]


@contextmanager
def scripted(replies: dict[str, str]):
    """A mail server that answers a command with the given reply, and all others well; an empty reply: it hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{replies.get('greeting', '220 mail.example.se')}\r\n".encode())
        while line := await reader.readline():
            command = line.split()[0].decode().upper()
            reply = replies.get(command, "354 go on" if command == "DATA" else "250 OK")
            if command == "DATA" and reply.startswith("354"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                reply = replies.get("mail", "250 OK")
            if not reply:
                break
            writer.write(f"{reply}\r\n".encode())
            if command == "QUIT":
                break
        writer.close()

    with start_blocking_portal() as portal:
        server = portal.call(asyncio.start_server, talk, LOOPBACK, 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            portal.call(server.close)


def test_a_crash_between_the_servers_answer_and_our_record_leaves_one_mail(mailbox) -> None:
    """The mail server took it, and the process that knew is gone: the repeat has the same id, and the mailbox shows one."""
    with served_mail(mailbox) as port:
        for _ in range(2):
            with closing(make_sink(port)) as sink:
                sink.deliver(make_errand())
    assert received(mailbox) == [(make_errand().task_id, "requested")]


def test_a_mailbox_that_keeps_doubles_shows_the_same_id_twice(tmp_path) -> None:
    with served(build_simulator(tmp_path, {"keeps_doubles": True})) as url, served_mail(url) as port:
        for _ in range(2):
            with closing(make_sink(port)) as sink:
                sink.deliver(make_errand())
        mails = [email.message_from_string(one, policy=default) for one in httpx.get(f"{url}/simulator/mails").json()]
    assert [mail["Message-ID"] for mail in mails] == [message_id_of(make_config(), make_errand())] * 2


def test_a_wrong_password_stops_delivery_and_is_not_repeated_in_the_text(mailbox) -> None:
    observed: list[tuple[str, int]] = []
    with (
        served_mail(mailbox) as port,
        closing(make_sink(port, "not the password", observed)) as sink,
        pytest.raises(ConfigError) as raised,
    ):
        sink.deliver(make_errand())
    assert raised.value.code == "smtp_535"
    assert "not the password" not in str(raised.value)
    assert observed == [("mail", 535)]


@pytest.mark.parametrize(
    ("replies", "error", "code"),
    [
        ({"greeting": "421 busy"}, RetriableError, "smtp_421"),
        ({"greeting": "554 not you"}, ConfigError, "smtp_554"),
        ({"MAIL": "451 later"}, RetriableError, "smtp_451"),
        ({"MAIL": "553 not this sender"}, ConfigError, "smtp_553"),
        ({"RCPT": "450 greylisted"}, RetriableError, "smtp_450"),
        ({"RCPT": "550 nobody forebyggarteamet@example.se"}, ConfigError, "smtp_550"),
        ({"DATA": "451 later"}, RetriableError, "smtp_451"),
        ({"mail": "452 full"}, RetriableError, "smtp_452"),
        ({"mail": "554 looks like spam"}, RejectedError, "smtp_554"),
        ({"mail": "530 who are you"}, ConfigError, "smtp_530"),
        ({"MAIL": ""}, RetriableError, "unreachable"),
        ({"mail": ""}, InDoubtError, "no_answer"),
    ],
)
def test_an_answer_names_its_reaction_and_no_mailbox(replies, error, code: str) -> None:
    with scripted(replies) as port, closing(make_sink(port, username=None)) as sink, pytest.raises(error) as raised:
        sink.deliver(make_errand())
    assert type(raised.value) is error
    assert raised.value.code == code
    assert "@" not in str(raised.value)
    assert raised.value.__cause__ is None, "the library's error quotes the server, which names mailboxes"


@contextmanager
def endless(replies: list[bytes], *, encrypts: ssl.SSLContext | None = None):
    """A mail server that gives these replies, one to a command, and whose next one has line after line without an end; encrypted,
    it is behind a handshake. Yields the port, and what is set when the client left before it was tired of it.
    """
    left = threading.Event()

    def talk() -> None:
        with listening.accept()[0] as connection, suppress(OSError):
            for reply in replies:
                connection.sendall(reply)
                if reply != replies[-1] or encrypts is None:
                    connection.recv(65536)
            with nullcontext(connection) if encrypts is None else encrypts.wrap_socket(connection, server_side=True) as spoken:
                for _ in range(80):
                    spoken.sendall(b"250-wait\r\n")
                    time.sleep(0.05)
                return
        left.set()

    with closing(socket.create_server((LOOPBACK, 0))) as listening:
        thread = threading.Thread(target=talk)
        thread.start()
        yield listening.getsockname()[1], left
        thread.join()


GREETING, GOOD = b"220 mail.example.se\r\n", b"250 OK\r\n"


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ([GREETING], RetriableError),
        ([GREETING, GOOD], RetriableError),
        ([GREETING, GOOD, GOOD, b"354 go on\r\n"], InDoubtError),
    ],
    ids=["MAIL", "RCPT", "the mail"],
)
def test_an_answer_without_an_end_ends_with_the_time_of_the_call(replies, error) -> None:
    with (
        endless(replies) as (port, left),
        closing(make_sink(port, username=None, timeout_seconds=0.5)) as sink,
        pytest.raises(error) as raised,
    ):
        sink.deliver(make_errand())
    assert type(raised.value) is error
    assert left.is_set()


@pytest.mark.parametrize("drop", [b".", b"2", b"220-wait\r\n"])
def test_a_greeting_that_drips_is_no_answer(drop: bytes) -> None:
    with (
        dripping(drop=drop) as drip,
        closing(make_sink(drip.port, timeout_seconds=0.3)) as sink,
        pytest.raises(RetriableError) as raised,
    ):
        sink.deliver(make_errand())
    assert raised.value.code == "unreachable"
    assert (drip.met, drip.waited_out) == (1, 0)


def test_a_farewell_that_fails_does_not_undo_what_was_taken() -> None:
    with scripted({"QUIT": "500 what"}) as port, closing(make_sink(port, username=None)) as sink:
        sink.deliver(make_errand())


def test_nobody_at_the_port_is_tried_again_later() -> None:
    with closing(make_sink(1)) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "unreachable"


def test_a_server_that_offers_no_encryption_is_told_nothing() -> None:
    with scripted({}) as port, closing(make_sink(port, security="starttls")) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "no_starttls"


def make_certificate(folder):
    """A certificate of this machine, and the context of a server that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return pem, context


def test_mail_goes_encrypted_to_a_server_whose_certificate_is_trusted(tmp_path, mailbox, monkeypatch) -> None:
    pem, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with served_mail(mailbox, encrypts=context) as port, closing(make_sink(port, security="starttls")) as sink:
        sink.deliver(make_errand())
    assert received(mailbox) == [(make_errand().task_id, "requested")]


def test_an_encrypted_answer_without_an_end_ends_with_the_time_of_the_call(tmp_path, monkeypatch) -> None:
    pem, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with (
        endless([GREETING, b"250-mail\r\n250 STARTTLS\r\n", b"220 go on\r\n"], encrypts=context) as (port, left),
        closing(make_sink(port, security="starttls", timeout_seconds=0.5)) as sink,
        pytest.raises(RetriableError) as raised,
    ):
        sink.deliver(make_errand())
    assert raised.value.code == "unreachable"
    assert left.is_set()


def test_a_certificate_that_is_not_trusted_stops_delivery(tmp_path, mailbox) -> None:
    _, context = make_certificate(tmp_path)
    with (
        served_mail(mailbox, encrypts=context) as port,
        closing(make_sink(port, security="starttls")) as sink,
        pytest.raises(ConfigError) as raised,
    ):
        sink.deliver(make_errand())
    assert raised.value.code == "bad_certificate"
    assert received(mailbox) == []


def test_a_password_beyond_ascii_is_told_as_a_wrong_setting_and_never_repeated() -> None:
    replies = {"EHLO": "250-mail.example.se\r\n250 AUTH PLAIN"}
    with scripted(replies) as port, closing(make_sink(port, "lösenord")) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "bad_secret"
    assert "lösenord" not in str(raised.value)
