"""The page of a security check: what is not as it must be, and every item with its evidence and its threshold.

It has no script, and its policy lets a browser load nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_frame import Section, contents, document, section
from freqops.core.base.page_parts import NOTHING, count, detail, listed, on_lines, short
from freqops.core.security import answer, items
from freqops.core.security.row import ATTESTED, WAIVED, Row

from . import style
from .tables import table_of

POLICY = Markup("default-src 'none'; style-src 'unsafe-inline'")
WHOLE = "security_check.json"
END = "What is not known is not passed. What was attested or waived passes until its day, and no longer."
HEADINGS = ("item", "bot", "verdict", "evidence", "wanted")
LIST = ("item", "means", "wanted", "cure")


def page(rows: Mapping[str, Sequence[Row]], moment: str, problems: Sequence[str]) -> str:
    """Return the page of a check as HTML.

    Args:
        rows: The rows of each host, and of the fleet.
        moment: When it was.
        problems: What else is wrong, each with its host.
    """
    sections = [*_sections(rows, problems)]
    body = [
        _head(rows, moment, problems),
        contents(sections),
        element("main", *on_lines(section(*each, bad=each[0] == "wrong") for each in sections)),
        element("footer", element("p", END)),
    ]
    return document(["Security check"], body, policy=POLICY, style=style.STYLE)


def _head(rows: Mapping[str, Sequence[Row]], moment: str, problems: Sequence[str]) -> Markup:
    every = [each for found in rows.values() for each in found]
    wrong = sum(not each.passes for each in every) + len(problems)
    verdict = f"{count(wrong, 'thing')} not as it must be" if wrong else "all as it must be"
    return element(
        "header",
        element("h1", "Security check"),
        element("p", f"{count(len(every), 'item')}, {verdict}", class_=f"verdict {'bad' if wrong else 'good'}"),
        element("dl", element("dt", "Measured"), element("dd", short(moment))),
    )


def _sections(rows: Mapping[str, Sequence[Row]], problems: Sequence[str]) -> Iterator[Section]:
    wrong = [*problems, *answer.failures(rows)]
    if wrong:
        yield "wrong", "Not as it must be", [listed(wrong, WHOLE)]
    said = [f"{host}: {each.item}{f' of {each.bot}' if each.bot else ''}: {each.evidence}"
            for host, found in rows.items() for each in found if each.verdict in (ATTESTED, WAIVED)]  # fmt: skip
    if said:
        yield "said", "What somebody stands for", [listed(said, WHOLE)]
    for number, (host, found) in enumerate(rows.items(), start=1):
        yield f"host-{number}", short(host), [_table(found)]
    listed_items = [(each.name, each.means, each.threshold, each.cure) for each in items.ITEMS]
    yield "items", "The list", [table_of("What each item means", LIST, listed_items, text=LIST[1:])]


def _table(rows: Sequence[Row]) -> Markup:
    cells = [
        (each.item, each.bot or NOTHING, each.verdict, detail(each.evidence), items.BY_NAME[each.item].threshold)
        for each in rows
    ]
    return table_of("Every item, and what was seen", HEADINGS, cells, text=HEADINGS[1:])
