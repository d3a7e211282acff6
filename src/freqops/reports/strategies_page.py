"""The page of strategies: what each of them is, as Freqtrade of the pinned image read it on each host.

It has no script, and its policy lets a browser load nothing. Equal answers make equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_frame import Section, contents, document, section
from freqops.core.base.page_parts import NOTHING, count, detail, listed, on_lines, short
from freqops.core.base.visible import compact
from freqops.core.runs import strategy_answer
from freqops.core.runs.strategy_answer import Answer, Done

from . import style
from .tables import table_of

POLICY = Markup("default-src 'none'; style-src 'unsafe-inline'")
STYLE = Markup(style.STYLE + "dl + div, div + div, div + table, dl + table { margin-top: .75rem; }\n")
WHOLE = "the answer of freqops-host strategies --json"
END = "A strategy was loaded by Freqtrade, without a network and without a configuration that overrules it."
FACTS = {
    "Goes short": "can_short", "Candles before the first": "startup_candle_count",
    "Trailing stop": "trailing_stop", "Trailing stop, positive": "trailing_stop_positive",
    "Trailing stop, offset": "trailing_stop_positive_offset",
    "Trails only from the offset on": "trailing_only_offset_is_reached", "Stop of its own": "use_custom_stoploss",
    "Adjusts positions": "position_adjustment_enable", "Entries more, at most": "max_entry_position_adjustment",
    "Entry gate": "entry_gate", "Has a file of parameters": "parameter_file", "Loaded for": "trading_mode",
}  # fmt: skip
OVERVIEW = ("strategy", "host", "timeframe", "stop", "entry gate", "adjusts position", "parameters", "reads")
PARAMETERS = ("parameter", "space", "type", "range", "default", "value", "hyperopt", "loaded")


def page(answers: Mapping[str, Answer], wrong: Sequence[str]) -> str:
    """Return the page of the strategies of hosts as HTML.

    Args:
        answers: The answer of each host.
        wrong: What could not be read, or not be written.
    """
    sections = [*_sections(answers, wrong)]
    body = [
        _head(answers, wrong),
        contents(sections),
        element("main", *on_lines(section(*each, bad=each[0] == "missing") for each in sections)),
        element("footer", element("p", END)),
    ]
    return document(["Strategies"], body, policy=POLICY, style=STYLE)


def _head(answers: Mapping[str, Answer], wrong: Sequence[str]) -> Markup:
    read = sum(each.strategy.is_read for answer in answers.values() for each in answer.done)
    verdict = f"{count(len(wrong), 'thing')} not done" if wrong else "all read"
    said = {host: f"Freqtrade {short(answer.freqtrade)}, {detail(answer.image)}" for host, answer in answers.items()}
    return element(
        "header",
        element("h1", "Strategies"),
        element("p", f"{read} read, {verdict}", class_=f"verdict {'bad' if wrong else 'good'}"),
        element("dl", *(each for host, text in said.items() for each in (element("dt", host), element("dd", text)))),
    )


def _sections(answers: Mapping[str, Answer], wrong: Sequence[str]) -> Iterator[Section]:
    if wrong:
        yield "missing", "Not done", [listed(list(wrong), WHOLE)]
    yield "all", "All of them", [_overview(answers)]
    for position, (host, answer) in enumerate(answers.items(), start=1):
        for number, each in enumerate(answer.done, start=1):
            if each.strategy.is_read:
                yield f"host-{position}-{number}", f"{each.strategy.name} on {short(host)}", [*_one(each)]


def _overview(answers: Mapping[str, Answer]) -> Markup:
    """Return the table of all; what became of the rows of a registry is of one command, and not in it."""
    rows = []
    for host, answer in answers.items():
        for each in answer.done:
            shown = dict(zip(strategy_answer.HEADINGS, [host, *strategy_answer.cells(each)], strict=True))
            rows.append([NOTHING if shown[name] == strategy_answer.NOTHING else shown[name] for name in OVERVIEW])
    return table_of("What was found, and whether it could be read", OVERVIEW, rows, text=OVERVIEW[1:])


def _one(done: Done) -> Iterator[Markup]:
    strategy, facts = done.strategy, done.strategy.facts
    known = "" if facts["informative_known"] else " and those of its pairlist"
    said = {
        "File": strategy.file, "Timeframe": facts["timeframe"],
        "Other timeframes": (", ".join(facts["informative"]) or "none") + known,
        "Stop": strategy_answer.stop(facts), **{name: _said(facts[key]) for name, key in FACTS.items()},
        "Methods of its own": ", ".join(facts["callbacks"]) or "none",
    }  # fmt: skip
    if strategy.missing:
        yield element("p", element("strong", "Missing imports: "), ", ".join(strategy.missing), class_="warned")
    yield element("dl", *(each for pair in said.items() for each in _pair(*pair)))
    roi = [(f"{int(minutes):,}", f"{value:.2%}") for minutes, value in _in_order(facts["minimal_roi"])]
    if roi:
        yield _small(table_of("It takes this profit from so many minutes on", ("minutes", "profit"), roi))
    orders = [(name, element("code", _said(value))) for name, value in sorted(facts["order_types"].items())]
    yield _small(table_of("Its orders", ("order", "kind"), orders, text=("kind",)))
    if facts["protections"]:
        protections = [(_said(each.get("method")), element("code", compact(each))) for each in facts["protections"]]
        yield table_of("Its protections", ("protection", "all of it"), protections, text=("all of it",))
    if facts["parameters"]:
        rows = [_parameter(each) for each in facts["parameters"]]
        yield table_of("Its parameters", PARAMETERS, rows, text=PARAMETERS[1:])


def _small(table: Markup) -> Markup:
    return element("div", table, class_="small")


def _in_order(roi: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(roi.items(), key=lambda each: int(each[0]))


def _pair(name: str, value: str) -> tuple[Markup, Markup]:
    return element("dt", name), element("dd", detail(value))


def _parameter(each: Mapping[str, Any]) -> list[Any]:
    categories = each["categories"]
    reach = compact(categories) if categories is not None else f"{_said(each['low'])} to {_said(each['high'])}"
    shown = [element("code", detail(_said(each[name]))) for name in ("default", "value")]
    flags = [_said(each[name]) for name in ("optimize", "load")]
    return [element("code", each["name"]), each["space"], each["type"], detail(reach), *shown, *flags]


def _said(value: object) -> str:
    """Return a value in a word: text as it is, yes and no, anything else as JSON."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return strategy_answer.yes(value)
    return value if isinstance(value, str) else compact(value)
