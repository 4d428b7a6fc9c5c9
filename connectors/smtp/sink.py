"""One e-mail for each word of a task, over one connection that is closed behind it."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import httpx

from connectors.smtp.config import SmtpConfig
from connectors.smtp.notice import domain_of, notice
from hub.call_time import CallTime
from hub.connector import Delivered, Errand, SinkContext
from hub.errors import ConfigError, HubError, InDoubtError, RejectedError, RetriableError
from hub.outward import looked_up

__all__ = ["SmtpSink"]

_OPERATION = "mail"
_WAYS = ("PLAIN", "LOGIN", "CRAM-MD5")
_NOT_PERMITTED = frozenset({530, 534, 535, 538})
"""RFC 4954 §6: who hands in the mail is not known, or must encrypt first; no word about this mail."""


class SmtpSink:
    """Hands mail to one server. It tries once: whoever calls it waits and repeats.

    Guarantee: at least once. A repeat has the same `Message-ID`; mailboxes that suppress duplicates by it (Cyrus, Dovecot,
    Exchange) show one, any other shows the same empty notice twice. Delivered means that the mail server has taken it, not that
    anybody has read it.

    What the server says, by its code (RFC 5321 §4.2): 4yz RetriableError. 5yz to the mail itself RejectedError; to the greeting,
    the account, the sender or the recipient ConfigError, since every mail would be refused. No answer once the mail is on its
    way: InDoubtError. The whole call has `timeout_seconds`, then its connection is cut. No text of an error repeats the
    server's, which names mailboxes.
    """

    def __init__(self, config: SmtpConfig, context: SinkContext) -> None:
        self._config = config
        self._context = context
        # Not `hub.tls.trusted()`: HTTP's clients set on that one what they speak.
        self._trusted = httpx.create_ssl_context() if config.security == "starttls" else None

    def deliver(self, errand: Errand) -> Delivered:
        """As `Sink.deliver`. A mail server names no id that would be the receiver's own."""
        content = notice(self._config, errand, self._context.now()).as_bytes()
        step, code = _Step(), 0
        try:
            code = self._hand_in(content, step)
        except smtplib.SMTPNotSupportedError:
            text = f"smtp: the server offers no {step.name}; name another server or port"
            raise ConfigError(text, code=f"no_{step.name.lower()}") from None
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise _refusal(step, code) from None
        except ssl.SSLCertVerificationError:
            text = "smtp: the server's certificate is not one for its name that the hub trusts; SSL_CERT_FILE names authorities"
            raise ConfigError(text, code="bad_certificate") from None
        except (smtplib.SMTPException, OSError):
            raise _silence(step) from None
        finally:
            self._context.observe_request(_OPERATION, code)
        return Delivered()

    def close(self) -> None:
        """Nothing to release: no connection outlives a delivery."""

    def _hand_in(self, content: bytes, step: _Step) -> int:
        """The code of the last answer. `step` tells, when something is raised, how far it got."""
        config = self._config
        with CallTime(config.timeout_seconds) as call, _session(config, call) as session:
            if self._trusted is not None:
                step.name = "STARTTLS"
                session.starttls(context=self._trusted)
                assert session.sock is not None
                call.holds(session.sock)
            if config.username is not None:
                step.name = "AUTH"
                _sign_in(session, config.username, self._context.secret("password").strip())
            step.name = "MAIL"
            _accept(session.mail(config.sender))
            step.name = "RCPT"
            _accept(session.rcpt(config.recipient))
            step.name = "DATA"
            code = _accept(session.data(content))
            step.name = "QUIT"
            with suppress(smtplib.SMTPException, OSError):
                session.quit()  # courtesy: the server has answered for the mail
            return code


@dataclass(slots=True)
class _Step:
    """The command that was last begun."""

    name: str = "greeting"


class _Session(smtplib.SMTP):
    """Connects within the time of the call, which has its connection then."""

    def __init__(self, config: SmtpConfig, call: CallTime) -> None:
        self._call = call
        # The name is the sender's domain: to ask for the machine's own may take the resolver's whole time.
        super().__init__(config.host, config.port, local_hostname=domain_of(config), timeout=config.timeout_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout  # of each address
        failed = OSError("the host has no address")
        for address in looked_up(host, port):
            try:
                connected = socket.create_connection((address, port), timeout=self._call.left)
            except OSError as error:
                failed = error
            else:
                self._call.holds(connected)
                return connected
        raise failed


@contextmanager
def _session(config: SmtpConfig, call: CallTime) -> Iterator[smtplib.SMTP]:
    try:
        with closing(_Session(config, call)) as session:
            yield session
    except (smtplib.SMTPException, OSError) as error:
        if call.is_over:  # what a cut left of a line may read as any answer
            raise TimeoutError from error
        raise


def _sign_in(session: smtplib.SMTP, username: str, password: str) -> None:
    """By one mechanism. `login` goes on to the next when one is refused; a server that hangs up on that has not said why."""
    if not (username + password).isascii():
        # `smtplib` encodes both as ASCII, and its error would quote them.
        text = "smtp: `username` and the secret `password` must be ASCII; give the account a password without å, ä and ö"
        raise ConfigError(text, code="bad_secret")
    session.ehlo_or_helo_if_needed()
    session.user, session.password = username, password
    offered = session.esmtp_features.get("auth", "").upper().split()
    way = next((way for way in _WAYS if way in offered), None)
    if way is None:
        raise smtplib.SMTPNotSupportedError
    session.auth(way, getattr(session, f"auth_{way.lower().replace('-', '_')}"))


def _accept(answer: tuple[int, bytes]) -> int:
    if not 200 <= answer[0] < 300:
        raise smtplib.SMTPResponseException(answer[0], b"")
    return answer[0]


def _refusal(step: _Step, status: int) -> HubError:
    said, code = f"smtp: answered {status} to {step.name}", f"smtp_{max(status, 0)}"
    if status < 500:
        return RetriableError(said, code=code)
    if step.name == "DATA" and status not in _NOT_PERMITTED:
        return RejectedError(said, code=code)
    checked = {
        "MAIL": "`sender`, and whether the account may send from it",
        "RCPT": "`recipient`, and whether the server takes mail for it",
    }
    return ConfigError(f"{said}; check {checked.get(step.name, '`username` and the secret `password`')}", code=code)


def _silence(step: _Step) -> RetriableError:
    if step.name == "DATA":
        return InDoubtError("smtp: no answer to the mail; it may have been taken", code="no_answer")
    return RetriableError(f"smtp: the connection failed at {step.name}", code="unreachable")
