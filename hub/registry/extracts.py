"""What a register extract is made of: a consent with who stands on its form, and whether somebody has a claim to one."""

from __future__ import annotations

from collections.abc import Sequence

from hub.access.roles import Action, Principal
from hub.audit.actions import Action as Logged
from hub.audit.entries import Subject, SubjectKind
from hub.contract.identifiers import birth_date
from hub.core.consent_rules import ADULT_AGE, Form, Signatory, age_at
from hub.registry import lifecycle
from hub.registry.cases import ConsentCase, Named
from hub.registry.custody import latest_custody
from hub.registry.history import form_of
from hub.registry.looks import Looks
from hub.registry.states import OPEN
from hub.registry.tables import Consent

__all__ = ["ADULT", "NO_CUSTODY", "Extracts"]

ADULT = "adult"
"""The youth is an adult and alone gets an extract."""
NO_CUSTODY = "no_custody"
"""As far as is registered, who asks has no custody of the youth now."""


class Extracts(Looks):
    """Safe to share between threads. Raises what Looks raises."""

    def held(self, who: Principal, consent_id: str, identifier: str, recipient: str) -> tuple[ConsentCase, Named]:
        """One consent and who stands on its form, for the extract of a recipient (a signatory's role), which the entry names.

        Raises RejectedError `another_person` when the identifier is not that of the consent's person, or not any more;
        `manual_handling` when her data have become protected.
        """
        item = Subject(SubjectKind.CONSENT, consent_id)
        entry = self._entry(who, Action.CONSENT_SEE, Logged.EXTRACT_MADE, item=item, purpose=recipient)
        with self._audit.recorded(entry) as draft, self._registry.work() as work:
            row = self._row(work.session, who, consent_id)
            named = self._opened(work, who, row, identifier, draft)
            return self._views(work, [row])[0], named

    def without_claim(self, cases: Sequence[ConsentCase], recipient: str) -> str:
        """Why a recipient has no claim to an extract of the person whose open consents are among these: `ADULT`, `NO_CUSTODY`.

        Empty where she has: the youth always, somebody else while the youth is a child of whom she has custody, or stands in for
        who has (OSL 12:3). Part of putting an extract together; only these consents are asked, and no other's.
        """
        if recipient == Signatory.YOUTH:
            return ""
        with self._registry.work() as work:
            rows = [self._consent(work.session, case.consent_id) for case in cases]
            found = [row for row in rows if row is not None and row.state in OPEN]
            if not found:
                return NO_CUSTODY
            born = birth_date(lifecycle.identity(work, found[0].youth)[0])
            if age_at(born, work.now) >= ADULT_AGE:
                return ADULT
            return "" if recipient in _with_custody([row for row in rows if row is not None]) else NO_CUSTODY


def _with_custody(consents: Sequence[Consent]) -> frozenset[Signatory]:
    """Whom custody was last recorded to make sign; where it never was, those whom every open child's form names.

    Forms that contradict each other say of nobody but those on all of them that they have custody: record it first.
    """
    recorded = latest_custody(consents)
    if recorded is not None:
        return recorded.signatories
    named = [frozenset(map(Signatory, one.required)) for one in consents if one.state in OPEN and form_of(one) is Form.CHILD]
    return frozenset.intersection(*named) if named else frozenset()
