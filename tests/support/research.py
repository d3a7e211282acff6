"""Runs on a lab host, as a test gives their orders there and looks at what they left."""

from __future__ import annotations

import json
import shlex
from typing import Any

from tests.support.field import GIVE_UP, TOOL, Field, until

RUNS = "/srv/freqops/user_data/runs"
REGISTRY = "/srv/freqops/user_data/registry/strategies_registry.sqlite"
WINDOW = {"pairs": "BTC/USDT,ETH/USDT", "timeframe": "5m", "timerange": "20260103-20260110"}
QUERY = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1])
rows.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in rows.execute(sys.argv[2], sys.argv[3:])]))
"""


class Research(Field):
    """A lab host on which runs are executed."""

    def start(self, kind: str, **inputs: Any) -> tuple[int, dict[str, Any]]:
        """Give the order of a run of what the deployed bot runs, and return the status and the answer."""
        more: dict[str, Any] = {name: inputs.pop(name) for name in ("wait", "force") if name in inputs}
        wanted: dict[str, Any] = {"kind": kind, "bot": self.bot, **WINDOW, **inputs}
        order = {"version": 1, "inputs": wanted, "actor": "test", "reason": "test", "config": {}, "files": {}, **more}
        done = self.host.run(f"{TOOL} run start", stdin=json.dumps(order), seconds=2 * GIVE_UP)
        lines = [line for line in done.out.splitlines() if line.startswith("{")]
        assert lines, done.out + done.err
        return done.rc, json.loads(lines[-1])

    def begun(self, kind: str, **inputs: Any) -> str:
        """Begin a run, and return its id."""
        rc, answer = self.start(kind, **inputs)
        assert rc == 0, answer
        return str(answer["run"])

    def end_of(self, run: str) -> dict[str, Any]:
        """Follow a run to its end, and return how it ended."""
        return self.tool(f"run follow {run} --json")[1]

    def rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        """Return what the registry of the host answers."""
        words = " ".join(map(shlex.quote, [QUERY, REGISTRY, query, *values]))
        found: list[dict[str, Any]] = json.loads(self.sh(f"python3 -c {words}"))
        return found

    def row(self, run: str) -> dict[str, Any]:
        """Return the row of a run."""
        [found] = self.rows("SELECT * FROM runs WHERE id = ?", run)
        return found

    def log(self, run: str) -> str:
        """Return the log of a run."""
        return self.sh(f"cat {RUNS}/{run}/run.log")

    def epochs(self, run: str) -> int:
        """Return how many epochs of a hyperopt are in its file."""
        return int(self.sh(f"cat {RUNS}/{run}/output/hyperopt_results/*.fthypt 2>/dev/null | wc -l"))

    def free(self, kind: str) -> bool:
        """Return whether no slot of a kind is taken."""
        return not [row for row in self.tool("slots --json")[1]["slots"] if row["kind"] == kind and row["file"]]

    def nothing_left(self, run: str) -> None:
        """Wait until nothing of a run is there but what it left behind."""
        named = f"docker ps -a --format '{{{{.Names}}}}' | grep -c {run} ; true"
        network = f"docker network ls --format '{{{{.Name}}}}' | grep -ci {run} ; true"
        until("its container is gone", lambda: self.sh(named).strip() == "0")
        assert self.sh(network).strip() == "0"
        assert self.sh(f"ls {RUNS}/{run}/under_way.json 2>/dev/null | wc -l").strip() == "0"
