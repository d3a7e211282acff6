"""How a run ended: decided from what it left behind and from how its container ended, never from its log alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..base.visible import visible
from .analysis_verdict import Verdict
from .registry_schema import FINISHED

FAILED, STOPPED = "failed", "stopped"
KILLED = 137  # as the engine has it for SIGKILL
LONGEST = 300
OUTER = re.compile(r"^\S*(?:Error|Exception|Exit|Interrupt)\b.*")  # the last line of a traceback
LOGGED = re.compile(r"\b(?:ERROR|CRITICAL)\b(?: -)? *(.*)")
IMPORT = re.compile(r"Could not import \S+ due to '(.*)'")
SKIPPED = re.compile(r"\b([0-9]{1,6}) epochs? skipped due to duplicate parameters")
NO_WORD = "it said nothing of an error"


@dataclass(frozen=True)
class Left:
    """What a run left behind, and how its container ended.

    Attributes:
        kind: The kind of the run.
        exit_status: The exit status of its container; None where that is not known.
        out_of_memory: Whether the engine says that it was killed for memory.
        cancelled: Who cancelled it and why; empty where nobody did.
        interrupted: Why the host ended it; empty where it did not.
        unreadable: Why its result cannot be read; empty where it can, or where there is none.
        results: The results that it left: archives of a backtest, files of a hyperopt, an analysis or of candles.
        trades: Of a backtest: its trades; None where there is no result.
        missing: The data that it needed and that is not there, each in words.
        epochs: Of a hyperopt: the epochs that it left whole.
        wanted: Of a hyperopt: the epochs that were asked for.
        verdict: Of an analysis: the verdict on what it left; None where that is not there.
        log: The last lines of its log.
    """

    kind: str
    exit_status: int | None = None
    out_of_memory: bool = False
    cancelled: str = ""
    interrupted: str = ""
    unreadable: str = ""
    results: int = 0
    trades: int | None = None
    missing: Sequence[str] = ()
    epochs: int = 0
    wanted: int = 0
    verdict: Verdict | None = None
    log: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class End:
    """The end of a run.

    Attributes:
        status: ``finished``, ``failed`` or ``stopped``.
        reason: The reason in one line; empty where it finished and there is nothing to say.
    """

    status: str
    reason: str = ""


def decide(left: Left) -> End:
    """Return how a run ended."""
    if left.cancelled and not left.out_of_memory:
        return End(STOPPED, _line(f"cancelled by {left.cancelled}{_so_far(left)}"))
    why = _unfinished(left)
    return _failed(why) if why else JUDGES[left.kind](left)


def _unfinished(left: Left) -> str:
    """Return why a run did not come to its end; empty where it did, as far as its container says."""
    if left.out_of_memory:
        return "it was killed for memory: give it more with -e memory=…"
    if left.interrupted:
        return f"{left.interrupted}{_so_far(left)}"
    if left.exit_status == KILLED:
        return "it was killed (137): for memory, or by hand; give it more with -e memory=…"
    if left.exit_status is None:
        return "nobody saw its end"
    if left.exit_status != 0:
        return f"Freqtrade ended with {left.exit_status}: {error_in(left.log)}"
    return f"its result cannot be read: {left.unreadable}" if left.unreadable else ""


def error_in(log: Sequence[str]) -> str:
    """Return what a log says last of an error, for a person; it decides nothing."""
    for pattern in (OUTER, LOGGED):
        for line in reversed(log):
            found = pattern.search(line)
            if found:
                return visible(" ".join(found[found.lastindex or 0].split()) + _not_imported(log), LONGEST)
    return NO_WORD


def _not_imported(log: Sequence[str]) -> str:
    """Return why a file of a strategy could not be imported, which Freqtrade says before its error."""
    found = next((found[1] for line in reversed(log) if (found := IMPORT.search(line))), "")
    return f" ({found})" if found else ""


def _backtest(left: Left) -> End:
    if left.results != 1 or left.trades is None:
        return _failed(f"Freqtrade ended with 0 and left {left.results or 'no'} results: {error_in(left.log)}")
    if left.missing and not left.trades:
        return _failed(f"no trade, and data is missing: {', '.join(left.missing)}")
    return End(FINISHED, _line(f"without data: {', '.join(left.missing)}") if left.missing else "")


def _hyperopt(left: Left) -> End:
    if left.results != 1 or not left.epochs:
        return _failed(f"Freqtrade ended with 0 and left no epoch: {error_in(left.log)}")
    skipped = sum(int(found[1]) for line in left.log if (found := SKIPPED.search(line)))
    if left.epochs + skipped < left.wanted:
        return _failed(f"Freqtrade ended with 0 after {left.epochs} of {left.wanted} epochs, and nobody cancelled it")
    if left.epochs < left.wanted:
        return End(FINISHED, f"{left.epochs} of {left.wanted} epochs: the others would have been the same again")
    return End(FINISHED)


def _download(left: Left) -> End:
    if left.missing:
        return _failed(f"nothing was downloaded of {', '.join(left.missing)}: {error_in(left.log)}")
    return End(FINISHED) if left.results else _failed(f"it left no candles: {error_in(left.log)}")


def _analysis(left: Left) -> End:
    if left.results != 1 or left.verdict is None:
        return _failed(f"Freqtrade ended with 0 and left no result: {error_in(left.log)}")
    without = f"; without data: {', '.join(left.missing)}" if left.missing else ""
    if left.verdict.not_judged:
        return _failed(f"not judged: {left.verdict.not_judged}{without}")
    return End(FINISHED, _line(f"{left.verdict.said}{without}"))


JUDGES = {
    "backtest": _backtest, "hyperopt": _hyperopt, "download": _download,
    "lookahead_analysis": _analysis, "recursive_analysis": _analysis,
}  # fmt: skip


def _so_far(left: Left) -> str:
    return f", after {left.epochs} of {left.wanted} epochs" if left.kind == "hyperopt" else ""


def _failed(reason: str) -> End:
    return End(FAILED, _line(reason))


def _line(text: str) -> str:
    return visible(" ".join(text.split()), LONGEST)
