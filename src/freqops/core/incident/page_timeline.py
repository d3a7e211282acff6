"""The timeline of the page of an incident: its journals in one table, with what is missing from it and left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..base.markup import Markup, element, joined
from ..base.page_parts import NOTHING, count, detail, listed, on_lines, short, since, time_of, words
from ..base.visible import visible
from .evidence import Case
from .journal_lines import ANSWER, ERROR, NAME
from .report import span
from .timeline import (
    ACTS,
    FAILED,
    PLACES,
    LeftOut,
    Line,
    Step,
    back_in_time,
    cut_short,
    merged,
    path_of,
    shown,
)

FILES = 3  # named in one place where entries are left out
COLUMNS = (
    ("time", "time"), ("since", "since the beginning"), ("host", "host"), ("bot", "bot"), ("command", "command"),
    ("kind", "kind"), ("what", "what"), ("answer", "answer"),
)  # fmt: skip
KINDS = {"question": "ask"}


def timeline(case: Case) -> list[Markup]:
    """Return the section of the timeline."""
    steps = merged(case, span(case)[0])
    lines = shown(steps)
    left = [line for line in lines if isinstance(line, LeftOut)]
    hosts = {journal.host for journal in case.journals}
    counts = [count(len(steps), "entry"), count(len(case.journals), "journal"), count(len(hosts), "host")]
    parts = [element("p", " of ".join(counts), ", merged by time.", "" if left else " All of them are shown.")]
    parts += [*_warnings(case), *_left_out(left)]
    if not steps:
        return parts
    table = element(
        "table",
        element("caption", "What was asked, done and noted, and what was answered"),
        element("colgroup", *(element("col", class_=f"c-{key}") for key, _ in COLUMNS)),
        element("thead", element("tr", *(element("th", heading, scope="col") for _, heading in COLUMNS))),
        *on_lines(_days(lines)),
        class_="timeline",
    )
    return [*parts, table]


def _warnings(case: Case) -> list[Markup]:
    """Return what a reader must know first: whose part is missing or cut, and whose clock was set back."""
    said = []
    for host, why in sorted(case.evidence.unfetched.items()):
        copied = "only what was copied before is here" if case.evidence.files.get(host) else "nothing of it is here"
        said.append(f"NOT FETCHED: {short(host)}: {copied}: {detail(why)}")
    said += [f"{path}: {'; '.join(reasons)}" for path, reasons in sorted(cut_short(case).items())]
    for journal in case.journals:
        back = back_in_time(journal)
        said += [f"CLOCK SET BACK {count(back, 'time')} in {path_of(journal)}"] if back else []
    return [element("div", listed(said, "What is missing in report.md"), class_="warned")] if said else []


def _left_out(left: Sequence[LeftOut]) -> list[Markup]:
    """Return how many entries are left out of the page, and which files have them."""
    if not left:
        return []
    counts: dict[str, int] = {}
    for each in left:
        for path, number in each.files.items():
            counts[path] = counts.get(path, 0) + number
    text = (
        f"{count(sum(counts.values()), 'entry')} LEFT OUT of this page, {sum(each.failed for each in left):,} of them "
        f"FAILED. Shown are the first and the last, {PLACES:,} together, of those that failed {FAILED:,} at most, and "
        f"{ACTS:,} acts."
    )
    files = [f"{number:,} of them in {detail(path)}" for path, number in sorted(counts.items())]
    said = [element("p", element("strong", text)), listed(files, "the journals in the directory of each host")]
    return [element("div", *said, class_="warned")]


def _days(lines: Iterable[Line]) -> Iterator[Markup]:
    """Yield a part of the table for each day, under its date."""
    day, rows = "", list[Markup]()
    for line in lines:
        at = line.entry.at if isinstance(line, Step) else None
        if at is not None and f"{at.date()}" != day:
            if rows:
                yield element("tbody", *on_lines(rows))
            day = f"{at.date()}"
            heading = element("th", element("time", day, datetime=day), scope="rowgroup", colspan=len(COLUMNS))
            rows = [element("tr", heading, class_="day")]
        rows += _rows(line)
    if rows:
        yield element("tbody", *on_lines(rows))


def _rows(line: Line) -> Iterator[Markup]:
    if isinstance(line, LeftOut):
        yield _wide(_left_out_here(line), "between")
        return
    if line.gap is not None:
        yield _wide(f"{words(line.gap)} without an entry", "between")
    yield _entry(line)
    if line.ends:
        who = f"{short(line.journal.label)} of {short(line.journal.bot)} on {short(line.journal.host)}"
        yield _wide(f"{who}: {'; '.join(line.ends)}", "cut")


def _wide(text: str, kind: str) -> Markup:
    return element("tr", element("td", text, colspan=len(COLUMNS)), class_=kind)


def _left_out_here(line: LeftOut) -> str:
    files = [f"{detail(path)} ({number:,})" for path, number in line.files.items()]
    more = f" and {count(len(files) - FILES, 'more file')}" if len(files) > FILES else ""
    failed = f", {line.failed:,} of them FAILED" if line.failed else ""
    gap = f"; at most {words(line.gap)} without an entry" if line.gap is not None else ""
    return f"{count(len(line.steps), 'entry')} LEFT OUT{failed}: in {', '.join(files[:FILES])}{more}{gap}"


def _entry(step: Step) -> Markup:
    entry, journal = step.entry, step.journal
    time = "not known" if entry.at is None else time_of(entry.at)
    after = NOTHING if step.since is None else since(step.since)
    kind = KINDS.get(entry.kind) or visible(entry.kind, NAME)
    what = f"{visible(entry.to, NAME)}: {visible(entry.what, NAME)}"
    answer = NOTHING if entry.answer is None else visible(entry.answer, ANSWER)
    said = [element("strong", "FAILED: "), visible(entry.error, ERROR)] if step.failed else [answer]
    took = "" if entry.took is None else element("span", f" (took {entry.took:.2f} s)", class_="faint")
    names = [short(name) for name in (journal.host, journal.bot, journal.label.partition("-")[0])]
    others = [element("td", value) for value in (after, *names, kind, what, joined([*said, took]))]
    mark = " bad" if step.failed else " act" if entry.kind == "act" else ""
    return element("tr", element("th", time, scope="row"), *others, class_=f"entry{mark}")
