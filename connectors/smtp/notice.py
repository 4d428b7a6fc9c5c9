"""The notice: that the team has a task, and where it is read. Pure.

An e-mail lies in the clear in mailboxes and on servers for years, so it says less than any other sink does.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.smtp.config import SmtpConfig
from hub.connector import Errand
from hub.contract.models import TaskState

__all__ = ["message_id_of", "notice"]

_NEW = ("En ny uppgift väntar i navet", "A new task is waiting in the hub")
_OVER = ("En uppgift i navet gäller inte längre", "A task in the hub is no longer to be done")
_BODY = """\
{0}.

Grupp: {team}
Öppna navet: {url}

Vad uppgiften gäller står bara i navet. Svara inte på det här meddelandet.

--

{1}.

Team: {team}
Open the hub: {url}

What the task is about is told in the hub only. Do not reply to this message.
"""


def message_id_of(config: SmtpConfig, errand: Errand) -> str:
    """`Message-ID`: the same for every attempt, another for the word that takes the task back."""
    return f"<{errand.task_id}.{errand.state}@{domain_of(config)}>"


def domain_of(config: SmtpConfig) -> str:
    """The sender's domain, which the hub speaks for."""
    return config.sender.rpartition("@")[2]


def notice(config: SmtpConfig, errand: Errand, now: datetime) -> EmailMessage:
    """The whole message. `now`: when it is sent, aware.

    `Auto-Submitted` (RFC 3834) keeps other machines from answering, an absence notice among them.
    """
    words = _NEW if errand.state is TaskState.REQUESTED else _OVER
    message = EmailMessage(policy=SMTP)
    message["From"] = config.sender
    message["To"] = config.recipient
    message["Subject"] = words[0]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id_of(config, errand)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "sv, en"
    message.set_content(_BODY.format(*words, team=errand.team, url=config.hub_url), cte="quoted-printable")
    return message
