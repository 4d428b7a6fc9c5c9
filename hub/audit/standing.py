"""Whether the log still says what it said, from one entry on: asked before something is shown on its word.

An entry and what it vouches for can be exchanged together by who can write to the database; then its hash no longer fits, or
the links behind it, or a checkpoint that was signed over them. Read is from the last checkpoint before the entry to the end,
for an entry that was taken out further on would hide what else belongs to it. What was written anew with all its hashes since
the last checkpoint shows only in one that another system keeps (`hub.audit.verify`, which reads everything, and says what is
wrong).
"""

from __future__ import annotations

from sqlalchemy import Engine, select

from hub.audit.damage import missing_tables
from hub.audit.entries import canonical_content
from hub.audit.log import FIRST_CHAIN, chain_hash
from hub.audit.merkle import Tree, leaf_hash, read_tree
from hub.audit.notes import Verifier
from hub.audit.reading import every_row, horizon
from hub.audit.tables import CheckpointRow, EntryRow
from hub.database import answering
from hub.errors import ContractError

__all__ = ["stands_from"]


def stands_from(engine: Engine, verifier: Verifier, position: int) -> bool:
    """Whether every entry from `position` on follows from the one before it and is what was signed. Raises RetriableError."""
    if missing_tables(engine):
        return False
    gone = horizon(engine)
    first = position if gone is None else max(position, gone[0] + 1)
    try:
        signed = _signed(engine, verifier)
        size = max((size for size in signed if size < first), default=0)
        if gone is not None and size < gone[0]:  # retention lets go of nothing but under a checkpoint
            return False
        return _walk(engine, signed.get(size, Tree()), _link(engine, size), {size: one.root() for size, one in signed.items()})
    except (ContractError, ValueError):
        return False


def _signed(engine: Engine, verifier: Verifier) -> dict[int, Tree]:
    """The tree of each checkpoint, as it was signed; ContractError or ValueError where one is not."""
    query = select(CheckpointRow.size, CheckpointRow.peaks, CheckpointRow.note)
    with answering(), engine.connect() as connection:
        rows = connection.execute(query).all()
    found = {}
    for row in rows:
        said, tree = verifier.check(row.note), read_tree(row.size, row.peaks)
        if (said.size, said.root) != (tree.size, tree.root()):
            raise ValueError("a checkpoint is not as it was signed")
        found[tree.size] = tree
    return found


def _link(engine: Engine, position: int) -> str:
    """Of the entry at that position; of the last that retention let go of, where it is gone."""
    gone = horizon(engine)
    if position == 0 or (gone is not None and gone[0] == position):
        return FIRST_CHAIN if gone is None else gone[1]
    with answering(), engine.connect() as connection:
        return str(connection.scalar(select(EntryRow.chain).where(EntryRow.position == position)))


def _walk(engine: Engine, tree: Tree, chain: str, roots: dict[int, bytes]) -> bool:
    for row in every_row(engine, after=tree.size):
        values = list(row)
        leaf = leaf_hash(canonical_content(*values[1:-2]))
        chain = chain_hash(chain, leaf.hex())
        if (row.position, row.leaf, row.chain) != (tree.size + 1, leaf.hex(), chain):
            return False
        tree.append(leaf)
        if tree.size in roots and tree.root() != roots[tree.size]:
            return False
    return max(roots, default=0) <= tree.size
