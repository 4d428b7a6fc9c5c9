"""The tree of RFC 6962, held against the published vectors of certificate transparency and against its own definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.merkle import EMPTY_ROOT, Tree, consistency_proof, leaf_hash, verify_consistency

# The eight leaves and the roots of sizes 1 to 8 of the reference implementation's tests (certificate-transparency).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grow(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def define(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word; uses nothing of ours."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + define(entries[:split]) + define(entries[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    assert grow([leaf_hash(entry) for entry in LEAVES[:size]]).root().hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree().root() == EMPTY_ROOT == define([])


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_growing_tree_is_the_defined_one(entries: list[bytes]) -> None:
    assert grow([leaf_hash(entry) for entry in entries]).root() == define(entries)


@given(st.integers(0, 100), st.integers(0, 50))
def test_a_tree_goes_on_from_its_peaks(first: int, more: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(first + more)]
    begun = grow(leaves[:first])
    again = Tree(begun.size, begun.peaks)
    for leaf in leaves[first:]:
        again.append(leaf)
    assert again.root() == grow(leaves).root()


def test_peaks_that_do_not_fit_the_size_are_refused() -> None:
    with pytest.raises(ValueError, match="peak"):
        Tree(3, [EMPTY_ROOT])


@given(st.integers(1, 80), st.integers(0, 80))
def test_every_beginning_is_proved(first: int, more: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(first + more)]
    proof = consistency_proof(leaves, first)
    assert verify_consistency(first, len(leaves), grow(leaves[:first]).root(), grow(leaves).root(), proof)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_nothing_else_is(first: int, more: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(first + more)]
    changed = list(leaves)
    changed[data.draw(st.integers(0, first - 1))] = leaf_hash(b"changed")
    proof = consistency_proof(changed, first)
    roots = grow(leaves[:first]).root(), grow(changed).root()
    assert not verify_consistency(first, len(leaves), *roots, proof)
    assert not verify_consistency(first, len(leaves), *roots, consistency_proof(leaves, first))
    whole = grow(leaves).root()
    assert not verify_consistency(first, len(leaves), roots[0], whole, [])
    assert not verify_consistency(first, len(leaves), roots[0], whole, [*consistency_proof(leaves, first), EMPTY_ROOT])


@pytest.mark.parametrize("first", [0, 4])
def test_a_proof_outside_the_tree_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="proof"):
        consistency_proof([EMPTY_ROOT] * 3, first)
    assert not verify_consistency(first, 3, EMPTY_ROOT, EMPTY_ROOT, [EMPTY_ROOT])
