"""A person's further identifiers: the samordningsnummer she had before her personnummer, an interim number, a TF number.

Each is found by its keyed hash like the first one, and sealed under the same data key; all go with the mapping.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from hub.registry.tables import Alias, Youth
from hub.registry.work import Work

__all__ = ["add_alias", "find_by_aliases", "open_aliases"]


def add_alias(work: Work, youth: Youth, data_key: bytes, canonical: str) -> None:
    """From now on the person is found by this identifier too."""
    lookup = work.tools.vault.lookup(canonical)
    sealed = work.tools.vault.seal(data_key, youth.youth_id, _field(lookup), canonical.encode("ascii"))
    youth.aliases.append(Alias(lookup=lookup, sealed=sealed))
    work.known[lookup] = youth


def open_aliases(work: Work, youth: Youth, data_key: bytes) -> list[str]:
    """The further identifiers, canonical, in an order that does not change."""
    vault = work.tools.vault
    return sorted(
        vault.open(data_key, youth.youth_id, _field(alias.lookup), alias.sealed).decode("ascii") for alias in youth.aliases
    )


def find_by_aliases(work: Work, lookups: Collection[bytes]) -> dict[bytes, Youth]:
    """The youths who have these identifiers as further ones, locked, by the identifier's keyed hash."""
    if not lookups:
        return {}
    rows = work.locking(select(Alias.lookup, Youth).join(Youth).where(Alias.lookup.in_(lookups)))
    return dict(work.session.execute(rows).all())


def _field(lookup: bytes) -> str:
    return f"alias.{lookup.hex()}"
