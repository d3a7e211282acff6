"""What a line of log costs a bot: as lines of JSON, beside Freqtrade's own format, in the same container.

Run it on a lab that is deployed: ``.venv/bin/python -m bench.bot_logs [lines]``. Freqtrade of the bot's image sets its
logging up as it does for the bot, once with the ``log_config`` of its release and once without, to a file in both
cases. It prints the microseconds of processor of a line, their ratio, and how much of a core the difference is at the
pace at which the bot wrote lines in its last file.
"""

from __future__ import annotations

import json
import sys

from freqops.core.base.text_table import table
from tests.support.field import Field

BOT, LINES = ("paper-1", "alpha"), 20_000
IN_THE_CONTAINER = """
import copy, json, logging, os, resource, sys, tempfile
from freqtrade.loggers import setup_logging, setup_logging_pre

lines, whole = int(sys.argv[1]), json.load(open("/freqops/release/config.json"))

def measured(log_config):
    read, write = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        place = os.path.join(tempfile.mkdtemp(), "bot.log")
        config = {"verbosity": 0, "logfile": place}
        if log_config is not None:
            config["log_config"] = copy.deepcopy(log_config)
            config["log_config"]["handlers"]["file"]["filename"] = place
        setup_logging_pre()
        setup_logging(config)
        logger = logging.getLogger("freqtrade.worker")
        before = resource.getrusage(resource.RUSAGE_SELF)
        for number in range(lines):
            logger.info("Bot heartbeat. PID=1, version='2026.9', state='RUNNING', round=%s", number)
        after = resource.getrusage(resource.RUSAGE_SELF)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert sum(1 for _ in open(place)) >= min(lines, 1000), "the lines did not reach the file"
        os.write(write, str(spent / lines * 1e6).encode())
        os._exit(0)
    os.close(write)
    os.wait()
    return float(os.read(read, 100))

formats = {"usual": None, "json": whole["log_config"]}
json.dump({name: [measured(how) for _ in range(3)] for name, how in formats.items()}, sys.stdout)
"""
PACE = """
import json
from datetime import datetime
lines = [json.loads(line) for line in open("/srv/freqops/bots/alpha/var/logs/freqtrade.log")]
spent = datetime.fromisoformat(lines[-1]["ts"]) - datetime.fromisoformat(lines[0]["ts"])
answer = [len(lines), spent.total_seconds()]
"""


def main() -> int:
    """Measure, and print the table."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    field = Field(*BOT)
    asked = f"docker exec --interactive freqops-{field.bot} python3 - {lines}"
    said = json.loads(field.host.run(f"sudo {asked}", stdin=IN_THE_CONTAINER).out.splitlines()[-1])
    usual, ours = (min(said[name]) for name in ("usual", "json"))
    count, seconds = field.ask(PACE)
    rows = [["Freqtrade's own", f"{usual:.1f}", "1.00"], ["JSON", f"{ours:.1f}", f"{ours / usual:.2f}"]]
    sys.stdout.write(table(("format", "µs of processor for a line", "ratio"), rows))
    share = (ours - usual) * 1e-6 * count / seconds
    sys.stdout.write(f"\nthis bot wrote {count} lines in {seconds:.0f} s: the difference is {share:.6%} of a core\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
