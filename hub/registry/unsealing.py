"""Opens a document of the sealed vault, or looks one person's documents up there: the only way, for one who asked, once.

A request states its purpose, the legal ground and the case it belongs to; of a search it holds whose documents are sought as a
keyed hash only, so that nobody searches for anybody but whom the approval was given for. Who asked, who approved (another
person, `hub.access.four_eyes`), when, and what became of it stand in the request and in the audit log.
"""

from __future__ import annotations

from typing import Protocol

from hub.access.grounds import Ground
from hub.access.matters import Matter, Request
from hub.access.roles import Action, Principal, may
from hub.audit.entries import Subject, SubjectKind
from hub.audit.notes import Verifier
from hub.audit.sealed import Part, SealedVault
from hub.errors import RejectedError

__all__ = ["SEARCH", "Approvals", "ask_to_open", "ask_to_search", "is_search", "search", "unseal"]

SEARCH = "search"
"""What is asked for when nobody knows the document's number: the whole vault is looked through, and only numbers come out."""


class Approvals(Protocol):
    """Four eyes, as they are needed here; `hub.access.four_eyes.FourEyes` is the real one."""

    def ask(
        self, principal: Principal, matter: Matter, item: str, purpose: str, team: str | None = None, *, ground: Ground
    ) -> Request:
        """Ask for a second person's approval, on a ground."""
        ...

    def use(self, principal: Principal, request_id: str, matter: Matter, item: str) -> Request:
        """Use an approval up and write the opening in the audit log; RejectedError when it does not hold."""
        ...


def is_search(item: str) -> bool:
    """Whether a request's item is a search, not a document."""
    return item.startswith(f"{SEARCH}:")


def ask_to_open(
    vault: SealedVault, approvals: Approvals, who: Principal, document: str, *, purpose: str, ground: Ground
) -> Request:
    """Ask to open one document. Raises RejectedError `no_such_document`, and what four eyes and the ground say."""
    if may(who, Action.SEALED_REQUEST) and not (document and vault.documents(document)):  # who may not learns not even that
        raise RejectedError("the vault has no such document: see `hub vault list`", code="no_such_document")
    return approvals.ask(who, Matter.SEALED, document, purpose, ground=ground)


def ask_to_search(
    vault: SealedVault, approvals: Approvals, who: Principal, identifier: str, *, purpose: str, ground: Ground
) -> Request:
    """Ask to find one person's documents; `identifier` is canonical, and kept as a keyed hash. Raises as `ask_to_open`."""
    if may(who, Action.SEALED_REQUEST) and not vault.documents():
        raise RejectedError("the vault is empty", code="no_such_document")
    return approvals.ask(who, Matter.SEALED, _sought(vault, identifier), purpose, ground=ground)


def search(
    vault: SealedVault, approvals: Approvals, who: Principal, identifier: str, *, approval: str, private: bytes
) -> list[str]:
    """The numbers of one person's documents; `identifier` is canonical, and that of the request.

    After an erasure no other way leads from a person there. Raises as `unseal`; RejectedError `not_approved` for another person.
    Opening one of them takes an approval of its own.
    """
    vault.require("", private)
    approvals.use(who, approval, Matter.SEALED, _sought(vault, identifier))
    return [
        one.document
        for one in vault.documents()
        if any(part.content.get("identifier") == identifier for part in vault.open(one.document, private))
    ]


def unseal(
    vault: SealedVault,
    approvals: Approvals,
    who: Principal,
    document: str,
    *,
    approval: str,
    private: bytes,
    verifier: Verifier,
) -> list[Part]:
    """The parts of `document`, in order; `approval` is the request's id, `private` the key of `keys/sealed.private`, `verifier`
    knows the audit log's signed checkpoints.

    Raises what four eyes say (RejectedError), RejectedError `no_such_document`, ConfigError for another key (the approval is
    not used up then, nor where the log does not stand), ContractError `will_not_open`, and RetriableError `audit`: nothing was
    opened.
    """
    vault.require(document, private)
    vault.require_vouched(document, verifier)
    approvals.use(who, approval, Matter.SEALED, document)  # in the audit log from here on
    return vault.open(document, private)


def _sought(vault: SealedVault, identifier: str) -> str:
    (hashed,) = vault.log.pseudonyms([Subject(SubjectKind.DOCUMENT, f"{SEARCH}\x00{identifier}")])
    return f"{SEARCH}:{hashed}"
