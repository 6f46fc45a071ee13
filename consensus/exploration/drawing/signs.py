"""Configurations as signs: square 0, diamond 1, ring both; told apart by form as well as by colour."""

from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text

NAMES = {
    "0": "0-valent: only 0 can still be decided",
    "1": "1-valent: only 1 can still be decided",
    "01": "bivalent: 0 and 1 can both still be decided",
    "": "nobody has looked",
}
LOOKS = {"0": "v0", "1": "v1", "01": "v01", "": "v"}


def draw_sign(valence: str, x: float, y: float, r: float, words: str = "") -> Markup:
    """A sign of radius `r`, with its digits where there is room."""
    title = tag("title", text(f"{words}: {NAMES[valence]}" if words else NAMES[valence]))
    digits = "0 1" if valence == "01" else valence
    label = [tag("text", text(digits), x=x, y=y + 4)] if r >= 11 else []
    return tag("g", title, draw_form(valence, x, y, r), *label, class_=f"sign {LOOKS[valence]}")


def draw_form(valence: str, x: float, y: float, r: float) -> Markup:
    """Its outline."""
    if valence == "0":
        side = 1.7 * r
        return tag("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, rx=2)
    if valence == "1":
        far = 1.2 * r
        steps = (x, y - far, "L", x + far, y, "L", x, y + far, "L", x - far, y, "Z")
        return tag("path", d=path("M", *steps))
    return tag("circle", cx=x, cy=y, r=r)


def draw_key() -> Markup:
    """What the signs mean."""
    items = (
        tag(
            "li",
            tag("svg", draw_sign(valence, 15, 15, 12), width=30, height=30, aria_hidden="true"),
            tag("span", text(NAMES[valence])),
        )
        for valence in ("0", "1", "01")
    )
    return tag("ul", *items, class_="key")


def draw_line(x1: float, y1: float, x2: float, y2: float, look: str = "edge") -> Markup:
    """An edge."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=look)


def draw_boxed(title: str, width: float, height: float, *inner: Markup) -> Markup:
    """A drawing that keeps its size, in a box that scrolls where it is too wide, also by keyboard."""
    return scroll(title, draw_svg(title, width, height, *inner))


def scroll(title: str, *inner: Markup) -> Markup:
    """A box that scrolls sideways."""
    return tag("div", *inner, class_="scroll", tabindex=0, role="region", aria_label=title)
