"""What becomes of the state of a reference that is withdrawn: nothing is held any more but that, and it is for ever."""

from __future__ import annotations

from hub.contract.models import ConsentRecord, ConsentStatus
from hub.core.look import Drop, Step
from hub.core.state import YouthState

__all__ = ["after_withdrawal", "erase"]


def erase(state: YouthState, withdrawal: ConsentRecord) -> Step:
    """Forget all but that the reference is withdrawn, under the highest version met: no replay can resurrect anyone."""
    known = 0 if state.consent is None else state.consent.version
    if state.withdrawn and known >= withdrawal.version:
        return Step(state)
    return Step(YouthState(state.youth_ref, withdrawal.model_copy(update={"version": max(known, withdrawal.version)})))


def after_withdrawal(state: YouthState, consent: ConsentRecord) -> Step:
    """A later grant gets a new reference, so a record that says otherwise is a repeat, or false."""
    assert state.consent is not None, "it is withdrawn"
    if consent.version <= state.consent.version:
        return Step(state, outcome="duplicate")
    if consent.status is ConsentStatus.WITHDRAWN:
        return erase(state, consent)
    return Step(state, drops=(Drop("withdrawn", intentional=False),), outcome="refused")
