"""An HTML page as a browser would take it: its elements, and what each of them says."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = ("col", "meta")
RAW = ("style",)


@dataclass
class Element:
    """One element.

    Attributes:
        name: Its name.
        attributes: Its attributes, in the order in which they stand.
        inside: The elements in it.
        texts: Its text and that of everything in it.
    """

    name: str
    attributes: dict[str, str]
    inside: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def every(self, name: str | None = None, kind: str | None = None) -> list[Element]:
        """Return the elements in it that have a name and a class."""
        found = [each for inner in self.inside for each in (inner, *inner.every())]
        return [each for each in found if name in (None, each.name) and (kind is None or kind in each.classes)]

    def one(self, name: str, id_: str) -> Element:
        (found,) = [
            each for each in self.every(name) if id_ in (each.attributes.get(k) for k in ("id", "aria-labelledby"))
        ]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("", {})
        self.stack = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        assert all(value is not None for _, value in attrs), (tag, attrs)
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].inside.append(made)
        if tag not in VOID:
            self.stack.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack[-1].name == tag, (self.stack[-1].name, tag)
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def read(text: str) -> Element:
    """Return a page; every element of it must end where it should."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.stack == [reader.top]
    return reader.top
