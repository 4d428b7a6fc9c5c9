"""Opens a document of the sealed vault: the one way, for one who asked, after another has approved, once."""

from __future__ import annotations

from hub.access.matters import Matter
from hub.access.roles import Principal
from hub.audit.sealed import Part, SealedVault
from hub.registry.revealing import Approvals

__all__ = ["unseal"]


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
