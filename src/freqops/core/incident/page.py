"""The page of an incident: one HTML file with everything that a reader needs first, and nothing from elsewhere.

It is made of the same evidence as the reports, and of it alone: equal evidence makes equal bytes. It has no script, and
its policy lets a browser load nothing. All text passes `freqops.core.base.markup.element`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.markup import Markup, element
from ..base.page_frame import Section, contents, document, section
from ..base.page_parts import count, detail, listed, on_lines, short
from .evidence import Case
from .page_style import STYLE
from .page_tables import REPORT, SIX_FIELDS, life, verdicts
from .page_timeline import timeline
from .report import command_lines, facts, verdict, when
from .six_fields import UNKNOWN, Told, agreed, fields

POLICY = Markup("default-src 'none'; style-src 'unsafe-inline'")
MISSING = "What is missing"
END = (
    f"All times are UTC, each by the clock of its host. {REPORT} beside this page has each bot before and after each "
    "command. The files of each host lie in its directory."
)


def page(case: Case, told: Told, unread: Mapping[str, str]) -> str:
    """Return the page of an incident as HTML.

    Args:
        case: Its evidence, understood.
        told: Row and events of the registry of each host that has it.
        unread: Why there is none of the others.
    """
    told, unread = dict(sorted(told.items())), dict(sorted(unread.items()))
    sections: tuple[Section, ...] = (
        ("missing", MISSING if case.problems else "Nothing is missing", _missing(case)),
        ("fields", "In six fields", _fields(case, told, unread)),
        ("verdicts", "Verdicts", verdicts(case)),
        ("commands", "Commands", [listed(command_lines(case) or ["no answer of a command is here"], REPORT)]),
        ("life", "Life of the incident", life(case, told, unread)),
        ("timeline", "Timeline", timeline(case)),
    )
    body = [
        _head(case, told),
        contents(sections),
        element("main", *on_lines(section(*each, bad=each[1] == MISSING) for each in sections)),
        element("footer", element("p", END)),
    ]
    return document(["Incident ", case.evidence.incident], body, policy=POLICY, style=STYLE)


def _head(case: Case, told: Told) -> Markup:
    known = facts(case)
    rows = {host: row for host, (row, _) in told.items()}
    level = "" if known["level"] is None else f", level {known['level']}"
    said = {
        "Commanded": (", ".join(short(name) for name in known["commands"]) or "not known") + level,
        "Reason": "not known" if known["reason"] is None else detail(known["reason"]),
        "By": "not known" if known["actor"] is None else detail(known["actor"]),
        "When": when(case),
        "Hosts": ", ".join(short(host) for host in known["hosts"]) or "none",
        "Severity": _agreed(rows, "severity"),
        "State": _agreed(rows, "state"),
        "Missing": f"{count(len(case.problems), 'thing')}, see below" if case.problems else "nothing",
    }
    return element(
        "header",
        element("h1", "Incident ", element("code", detail(case.evidence.incident))),
        element("p", verdict(case), class_=f"verdict {'good' if known['proven'] else 'bad'}"),
        element("dl", *(element(name, text) for pair in said.items() for name, text in zip(("dt", "dd"), pair))),
    )


def _agreed(rows: Mapping[str, Mapping[str, Any]], name: str) -> str:
    return "; ".join(detail(text) for text in agreed(rows, name)) or "not known"


def _missing(case: Case) -> list[Markup]:
    if not case.problems:
        return [element("p", "Every file that the incident should have is here and can be read.")]
    return [listed([f"{short(host)}: {problem}" for host, problem in case.problems], REPORT)]


def _fields(case: Case, told: Told, unread: Mapping[str, str]) -> list[Markup]:
    parts = [
        element("div", element("h3", title), listed(lines or [UNKNOWN], SIX_FIELDS))
        for title, lines in fields(case, told, unread)
    ]
    return [element("div", *parts, class_="fields")]
