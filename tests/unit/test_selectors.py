"""Calico's selector language: what is matched, what is refused, and where that says it is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.calico.selectors import DEEPEST, LONGEST_NAME, SelectorError, parse_selector

LABELS = {"zone": "north-1", "edge": "", "kubernetes.io/hostname": "node1"}
MATCHING = [
    "",
    "  \t",
    "all()",
    "all( )",
    "global()",
    "has(edge)",
    "has( edge )",
    "zone == 'north-1'",
    'zone=="north-1"',
    "zone != 'south'",
    "absent != 'south'",
    "zone in {'south', 'north-1'}",
    "zone in {'north-1',}",
    "zone not in {'south'}",
    "zone notin{'south'}",
    "absent not in {'north-1'}",
    "zone not in {}",
    "zone contains 'rth'",
    "zone starts with 'north'",
    "zone startswith 'north'",
    "zone ends with '-1'",
    "edge == ''",
    "kubernetes.io/hostname == 'node1'",
    "!has(absent)",
    "!!has(edge)",
    "! ! has(edge)",
    "!zone == 'south'",
    "has(edge) && has(zone)",
    "has(absent) || has(zone)",
    "has(edge) || has(absent) && has(absent)",
    "!(has(absent) && has(edge))",
    "((zone == 'north-1'))",
    'zone != "it\'s"',
]
OTHERS = [
    "!all()",
    "has(absent)",
    "zone == 'North-1'",
    "zone != 'north-1'",
    "absent == ''",
    "zone in {}",
    "zone not in {'north-1'}",
    "absent contains ''",
    "absent starts with ''",
    "zone ends with '-2'",
    "(has(edge) || has(absent)) && has(absent)",
    "!has(edge) && has(zone)",
]
WRONG = {
    "zone = 'a'": (6, "expected =="),
    "zone": (5, "expected ==, !=, in, not in, contains, starts with or ends with"),
    "zone == a": (9, "a text in quotes"),
    "zone == 'a": (9, "a text that ends with '"),
    "zone in 'a'": (9, "a set such as"),
    "zone in {'a' 'b'}": (14, "expected , or }"),
    "zone in {a}": (10, "a text in quotes or }"),
    "zone starts 'a'": (6, "starts with"),
    "zone like 'a'": (6, "expected ==, !=, in"),
    "zone i n {'a'}": (6, "expected ==, !=, in"),
    "has (zone)": (5, "expected =="),
    "has()": (5, "a label's name"),
    "has(zone": (9, "expected )"),
    "all(zone)": (5, "expected )"),
    "(has(a)": (8, "&&, || or )"),
    "has(a) has(b)": (8, "&&, || or the end"),
    "has(a) & has(b)": (8, "expected &&"),
    "has(a) | has(b)": (8, "expected ||"),
    "has(a) &&": (10, "a label, has"),
    "!": (2, "a label, has"),
    "has(a)\n": (7, "a label, an operator or a text"),
    "zöne == 'a'": (2, "a label, an operator"),
    f"{'x' * (LONGEST_NAME + 1)} == 'a'": (1, "at most 512"),
    "(" * (DEEPEST + 1) + "all()" + ")" * (DEEPEST + 1): (DEEPEST + 2, "within each other"),
}


@pytest.mark.parametrize("text", MATCHING)
def test_it_matches(text: str) -> None:
    assert parse_selector(text).matches(LABELS)


@pytest.mark.parametrize("text", OTHERS)
def test_it_does_not_match(text: str) -> None:
    assert not parse_selector(text).matches(LABELS)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_what_was_expected(text: str) -> None:
    place, expected = WRONG[text]
    with pytest.raises(SelectorError) as caught:
        parse_selector(text)
    assert f" at character {place} of " in str(caught.value)
    assert expected in str(caught.value)


def test_names_and_parentheses_have_room() -> None:
    parse_selector(f"has({'x' * LONGEST_NAME})")
    assert parse_selector("(" * DEEPEST + "all()" + ")" * DEEPEST).matches({})


PIECES = [
    "zone",
    "has(",
    "all()",
    "==",
    "!=",
    "in",
    "not",
    "starts with",
    "'a'",
    "{",
    "}",
    "(",
    ")",
    "!",
    "&&",
    "||",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from([*PIECES, ","]), max_size=12).map(" ".join)))
def test_any_text_is_understood_or_refused_in_one_line(text: str) -> None:
    try:
        parse_selector(text).matches(LABELS)
    except SelectorError as error:
        assert len(str(error).splitlines()) == 1
