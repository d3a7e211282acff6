#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_run
short_description: Run a backtest, a hyperopt, an analysis or a download on the hosts, and follow it to its end
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host run start), which begins the run in a unit of systemd,
    and C(freqops-host run follow), which tells how far it is.
  - A run goes on where the connection or the control node is lost. O(run) attaches to it again.
  - Fails unless each run finished, and the registry of its host says so; and unless each strategy passed its analysis.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  kind:
    description: The kind of the run.
    type: str
    required: true
    choices: [backtest, hyperopt, download, lookahead_analysis, recursive_analysis]
  run:
    description: The id of a run that goes on, or is over, to be followed instead of beginning one.
    type: str
  strategy:
    description: The class of the strategy. Not with O(bot).
    type: str
  strategy_dir:
    description: Directory of the control node with the files of the strategy; by default that of freqops.
    type: str
  bot:
    description: The bot of the host whose image, release and configuration are used, as they run now.
    type: str
  timerange:
    description: The window of the data, like V(20240101-20240201); one end may be open.
    type: str
  timeframe:
    description: The timeframe; that of the strategy where it is empty.
    type: str
  timeframes:
    description: Of a download, the timeframes, separated by commas.
    type: str
  pairs:
    description: The pairs, separated by commas; those of the configuration where it is empty.
    type: str
  spaces:
    description: Of a hyperopt, the spaces, separated by commas.
    type: str
  epochs:
    description: Of a hyperopt, the number of its epochs; 100 where it is empty.
    type: str
  loss:
    description: Of a hyperopt, the class of its loss function; C(SharpeHyperOptLossDaily) where it is empty.
    type: str
  seed:
    description: Of a hyperopt, its random state; drawn, and kept in the row, where it is empty.
    type: str
  jobs:
    description: Of a hyperopt, the processes that search; one less than the host has processors where it is empty.
    type: str
  wallet:
    description: What the simulated wallet has at first; that of the configuration where it is empty.
    type: str
  fee:
    description: The fee of each order as a fraction; that of the exchange where it is empty.
    type: str
  least_trades:
    description: Of a look-ahead analysis, the trades below which nothing is judged; 10 where it is empty.
    type: str
  trades:
    description: Of a look-ahead analysis, the trades that are looked at; 20 where it is empty.
    type: str
  startup_candles:
    description:
      - Of a recursive analysis, numbers of startup candles, separated by commas; 199,399,499,999,1999 where it is
        empty. That of the strategy is always among them.
    type: str
  most_variance:
    description:
      - Of a recursive analysis, by how many percent an indicator may differ with the startup candles of the strategy;
        0.1 where it is empty.
    type: str
  memory:
    description: The most memory that the container of the run gets.
    type: str
  wait:
    description: Seconds to try again where the breaker, the slots or the load leave no room for the run.
    type: str
  force:
    description: Whether it begins beside live bots whatever the load of the host is; the row of the run says so.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Test a strategy on the candles of January
  freqops_run:
    kind: backtest
    strategy: MaCrossoverStrategy
    pairs: BTC/USDT,ETH/USDT
    timerange: 20240101-20240201
"""

RETURN = r"""
begun:
  description: The id of the run of each host.
  returned: unless refused
  type: dict
runs:
  description: How the run of each host ended, with its C(row) in the registry and its C(metrics).
  returned: where all finished
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

KINDS = ["backtest", "hyperopt", "download", "lookahead_analysis", "recursive_analysis"]
ARGUMENT_SPEC = {
    "kind": {"type": "str", "required": True, "choices": KINDS},
    "run": {"type": "str"},
    "strategy": {"type": "str"},
    "strategy_dir": {"type": "str"},
    "bot": {"type": "str"},
    "timerange": {"type": "str"},
    "timeframe": {"type": "str"},
    "timeframes": {"type": "str"},
    "pairs": {"type": "str"},
    "spaces": {"type": "str"},
    "epochs": {"type": "str"},
    "loss": {"type": "str"},
    "seed": {"type": "str"},
    "jobs": {"type": "str"},
    "wallet": {"type": "str"},
    "fee": {"type": "str"},
    **{name: {"type": "str"} for name in ("least_trades", "trades", "startup_candles", "most_variance")},
    "memory": {"type": "str"},
    "wait": {"type": "str"},
    "force": {"type": "bool", "default": False},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_run")


if __name__ == "__main__":
    main()
