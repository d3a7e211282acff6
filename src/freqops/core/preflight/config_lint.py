"""Settings of a bot that Freqtrade would silently ignore, or take for something else.

What the inventory alone shows is reported by `judge`; what only the schema of the pinned image knows is found
there, by ``validate_release.py``, and reported by `from_image`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import bot_limits
from .fleet import BOTS, DeclaredBot, Fleet
from .refusal import Refusal, VariablePath, dotted, shown
from .secrets import leaves

EXCHANGE_ONLY = ("pair_whitelist", "pair_blacklist")
STRATEGIES = "/freqops/release/strategies"
ELSEWHERE = "takes in what the release does not have"
COMMAND_LINE = "is overruled by the command line of the bot's container"
# Keys by which Freqtrade would run with more, or with something else, than the release that is judged and asked by:
# what each does, the cure, and the values with which it does nothing of the kind.
TAKEN_IN: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "add_config_files": (
        ELSEWHERE,
        "write here what they say: bots of a host share freqtrade_config, and the config of a bot is laid over it",
        (),
    ),
    "freqaimodel_path": (ELSEWHERE, f"put the model beside the strategy, and write {STRATEGIES}", (STRATEGIES,)),
    "recursive_strategy_search": (
        ELSEWHERE,
        "leave it out: strategies are in the files of strategy_dir itself; directories below it have their modules",
        (False,),
    ),
    "strategy_path": (COMMAND_LINE, "leave it out: strategies are the files of strategy_dir", ()),
    "user_data_dir": (COMMAND_LINE, "leave it out: it is /freqops/var", ()),
    "datadir": ("is ignored by Freqtrade", "leave it out: it lies below /freqops/var", ()),
    "pairs": ("replaces exchange.pair_whitelist", "write the pairs into exchange.pair_whitelist", ()),
    "log_config": (
        "may keep from the log what freqops reads there",
        "leave it out: freqops sets it, so that the log is lines of JSON in /freqops/var/logs/freqtrade.log",
        (),
    ),
}
VARIABLE = re.compile(r"\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$")
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
MARK = "freqops-lint: "
PLAIN = {"boolean": "true or false", "string": "a text", "number": "a number", "integer": "a whole number",
         "object": "a mapping", "array": "a list", "null": "nothing"}  # fmt: skip


# What the image finds in the configuration that Freqtrade built there, and in the strategy that it loaded or could not.
BUILT = {
    "environment": (
        "its image sets {names}, which Freqtrade lays over every configuration",
        "take an image that sets none of them, and write here what they say",
    ),
    "files": ("Freqtrade read other configuration files than those of the release", "take out add_config_files"),
    "elsewhere": (
        "its strategy was loaded from elsewhere than the release",
        "have its class stand in a file of strategy_dir",
    ),
    "taken_in": (
        "{where} is another one in the configuration that Freqtrade built than in the release",
        "take out what brings it in: add_config_files, or a variable of the image",
    ),
    "resolved": (
        "{where} is another one once its strategy is loaded than in the release, and freqops relies on it: {why}",
        "take out what changes it: a property or __init__ of the strategy, or another key of its configuration",
    ),
    "open": (
        "{where} has no value: a file of its strategy assigns it, and Freqtrade does not find it in the strategy",
        "write {where} into the configuration",
    ),
    "missing": (
        "{file}, line {line}: {why}",
        "add {module} to a lock file that freqtrade_packages names, or put its file beside the strategy",
    ),
    "broken": ("{file}, line {line}: {why}", "correct it there"),
    "driver": (
        "Python {python} of its image cannot load {module} of freqtrade_packages: {why}",
        "give it an image with the Python for which they are fetched, which freqtrade_python names",
    ),
    "no_gate": (
        "{names}: it acts through the entry gate, and {strategy}, as Freqtrade loaded it, has none",
        bot_limits.GATE,
    ),
    "absent": (
        "no file of strategy_dir has a class {strategy}; they have {names}",
        "name one of them as strategy, or put its file there",
    ),
}


def judge(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the mistakes in the configurations of all bots; one that bots of a host share is reported once."""
    reported = set()
    for bot in fleet.bots:
        for layer, config in bot.layers:
            for path, wrong, cure in mistakes(config):
                place = (bot.host, *layer, *path)
                if place not in reported:
                    reported.add(place)
                    yield bot.refused(f"{dotted((str(layer[-1]), *path))} {wrong}", cure, (*layer, *path))


def mistakes(config: Mapping[str, Any]) -> Iterator[tuple[VariablePath, str, str]]:
    """Yield the mistakes of one layer, or file: the place, the fault, and the cure; no value is part of them."""
    for name in EXCHANGE_ONLY:
        if name in config:
            yield (name,), "is ignored there", f"Freqtrade reads exchange.{name}: move it into exchange"
    for name, (wrong, cure, harmless) in TAKEN_IN.items():
        if name in config and config[name] not in harmless:
            yield (name,), wrong, cure
    if "protections" in config:
        yield ("protections",), "is refused by Freqtrade", "protections belong in the strategy, as a property"
    for path, value in leaves(config):
        if isinstance(value, str) and path:
            if VARIABLE.search(value):
                cure = "Freqtrade expands no variables: write the value, or have the inventory template it"
                yield path, "holds a variable that stays as it is written", cure
            elif TEMPLATE.search(value):
                cure = "write the value; where Ansible is to fill it in, it must not be marked !unsafe"
                yield path, "holds a template that is never filled in", cure


def findings(output: str) -> list[dict[str, Any]]:
    """Return the findings of ``validate_release.py``, from all that it printed."""
    lines = [line[len(MARK) :] for line in output.splitlines() if line.startswith(MARK)]
    return [finding for line in lines for finding in json.loads(line)]


def from_image(bot: DeclaredBot, found: list[dict[str, Any]]) -> list[Refusal]:
    """Return the findings in the image as refusals about a bot of the inventory.

    Args:
        bot: The bot.
        found: Findings of ``validate_release.py``: ``path``, ``kind`` and what belongs to that kind.
    """
    return [_refusal(bot, finding) for finding in found]


def _refusal(bot: DeclaredBot, finding: Mapping[str, Any]) -> Refusal:
    if finding["kind"] in BUILT:
        return _built(bot, finding)
    path = tuple(finding["path"])
    where, kind = dotted(path), finding["kind"]
    if kind == "unknown":
        wrong = f"{where} is a key that this Freqtrade does not know and ignores"
        near, elsewhere = finding.get("near"), finding.get("elsewhere")
        cure = "take it out, or list it in freqtrade_known_keys if something reads it"
        if near:
            cure = f"did you mean {near}? If something reads it as it is, list it in freqtrade_known_keys"
        if elsewhere:
            cure = f"it belongs in {' or '.join(elsewhere)}"
    elif kind == "type":
        wants = " or ".join(PLAIN.get(name, name) for name in finding["wants"])
        wrong = f"{where} is {PLAIN.get(finding['found'], finding['found'])} ({_value(bot, path)})"
        cure = f"it must be {wants}{_quotes(finding)}"
    else:
        wrong = f"{where} is {_value(bot, path)}, which this Freqtrade does not allow"
        cure = f"allowed are {', '.join(map(str, finding['allowed']))}{_quotes(finding)}"
    return bot.refused(wrong, cure, *bot.places(*path))


def _built(bot: DeclaredBot, finding: Mapping[str, Any]) -> Refusal:
    """Return a difference between the release and what Freqtrade would run with, which may be secret, as a refusal."""
    path = tuple(finding["path"])
    said = {**finding, "where": dotted(path), "names": ", ".join(finding.get("names", ())) or "none"}
    wrong, cure = (text.format(**said) for text in BUILT[finding["kind"]])
    return bot.refused(wrong, cure, *(bot.places(*path) if path else ()), (BOTS, bot.index, "strategy"))


def _quotes(finding: Mapping[str, Any]) -> str:
    """Return the advice that YAML needs: on, yes and numbers are no texts without quotes."""
    if finding["found"] == "string" and "string" not in finding.get("wants", ("string",)):
        return ", without quotes"
    if finding["found"] in ("boolean", "integer", "number") and "string" in finding.get("wants", ("string",)):
        return "; write it in quotes"
    return ""


def _value(bot: DeclaredBot, path: VariablePath) -> str:
    """Return the value at a path of the bot's configuration, which holds no secrets."""
    value: Any = bot.config
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return "not in the inventory"
    return shown(value)
