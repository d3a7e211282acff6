"""The page of a run: how it ended, what it brought, what it was made of, and how it is made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_frame import Section, contents, section
from freqops.core.base.page_parts import NOTHING, count, listed, on_lines, short
from freqops.core.results import curves
from freqops.core.results.backtest_archive import Backtest
from freqops.core.results.document import Document

from . import analysis_parts, asked, data_parts, drawn, epoch_parts, metric_parts, result_parts
from .tables import WHOLE, table_of

END = "All times are UTC. Every figure of a plot stands in a table of this page, or in the JSON of the run."
FACTS = {
    "Bot": "bot", "Release of the bot": "bot_release", "Host": "host", "Begun by": "actor", "Why": "reason",
    "Incident": "incident_id",
}  # fmt: skip
MADE_OF = {
    "image": "docker_image", "Freqtrade": "freqtrade_version", "strategy file (SHA-256)": "strategy_sha256",
    "parameters (SHA-256)": "parameters_sha256", "user files (SHA-256)": "user_files_sha256",
    "freqops in it (SHA-256)": "python_sha256", "configuration (SHA-256)": "config_sha256",
    "data (SHA-256)": "data_sha256", "seed": "seed", "command": "command_json",
}  # fmt: skip


def page(document: Document, *, self_contained: bool = False) -> str:
    """Return the page of a run as HTML.

    Args:
        document: The run.
        self_contained: Whether the script that draws its plots stands in it, too, as in a page that is mailed.
    """
    sections = [*_sections(document)]
    end = asked.ended(document)
    body = [
        _head(document, end),
        contents(sections),
        element("main", *on_lines(section(*each) for each in sections)),
        element("footer", element("p", END)),
    ]
    return drawn.page(title(document), body, self_contained=self_contained)


def title(document: Document) -> str:
    """Return what a run is called."""
    kind, strategy = (asked.said(document, column) for column in ("kind", "strategy"))
    word = kind.replace("_", " ").capitalize()
    return f"{word} {asked.said(document, 'id')}" if strategy == NOTHING else f"{word} of {strategy}"


def _head(document: Document, end: asked.Ended) -> Markup:
    facts = {
        "Run": element("code", asked.said(document, "id")),
        "Window": asked.window(document), "Candles": asked.timeframe(document),
        "Began": asked.said(document, "started_utc"), "Ended": asked.said(document, "finished_utc"),
        "Took": asked.duration(document), "Memory at most": asked.memory(document),
        **{name: asked.said(document, column) for name, column in FACTS.items()},
    }  # fmt: skip
    shown = [(name, value) for name, value in facts.items() if value != NOTHING]
    overridden = asked.said(document, "overridden")
    warned = [] if overridden == NOTHING else [element("strong", "Begun all the same: "), overridden]
    missing = (
        [element("strong", "What is missing on this page"), listed(document.notes, WHOLE)] if document.notes else []
    )
    return element(
        "header",
        element("h1", title(document)),
        element("p", end.text, class_=f"verdict {'good' if end.well else 'bad'}"),
        *(element("div", *parts, class_="warned") for parts in (warned, missing) if parts),
        element("dl", *(element(name, text) for pair in shown for name, text in zip(("dt", "dd"), pair, strict=True))),
    )


def _sections(document: Document) -> Iterator[Section]:
    yield "metrics", "Metrics", metric_parts.metrics(document.metrics)
    if document.backtest is not None:
        yield from _of_trades(document.backtest)
    if document.analysis is not None:
        yield "found", "What it found", analysis_parts.analysis(document.analysis)
    if document.epochs or document.run.get("kind") == "hyperopt":
        yield "epochs", "Epochs", epoch_parts.epochs(document)
    yield "parameters", "Parameters", _parameters(asked.parameters(document))
    yield "data", "Data and its gaps", data_parts.data(document)
    yield "made", "What it was made of", _made_of(document)
    if document.artifacts:
        yield "files", "Files", _files(document)


def _of_trades(backtest: Backtest) -> Iterator[Section]:
    pairs, reasons = curves.by_pair(backtest.trades), curves.by_exit_reason(backtest.trades)
    if not pairs:
        left = curves.still_open(backtest.trades)
        said = f"No trade closed; {count(left, 'trade')} stayed open." if left else "There was no trade."
        yield "curve", "Trades", [element("p", said, " So there is neither a curve nor a month to show.")]
        return
    yield "curve", "Equity and drawdown", result_parts.curve(backtest)
    yield "months", "Months", result_parts.months(backtest)
    yield "pairs", "Trades by pair", result_parts.groups("pairs", "pair", pairs, backtest)
    yield "reasons", "Trades by exit reason", result_parts.groups("reasons", "exit reason", reasons, backtest)


def _parameters(found: Mapping[str, str]) -> list[Markup]:
    if not found:
        return [element("p", "No parameters are noted.")]
    rows = [(element("code", name), element("code", value)) for name, value in sorted(found.items())]
    table = table_of("The parameters with which the strategy ran", ("parameter", "value"), rows, text=("value",))
    return [element("div", table, class_="small")]


def _made_of(document: Document) -> list[Markup]:
    said = {name: asked.said(document, column) for name, column in MADE_OF.items()}
    rows = [(name, element("code", value)) for name, value in said.items() if value != NOTHING]
    if not rows:
        return [element("p", "Nothing is noted of what it was made of: it cannot be made again alike.")]
    return [table_of("What makes the same run again", ("what", "value"), rows, text=("value",))]


def _files(document: Document) -> list[Markup]:
    rows: Sequence[tuple[str, Markup, Markup]] = [
        (short(each.name), element("code", each.path), element("code", each.sha256)) for each in document.artifacts
    ]
    return [table_of("Its files on its host", ("name", "path", "SHA-256"), rows, text=("path", "SHA-256"))]
