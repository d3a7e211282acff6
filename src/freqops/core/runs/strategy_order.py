"""The order to read strategies, as the control node sends it to a host: those of a bot, or files with an image."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible
from ..bot.layout import BOT_NAME
from .run_inputs import CLASS
from .run_order import DIGEST, MARK, VERSION, files_of, text_of

MOST, SHOWN = 200, 60


@dataclass(frozen=True)
class StrategyOrder:
    """The order to read strategies.

    Attributes:
        classes: The classes that are wanted; none for all.
        bot: The bot of which they are; empty where they are brought.
        files: The files that are brought, by the path below the input.
        image: The image, by digest, where no bot has it.
        packages: The mark of the packages that are added to the image; empty for none.
    """

    classes: tuple[str, ...] = ()
    bot: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    image: str = ""
    packages: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the order as `parsed` reads it."""
        return {
            "version": VERSION, "classes": list(self.classes), "bot": self.bot, "image": self.image,
            "packages": self.packages,
            "files": {name: base64.b64encode(content).decode() for name, content in self.files.items()},
        }  # fmt: skip


def parsed(document: Any) -> StrategyOrder:
    """Return the order that a document is.

    Raises:
        Refused: It is none; the text says what is wrong with it.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Refused(f"it is no order to read strategies of version {VERSION}")
    named = document.get("classes")
    if not isinstance(named, list):
        raise Refused("the order names no classes, and not that all are wanted")
    order = StrategyOrder(
        classes=classes(named),
        bot=text_of(document, "bot", BOT_NAME),
        files=files_of(document.get("files")),
        image=text_of(document, "image", DIGEST),
        packages=text_of(document, "packages", MARK),
    )
    if order.bot and (order.files or order.image or order.packages):
        raise Refused("the order names a bot, and brings what that has itself")
    if not order.bot and not order.image:
        raise Refused("the order names neither a bot nor an image by its digest")
    if not order.bot and not any(name.startswith("strategies/") for name in order.files):
        raise Refused("the order has no files of a strategy")
    return order


def classes(named: Sequence[Any]) -> tuple[str, ...]:
    """Return the classes that are named, each once.

    Raises:
        Refused: One is none, is named twice, or they are too many.
    """
    for name in named:
        if not isinstance(name, str) or not CLASS.fullmatch(name):
            raise Refused(f"strategy is '{visible(str(name), SHOWN)}'; allowed: names of classes, with commas between")
    if len(named) > MOST or len(set(named)) != len(named):
        raise Refused(f"strategy has {len(named)} names; allowed: at most {MOST}, none of them twice")
    return tuple(named)
