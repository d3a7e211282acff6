"""The page that compares runs: how each ended, their curves in one plot, and all that differs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from freqops.core.base.errors import Refused
from freqops.core.base.markup import Markup, element
from freqops.core.base.page_frame import Section, contents, section
from freqops.core.base.page_parts import NOTHING, on_lines
from freqops.core.results import curves
from freqops.core.results.document import Document

from . import asked, compared_parts, data_parts, drawn, epoch_parts, metric_parts
from .tables import table_of

FEWEST, MOST = 2, 12
END = "All times are UTC. Every figure of a plot stands in a table of this page, or in the JSON of each run."
MADE_OF = {
    "strategy": "strategy", "strategy file (SHA-256)": "strategy_sha256", "parameters (SHA-256)": "parameters_sha256",
    "user files (SHA-256)": "user_files_sha256", "freqops in it (SHA-256)": "python_sha256",
    "configuration (SHA-256)": "config_sha256", "data (SHA-256)": "data_sha256", "image": "docker_image",
    "Freqtrade": "freqtrade_version", "bot": "bot", "release of the bot": "bot_release", "seed": "seed",
}  # fmt: skip


class Run(NamedTuple):
    """A run that is compared.

    Attributes:
        letter: By which the page calls it.
        document: What is known of it.
    """

    letter: str
    document: Document


def comparison(documents: Sequence[Document], *, self_contained: bool = False) -> str:
    """Return the page that compares runs as HTML.

    Args:
        documents: The runs, in the order of the page.
        self_contained: Whether the script that draws its plots stands in it, too, as in a page that is mailed.

    Raises:
        Refused: There are too few or too many of them.
    """
    if not FEWEST <= len(documents) <= MOST:
        raise Refused(f"{len(documents)} runs cannot be compared on a page; allowed: {FEWEST} to {MOST}")
    runs = [Run(chr(ord("A") + number), document) for number, document in enumerate(documents)]
    sections = [*_sections(runs)]
    title = f"{len(runs)} runs compared"
    body = [
        element("header", element("h1", title), _runs(runs)),
        contents(sections),
        element("main", *on_lines(section(*each) for each in sections)),
        element("footer", element("p", END)),
    ]
    return drawn.page(title, body, self_contained=self_contained)


def _sections(runs: Sequence[Run]) -> Iterator[Section]:
    yield "differs", "What differs", _differing(runs)
    yield "metrics", "Metrics", _metrics(runs)
    tested = [
        compared_parts.Tested(letter, asked.said(document, "strategy"), document.backtest)
        for letter, document in runs if document.backtest is not None and curves.by_pair(document.backtest.trades)
    ]  # fmt: skip
    yield "curve", "Equity and drawdown", compared_parts.curve(tested)
    yield "months", "Months", compared_parts.months(tested)
    yield "pairs", "Trades by pair", compared_parts.groups("pairs", "pair", curves.by_pair, tested)
    yield (
        "reasons",
        "Trades by exit reason",
        compared_parts.groups("reasons", "exit reason", curves.by_exit_reason, tested),
    )
    yield "parameters", "Parameters", _parameters(runs)
    yield "data", "Gaps of the data", [
        element("dl", *(
            element(name, text) for run in runs
            for name, text in (("dt", run.letter), ("dd", data_parts.gaps_in_words(run.document)))
        ))
    ]  # fmt: skip


def _runs(runs: Sequence[Run]) -> Markup:
    """Return the table of the runs, and how each of them ended."""
    headings = ("letter", "run", "kind", "strategy", "host", "window", "ended", "began", "took")
    rows = []
    for letter, document in runs:
        end = asked.ended(document)
        rows.append((
            element("strong", letter), element("code", asked.said(document, "id")),
            *(asked.said(document, column) for column in ("kind", "strategy", "host")), asked.window(document),
            element("strong", end.text, class_="good" if end.well else "bad"), asked.said(document, "started_utc"),
            asked.duration(document),
        ))  # fmt: skip
    return table_of("The runs, and the letter of each on this page", headings, rows, text=headings)


def _metrics(runs: Sequence[Run]) -> list[Markup]:
    found = [run.document.metrics for run in runs]
    rows = [
        (metric_parts.heading_of(name), *(metric_parts.value_of(name, each.get(name)) for each in found))
        for name in metric_parts.names_of(found)
    ]
    return [table_of("Each metric, run by run", ("metric", *(run.letter for run in runs)), rows)]


def _differing(runs: Sequence[Run]) -> list[Markup]:
    """Return of what the runs were made, what is equal in all of them, and what is not."""
    rows = [("window", [asked.window(run.document) for run in runs])]
    rows += [("candles", [asked.timeframe(run.document) for run in runs])]
    rows += [(name, [asked.said(run.document, column) for run in runs]) for name, column in MADE_OF.items()]
    same = [name for name, values in rows if len(set(values)) == 1 and values[0] != NOTHING]
    unknown = [name for name, values in rows if set(values) == {NOTHING}]
    differ = [(name, *(element("code", value) for value in values)) for name, values in rows if len(set(values)) > 1]
    letters = [run.letter for run in runs]
    parts = (
        [table_of("What is not the same in all of them", ("what", *letters), differ, text=letters)] if differ else []
    )
    parts += [element("p", f"The same in all of them: {', '.join(same)}.")] if same else []
    return [
        *parts,
        *([element("p", f"Noted of none of them: {', '.join(unknown)}.", class_="faint")] if unknown else []),
    ]


def _parameters(runs: Sequence[Run]) -> list[Markup]:
    """Return the parameters of the runs side by side; of a hyperopt those of its best epoch."""
    found = [_effective(run.document) for run in runs]
    names = sorted({name for each in found for name in each})
    if not names:
        return [element("p", "No parameters are noted.")]
    values = {name: [each.get(name, NOTHING) for each in found] for name in names}
    differ = [name for name in names if len(set(values[name])) > 1]
    same = [name for name in names if name not in differ]
    letters = [run.letter for run in runs]
    parts: list[Markup] = []
    for caption, group in (("Parameters that differ", differ), ("Parameters that are the same in all of them", same)):
        rows = [(element("code", name), *(element("code", value) for value in values[name])) for name in group]
        parts += [table_of(caption, ("parameter", *letters), rows, text=letters)] if rows else []
    return parts


def _effective(document: Document) -> dict[str, str]:
    best = epoch_parts.best_of(document.epochs)
    return asked.flat(best.parameters) if best is not None else asked.parameters(document)
