"""Elements of a page that is HTML and well-formed XML at once."""

from html import escape
from typing import TypeAlias

Markup: TypeAlias = str
"""Text in which `<` and `&` are meant; `text` makes it from anything else."""
LEAVES = frozenset({"meta", "input", "br", "circle", "line", "path", "rect"})
"""Elements that hold nothing; an HTML parser takes no other for closed at once."""


def text(words: object) -> Markup:
    """Words as they are, whatever signs they hold."""
    return escape(str(words), quote=False)


def tag(name: str, /, *inner: Markup, **attributes: str | float) -> Markup:
    """An element. `class_` stands for `class` and `stroke_width` for `stroke-width`."""
    opening = name + "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(show(value))}"'
        for key, value in attributes.items()
    )
    return f"<{opening}/>" if name in LEAVES else f"<{opening}>{''.join(inner)}</{name}>"


def draw_svg(title: str, width: float, height: float, *inner: Markup, **attributes: str) -> Markup:
    """A picture, lengths in pixels, with a title for those who do not see it."""
    return tag(
        "svg",
        tag("title", text(title)),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        **attributes,
        role="img",
        width=width,
        height=height,
        viewBox=path(0, 0, width, height),
    )


def show(value: str | float) -> str:
    """An attribute: lengths to a tenth of a pixel, so that equal pages are equal bytes."""
    if isinstance(value, float):
        return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
    return str(value)


def path(*steps: str | float) -> str:
    """The `d` of a path."""
    return " ".join(show(step) for step in steps)
