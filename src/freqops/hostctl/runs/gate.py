"""Whether a run may begin on this host now: by breaker, drawdown, slots and load."""

from __future__ import annotations

import os
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot import layout, processes
from freqops.core.runs import breaker_gate, load_gate, registry, risk_variables, run_gate, run_id, slot_processes
from freqops.core.runs.run_gate import Question, Slots
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Full, Holder, Wanted


class NoRoom(Refused):
    """A run may not begin now, and may later."""


def ask(root: Path, kind: str, strategy: str, clock: Clock, *, force: bool) -> list[str]:
    """Return what stands in the row of a run that may begin: why a breaker or the load was passed over.

    Args:
        root: The tree of freqops.
        kind: The kind of the run.
        strategy: The class of its strategy; empty where it has none.
        clock: The source of the time.
        force: Whether the load does not matter.

    Raises:
        NoRoom: It may not begin; all reasons stand in the text.
        Refused: What decides cannot be read.
    """
    reasons: list[str] = []
    said: list[str] = []
    slot = run_id.slot_of(kind)
    try:
        said += breaker_gate.ask(root, slot, clock.utcnow())
    except Refused as refusal:
        reasons.append(str(refusal))
    else:
        reasons += _no_slot(root, slot, clock)
    reasons += _drawdown(root, kind, strategy)
    load = _load(root)
    if load and force:
        said.append(f"forced in spite of {load}")
    elif load:
        reasons.append(f"{load}; -e force=true lets it run")
    if reasons:
        raise NoRoom("; ".join(reasons))
    return said


def _no_slot(root: Path, kind: str, clock: Clock) -> list[str]:
    holder = Holder(slot_processes.this(), os.uname().nodename, "freqops")
    try:
        SlotDirectory(root, clock).look(Wanted(kind, holder))
    except Full as full:
        return [str(full)]
    return []


def _drawdown(root: Path, kind: str, strategy: str) -> list[str]:
    """Return why the last backtests of the strategy forbid another one."""
    if kind != "backtest":
        return []
    risk = risk_variables.load()
    if risk.max_backtest_drawdown is None:
        return []
    try:
        with registry.opened(registry.place(root)) as opened:
            found = opened.drawdowns(strategy, risk.backtest_drawdown_runs)
    except FreqopsError as error:
        return [f"{run_gate.DRAWDOWN}: the registry cannot be read ({error})"]
    question = Question(
        kind, strategy, override=True, max_backtest_drawdown=risk.max_backtest_drawdown, drawdowns=found,
        slots=Slots(0, None),
    )  # fmt: skip
    return [reason for reason in run_gate.judge(question).reasons if reason.startswith(run_gate.DRAWDOWN)]


def _load(root: Path) -> str:
    """Return why the load of the host forbids a run."""
    bots = [bot for bot in (_read(home) for home in layout.homes(root)) if bot is not None and bot.is_live]
    found = processes.scan()
    running = [bot.name for bot in bots if processes.trading(bot.name, found)]
    return load_gate.reason(running, os.getloadavg()[0], os.cpu_count() or 1)


def _read(home: Path) -> layout.Bot | None:
    """Return a bot; one that cannot be read counts as live."""
    try:
        return layout.load_bot(home)
    except layout.BotUnreadable:
        return layout.Bot(home.name, "live", 0, "", "", "stopped", home)
