"""Opens a document of the sealed vault: the one way, for one who asked, after another has approved, once."""

from __future__ import annotations

from hub.access.matters import Matter
from hub.access.roles import Principal
from hub.audit.sealed import Part, SealedVault
from hub.registry.revealing import Approvals

__all__ = ["SEARCH", "search", "unseal"]

SEARCH = "search"
"""What is asked for when nobody knows the document's number: the whole vault is looked through, and only numbers come out."""


def search(
    vault: SealedVault, approvals: Approvals, who: Principal, identifier: str, *, approval: str, private: bytes
) -> list[str]:
    """The numbers of one person's documents; `identifier` is canonical. After an erasure no other way leads from a person there.

    Raises as `unseal`; opening one of them takes an approval of its own.
    """
    vault.require("", private)
    approvals.use(who, approval, Matter.SEALED, SEARCH)
    return [
        one.document
        for one in vault.documents()
        if any(part.content.get("identifier") == identifier for part in vault.open(one.document, private))
    ]


def unseal(
    vault: SealedVault, approvals: Approvals, who: Principal, document: str, *, approval: str, private: bytes
) -> list[Part]:
    """The parts of `document`, in order; `approval` is the request's id, `private` the key of `keys/sealed.private`.

    Raises what four eyes say (RejectedError), RejectedError `no_such_document`, ConfigError for another key (the approval is
    not used up then), ContractError `will_not_open`, and RetriableError `audit`: nothing was opened.
    """
    vault.require(document, private)
    approvals.use(who, approval, Matter.SEALED, document)  # in the audit log from here on
    return vault.open(document, private)
