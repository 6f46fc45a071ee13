"""Elements are well-formed whatever they hold."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from consensus.simulation.drawing.markup import path, show, tag, text

SIGNS = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]))


@given(SIGNS, SIGNS)
def test_words_and_attributes_come_back(words: str, value: str) -> None:
    root = ET.fromstring(tag("p", text(words), class_="x", data_value=value))
    assert (root.tag, root.text or "") == ("p", words)
    assert root.attrib == {"class": "x", "data-value": value}


def test_only_leaves_close_themselves() -> None:
    assert tag("line", x1=1, stroke_width=2.0) == '<line x1="1" stroke-width="2"/>'
    assert tag("ul", class_="legend") == '<ul class="legend"></ul>'
    assert tag("meta", name="viewport") == '<meta name="viewport"/>'


def test_elements_hold_elements() -> None:
    assert tag("g", tag("path", d="M 0 0"), tag("g")) == '<g><path d="M 0 0"/><g></g></g>'


def test_lengths_are_told_to_a_tenth() -> None:
    told = [show(value) for value in (1.0, 1.04, 1.06, -0.01, 0.0, 12, "a")]
    assert told == ["1", "1", "1.1", "0", "0", "12", "a"]
    assert path("M", 1.5, 2, "L", 0.25, 3.0) == "M 1.5 2 L 0.2 3"
