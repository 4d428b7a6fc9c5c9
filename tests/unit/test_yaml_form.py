"""What a small file may ask for is bounded before anything is built of it, and what is no YAML is told with what to do."""

from __future__ import annotations

import pytest

from hub.yaml_file import load_marked, load_yaml
from hub.yaml_form import UnreadableYamlError, check_form, decoded

LINES = ["m0: &m0 {k: 1}", *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}], k: 1}}" for n in range(1, 12))]


def refusal(text: str, *, merges: bool = False) -> tuple[tuple[int, int], str]:
    with pytest.raises(UnreadableYamlError) as caught:
        check_form(text, merges=merges)
    return caught.value.where, str(caught.value)


@pytest.mark.parametrize("load", [load_yaml, load_marked])
@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\n".join(line.replace("<<: ", "of: ") for line in LINES),
        "x: &x {<<: [*x, *x], k: 1}",
        "x: &x [*x]",
        "x: " + "[" * 50_000,
        "x: " + "[" * 50_000 + "]" * 50_000,
        "".join(f"{' ' * depth}x:\n" for depth in range(2000)),
        "- " * 50_000 + "x",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5000)),
    ],
    ids=["merges", "references", "own-merge", "own-part", "open", "closed", "indented", "items", "chain"],
)
def test_no_small_text_takes_the_reader_down(load: object, text: str) -> None:
    with pytest.raises(UnreadableYamlError):
        load(text)  # type: ignore[operator]


def test_as_much_as_a_file_may_hold_is_read() -> None:
    assert load_yaml("[" * 40 + "]" * 40) is not None
    assert refusal("[" * 41 + "]" * 41)[0] == (1, 41)
    assert refusal("- &a " + "[" * 30 + "]" * 30 + "\n- " + "[" * 10 + "*a" + "]" * 10)[0] == (2, 13)
    assert len(load_yaml("- a\n" * 99_999)) == 99_999
    (line, _), words = refusal("- a\n" * 100_000)
    assert line == 100_000
    assert words.startswith("too much: more than 100000 values")


def test_each_reference_counts_for_all_that_it_repeats() -> None:
    named = f"a: &a [{', '.join(['x'] * 997)}]\n"  # 998 values
    check_form(named + "b: [" + ", ".join(["*a"] * 99) + "]\n", merges=True)
    assert refusal(named + "b: [" + ", ".join(["*a"] * 100) + "]\n")[0][0] == 2


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("a:\n\tb: 1\n", (2, 1), "a tab stands here: write spaces instead"),
        ("a: 1\n  \tb: 2\n", (2, 3), "a tab stands here: write spaces instead"),
        ("a: 1\nb: @c", (2, 4), "a value cannot begin with @: put it in quotes"),
        ("å: [ö, \t`x`]", (1, 9), "a value cannot begin with `: put it in quotes"),
        ('a: 1\nb: "c\\q"\n', (2, 6), r"in double quotes \ begins an escape, and this is none: write \\ for a backslash"),
        ('a: "\\ud800"\n', (1, 7), r"in double quotes \ begins an escape, and this is none"),
        ('a: "\\x1"\n', (1, 7), r"in double quotes \x, \u and \U want two, four and eight digits"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document begins here: one document a file"),
        ("a: 1\nb: 'c\nd: e\n", (2, 4), "the quotation mark that stands here is never closed"),
        ("a: 1\nb: [c\nd: e\n", (2, 4), "the bracket that stands here is not closed, or a comma is missing"),
        ("a: b: c\n", (1, 5), "a colon stands where no name may end: put the text in quotes"),
        ("- a\nb: 1\n", (2, 1), "this is no item of the list above it"),
        ("a:\n   b: 1\n  c: 2\n", (3, 3), "this does not line up with what stands above it: mend the indentation"),
        ("a: *b*\n", (1, 6), "* and & begin a reference to an anchor: put this in quotes"),
        ("a: *b\n", (1, 4), "*b refers to nothing above it: put it in quotes where text is meant"),
        ("a: &b [*b]\n", (1, 8), "*b refers to what it is itself a part of"),
        ("a: &b {c: 1}\nd:\n  <<: *b\n", (3, 3), "<< takes the fields of another place over: write them out here"),
        ("a: 1\nå: \x07\n", (2, 4), "a control character stands here: take it out"),
        ("%YAML 9\n---\n", (1, 8), "cannot be read as YAML: compare this line, and the one above it"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_its_place_and_what_to_do(text: str, where: tuple[int, int], told: str) -> None:
    found, words = refusal(text)
    assert words.startswith(told)
    assert found == where


def test_a_file_that_is_not_utf_8_is_told_where_it_begins_to_show() -> None:
    assert decoded("a: ö\n".encode()) == "a: ö\n"
    with pytest.raises(UnreadableYamlError, match="save the file as UTF-8") as caught:
        decoded("å: 1\nb: nå".encode() + "ö".encode("latin-1"))
    assert caught.value.where == (2, 6)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: !!timestamp x", (1, 4)),
        ("a: !!bool x", (1, 4)),
        ("a: !!int 5", (1, 4)),
        ("a: ! 5", (1, 4)),
        ("b: 1\na: !!str", (2, 4)),
        ("a: !<tag:yaml.org,2002:int> 5", (1, 4)),
        ("a: !!binary aGk=", (1, 4)),
        ("a: !!set {a, b}", (1, 4)),
        ("a: !!omap [a: 1]", (1, 4)),
        ("a: &b !!seq [1]", (1, 4)),
        ("a: !strange text", (1, 4)),
        ("a: !!python/object/apply:os.getcwd []", (1, 4)),
        ("!!map {a: 1}", (1, 1)),
        ("{a: 1, !!str b: 2}", (1, 8)),
        ("%TAG !e! tag:example.org,2025:\n---\na: !e!z 1", (3, 4)),
    ],
)
@pytest.mark.parametrize("load", [load_yaml, load_marked])
def test_what_a_value_is_to_be_taken_for_is_never_told_by_a_tag(load: object, text: str, where: tuple[int, int]) -> None:
    with pytest.raises(
        UnreadableYamlError, match="! begins a tag: take it out, or put this in quotes where text is meant"
    ) as told:
        load(text)  # type: ignore[operator]
    assert told.value.where == where
    assert load_marked('a: "!!int 5"').data == {"a": "!!int 5"}


def test_merged_defaults_are_allowed_where_they_always_were() -> None:
    assert load_yaml("base: &base {days: 1}\none: {<<: *base}")["one"] == {"days": 1}
    assert load_marked('one: {"<<": 1}').data == {"one": {"<<": 1}}
