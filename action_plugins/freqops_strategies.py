# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the strategies of all hosts of the play at once, read, written to their registries, and made a page of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.runs import strategy_answer, strategy_order
from freqops.core.runs.strategy_answer import Answer
from freqops.plays import brought_files, mandate, run_pages, run_source
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show

PATIENCE = 2400.0  # an image may have to be pulled first, and strategies that never end take their time
LOOKED = "NOTHING WRITTEN: this was a check"


class ActionModule(FleetAction):
    """See library/freqops_strategies.py."""

    def act(self) -> dict[str, Any]:
        """Have all hosts read them, show what they are, and fail unless each was read and its row says so."""
        hosts = list(self.variables["ansible_play_hosts_all"])
        named = [name.strip() for name in str(self.argument("strategy", "")).split(",") if name.strip()]
        orders, wrong = self._orders(hosts, named)
        look = ["--look"] if self._task.check_mode else []
        read = partial(strategy_answer.of, wanted=named, look=bool(look))
        words = ["strategies", "--json", f"--actor={mandate.actor()}", *look]
        said = self.ask(dict.fromkeys(hosts, words), PATIENCE, read, orders)
        answers = {each.host: read(each.document) for each in said if each.document is not None}
        wrong += [f"{each.host}: {each.error}" for each in said if each.document is None]
        wrong += [f"{host}: {text}" for host, answer in answers.items() for text in answer.problems]
        pages = self._pages(answers, wrong)
        others = [f"{host}: in the registry, and not among these: {', '.join(answer.others)}"
                  for host, answer in answers.items() if answer.others]  # fmt: skip
        show(["", *strategy_answer.table(answers)], BAD if wrong else GOOD)
        show(others, WARNING)
        show([f"NOT DONE {text}" for text in wrong], BAD)
        show([LOOKED] if look else [f"page: {path}" for path in pages], WARNING if look else GOOD)
        judged: dict[str, Any] = {
            "changed": any(answer.changed for answer in answers.values()),
            "strategies": {host: [each.to_json() for each in answer.done] for host, answer in answers.items()},
            "pages": pages,
        }
        return {**judged, "failed": True, "msg": f"NOT ALL DONE: {'; '.join(wrong)}"} if wrong else judged

    def _orders(self, hosts: Sequence[str], named: Sequence[str]) -> tuple[dict[str, bytes], list[str]]:
        """Return the order for each host, and why strategies would run without what lies beside them.

        Raises:
            Refused: There is none for one of them.
        """
        bot, directory = str(self.argument("bot", "")), str(self.argument("strategy_dir", ""))
        if bot and directory:
            raise Refused("a bot has its strategies itself: give either bot or strategy_dir")
        if bot and not layout.BOT_NAME.fullmatch(bot):
            raise Refused("bot is not the name of one")
        orders, wrong = dict[str, bytes](), dict[str, None]()
        for host in hosts:
            try:
                classes = strategy_order.classes(named)
                order, unusable = run_source.to_read(self.hostvars[host], bot, classes, directory)
            except Refused as refusal:
                raise Refused(f"{host}: {refusal}") from None
            orders[host] = json.dumps(order.to_json()).encode()
            wrong |= dict.fromkeys(unusable)
        return orders, list(wrong)

    def _pages(self, answers: Mapping[str, Answer], wrong: list[str]) -> list[str]:
        """Write the page, and return where it is; why it could not be written is one more thing that is wrong."""
        if self._task.check_mode or not answers:
            return []
        try:
            place = brought_files.resolved(str(self.argument("output", run_pages.DIRECTORY)), None)
            return [str(path) for path in run_pages.of_strategies(place, answers, wrong)]
        except (NotProven, OSError) as error:
            wrong.append(f"the page was not written: {error}")
            return []
