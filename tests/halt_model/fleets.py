"""Random fleets of stub bots: what ails each of them, and what is really so of it afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from freqops.core.bot import processes
from tests.halt_model.container import Container
from tests.halt_model.host import ModelHost
from tests.halt_model.stage import Crew
from tests.unit.core.halt.model import Habits
from tests.unit.fakes import order

LARGEST = 6
HUNDRED = 100
LEVELS = (1, 2, 3)
WARM_UP = 8.0
AFTERWARDS = 60.0
DEADLINE = 12.0

Ail = Callable[[ModelHost, Container], None]


def faulty(**faults: Any) -> Ail:
    """Return what gives a bot these faults."""
    return lambda _host, container: setattr(container, "faults", replace(container.faults, **faults))


def hang_the_loop(_host: ModelHost, container: Container) -> None:
    container.bot.hang()


def freeze(_host: ModelHost, container: Container) -> None:
    container.bot.hang()
    container.faults = replace(container.faults, api="hang", dies="kill")


def stop_the_trader(_host: ModelHost, container: Container) -> None:
    container.bot.state = "stopped"


def end(_host: ModelHost, container: Container) -> None:
    container.on_purpose = True
    container.bot.die()


def reboot(_host: ModelHost, container: Container) -> None:
    container.lose_power()


def lose_the_database(_host: ModelHost, container: Container) -> None:
    container.bot.database = False


def lose_the_secrets(_host: ModelHost, container: Container) -> None:
    (container.home / "conf" / "secrets.json").unlink()


def spoil_the_declaration(_host: ModelHost, container: Container) -> None:
    (container.home / "bot.json").write_text("{")


def spoil_the_holds(_host: ModelHost, container: Container) -> None:
    (container.home / "conf" / "holds.json").write_text('{"version": 1')


def fill_the_disk(host: ModelHost, container: Container) -> None:
    host.full.add(container.home)


def rests(cancels: str) -> Ail:
    """Return what gives a bot an entry order that rests, whoever cancels it."""

    def rest(_host: ModelHost, container: Container) -> None:
        container.habits.fills = container.habits.replaces = False
        container.bot.trades[99] = [order("buy", is_open=False), order("buy")]
        container.faults = replace(container.faults, cancels=cancels)

    return rest


AILMENTS: dict[str, Ail] = {
    "hangs": faulty(api="hang"),
    "refuses": faulty(api="refuse"),
    "refuses the password": faulty(api="401"),
    "answers 500": faulty(api="500"),
    "answers no json": faulty(api="no json"),
    "answers another shape": faulty(api="another shape"),
    "answers a bare 502": faulty(api="a bare 502"),
    "is another bot": faulty(api="another bot"),
    "pauses without effect": faulty(pauses=False),
    "locks nothing": faulty(locks="vanish"),
    "locks until yesterday": faulty(locks="end"),
    "keeps an entry": rests("stay"),
    "refuses to cancel an entry": rests("stay refused"),
    "exits nothing": faulty(exits="stay"),
    "refuses to exit": faulty(exits="stay refused"),
    "does not come round": hang_the_loop,
    "is frozen": freeze,
    "ends by a kill alone": faulty(dies="kill"),
    "does not end": faulty(dies="nothing"),
    "has no engine": faulty(engine=False),
    "runs twice": faulty(second=True),
    "is stopped": stop_the_trader,
    "has ended": end,
    "boots": reboot,
    "has no database": lose_the_database,
    "has no secrets": lose_the_secrets,
    "has no declaration": spoil_the_declaration,
    "has torn holds": spoil_the_holds,
    "has a full disk": fill_the_disk,
}
HEALTHY = "is healthy"


@dataclass
class Fleet:
    """One fleet, halted once.

    Attributes:
        level: The level.
        ailments: What ails each bot.
        crew: The command.
        answer: What it said.
    """

    level: int
    ailments: dict[str, str] = field(default_factory=dict)
    crew: Crew | None = None
    answer: dict[str, Any] = field(default_factory=dict)


def patients(seed: int, number: int) -> list[tuple[str, int]]:
    """Return an ailment and a level that the fleet of this number must have, none for some.

    So every hundred fleets have each ailment at each level, besides what chance gives them.
    """
    pairs = [(ailment, level) for ailment in sorted(AILMENTS) for level in LEVELS]
    random.Random(seed).shuffle(pairs)  # noqa: S311  a fleet must be repeatable
    return pairs[number % HUNDRED : number % HUNDRED + 1]


def fleet(host: ModelHost, seed: int, number: int) -> Fleet:
    """Set up a fleet on ``host``, any share of it faulty, let it live, and halt it."""
    dice = random.Random(seed + number)  # noqa: S311  as above
    wanted = patients(seed, number)
    drawn = Fleet(wanted[0][1] if wanted else dice.choice(LEVELS))
    share = dice.choice([0.0, 0.2, 0.5, 1.0])
    for each in range(dice.randint(1, LARGEST)):
        name = f"bot-{each}"
        drawn.ailments[name] = dice.choice(sorted(AILMENTS)) if dice.random() < share else HEALTHY
        host.add(name, _habits(dice))
    for ailment, _ in wanted:
        drawn.ailments[dice.choice(sorted(drawn.ailments))] = ailment
    host.sleep(WARM_UP)
    for name, ailment in drawn.ailments.items():
        if ailment != HEALTHY:
            AILMENTS[ailment](host, host.containers[name])
    host.sleep(dice.uniform(0, 2))
    words = [f"--level={drawn.level}", f"--deadline={DEADLINE:.0f}", "--reason=why", "--incident=one", "--json"]
    drawn.crew = host.run("halt", *words)
    drawn.answer = drawn.crew.answers[-1]
    return drawn


def _habits(dice: random.Random) -> Habits:
    return Habits(
        boot=dice.choice([0.2, 1.0]), prepare=dice.choice([0.1, 0.5]), per_pair=0.1, pairs=1,
        ordering=dice.choice([0.0, 1.5, 1.5]),
        throttle=dice.choice([0.5, 1.0]), increases=dice.random() < 0.5, replaces=dice.random() < 0.5,
        fills=dice.random() < 0.9, slots=3,
        sells=dice.random() < 0.9,
    )  # fmt: skip


def untrue_later(host: ModelHost, fleet: Fleet) -> list[str]:
    """Return what a proven bot does afterwards that it should not, with nobody touching anything."""
    proven = [row for row in fleet.answer["bots"] if row["proven"]]
    entered = {row["bot"]: len(host.containers[row["bot"]].bot.entered) for row in proven}
    host.sleep(AFTERWARDS)
    found = []
    for row in proven:
        container = host.containers[row["bot"]]
        if len(container.bot.entered) != entered[row["bot"]]:
            found.append(f"{row['bot']} entered afterwards")
        if container.trading or (row["level"] == 3 and processes.trading(row["bot"], container.processes)):
            found.append(f"{row['bot']} trades afterwards: {container.phase} {container.bot.state}")
    return found
