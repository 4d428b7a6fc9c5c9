"""The Merkle tree of RFC 6962 §2.1 over SHA-256, in the amount a log of one municipality needs.

Ours because it is arithmetic of forty lines: the libraries for it bring a tree store of their own. The test vectors are those
of the certificate-transparency project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

__all__ = ["EMPTY_ROOT", "Tree", "consistency_proof", "leaf_hash", "node_hash", "read_tree", "verify_consistency"]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry (RFC 6962 §2.1): no node can pass for a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows: its size and the roots of its whole subtrees, largest first. A few hashes whatever the size."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError("a tree has one peak for each bit of its size")

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more entry."""
        height = self.size
        while height & 1:  # the last two subtrees are of one size now
            leaf = node_hash(self.peaks.pop(), leaf)
            height >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root hash of all entries so far."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def read_tree(size: object, peaks: object) -> Tree:
    """The tree that a table keeps as its size and its peaks (hexadecimal). Raises ValueError for whatever else stands there."""
    if type(size) is not int or size < 0 or not isinstance(peaks, str):
        raise ValueError("a tree is kept as a whole number and a text")
    return Tree(size, [bytes.fromhex(peak) for peak in peaks.split()])


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """RFC 6962 §2.1.2: that the tree of the `first` leaves is a beginning of the tree of all. Raises ValueError outside it."""
    if not 0 < first <= len(leaves):
        raise ValueError("a proof leads from a tree with entries to one that is no smaller")
    return _subproof(leaves, first, whole=True)


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    size = len(leaves)
    if first == size:
        return [] if whole else [_root(leaves)]
    split = 1 << ((size - 1).bit_length() - 1)
    if first <= split:
        return [*_subproof(leaves[:split], first, whole=whole), _root(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, whole=False), _root(leaves[:split])]


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2: whether `proof` shows the tree of size `first` to be a beginning of the one of size `second`."""
    if first == second:
        return first_root == second_root and not proof
    if not 0 < first < second or not proof:
        return False
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    low, high = first - 1, second - 1
    while low & 1:
        low, high = low >> 1, high >> 1
    left = right = steps[0]
    for step in steps[1:]:
        if high == 0:
            return False
        if low & 1 or low == high:
            left, right = node_hash(step, left), node_hash(step, right)
            while low and not low & 1:
                low, high = low >> 1, high >> 1
        else:
            right = node_hash(right, step)
        low, high = low >> 1, high >> 1
    return high == 0 and left == first_root and right == second_root
