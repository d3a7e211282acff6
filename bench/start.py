"""What each start of ``freqops-host`` costs in processor time, beside a bare ``python3 -I``, in the same run.

Run it on a lab with a deployed bot: ``.venv/bin/python -m bench.start [rounds]``. A halt is measured to its first line:
the command is built once more, with a halt that ends there, and without the fork into a session of its own. The gate
becomes ``/bin/true``. What runs in the bot's image is compared with a bare Python of that image.
"""

from __future__ import annotations

import base64
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from freqops.core.base.text_table import table
from freqops.core.deploy.zipapp import build
from tests.support.field import Field

ROUNDS = 25
SOURCE = Path(__file__).resolve().parents[1] / "src" / "freqops"
TOOL, TO_FIRST_LINE = "/usr/local/bin/freqops-host", "/root/freqops-host-to-first-line"
IN_IMAGE = "/freqops/conf/freqops-host"
BARE = ["python3", "-I", "-c", "pass"]
MEASURE = """
import json, os, statistics, subprocess, sys
rounds, commands = json.load(sys.stdin)
taken = {name: [] for name in commands}
for _ in range(rounds):
    for name, argv in commands.items():
        if os.path.exists("/freqops/var/starts.json"):
            os.unlink("/freqops/var/starts.json")
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{argv} ended with {status}")
        taken[name].append(used.ru_utime + used.ru_stime)
print(json.dumps({name: statistics.median(seconds) for name, seconds in taken.items()}))
"""


def to_first_line() -> bytes:
    """Return the command with a halt that ends at its first line."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "freqops"
        shutil.copytree(SOURCE, copy)
        path = copy / "hostctl" / "commands" / "halt.py"
        text = path.read_text().replace("IN_SESSION = True", "IN_SESSION = False")
        head, line, rest = text.partition("    clock = Clock()\n")
        path.write_text(f"{head}    os._exit(0)\n{line}{rest}")
        return build(copy)


def measured(field: Field, where: str, rounds: int, commands: dict[str, list[str]]) -> dict[str, float]:
    """Run commands in turn, a number of times, and return the median of each in seconds of processor."""
    done = field.host.run(f"{where} python3 -c {shlex.quote(MEASURE)}", stdin=json.dumps([rounds, commands]))
    if done.rc != 0:
        raise SystemExit(done.err or done.out)
    found: dict[str, float] = json.loads(done.out)
    return found


def main() -> int:
    """Measure, and print a table; each group's first row is what its others are compared with."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    field = Field()
    field.ready()
    tool = base64.b64encode(to_first_line()).decode()
    done = field.host.run(f"base64 --decode | sudo install -m 0755 /dev/stdin {TO_FIRST_LINE}", stdin=tool)
    if done.rc != 0:
        raise SystemExit(done.err)
    field.sh(f"{TO_FIRST_LINE} compile")
    halt = [TO_FIRST_LINE, "halt", "--level", "1", "--reason", "bench"]
    on_host = {
        "host: python3 -I": BARE,
        "reassert, nothing held": [TOOL, "reassert"],
        "halt, to its first line": halt,
    }
    image = field.ask("answer = bot.image")
    gate = (
        f"sudo docker run --rm --interactive --network none --user 1000 --tmpfs /freqops/var:mode=1777 "
        f"--volume /srv/freqops/bots/{field.bot}/conf:/freqops/conf:ro --entrypoint env {image}"
    )
    in_image = {"image: python3 -I": BARE, "gate, nothing held": ["python3", IN_IMAGE, "gate", "--", "/bin/true"]}
    in_bot = {"bot: python3 -I": BARE, "probe, healthy": ["python3", IN_IMAGE, "probe"]}
    rows = []
    for where, commands in (
        ("sudo", on_host),
        (gate, in_image),
        (f"sudo docker exec --interactive freqops-{field.bot}", in_bot),
    ):
        found = measured(field, where, rounds, commands)
        bare = next(iter(found.values()))
        rows += [[name, f"{1000 * taken:.1f}", f"{taken / bare:.2f}"] for name, taken in found.items()]
    field.sh(f"rm {TO_FIRST_LINE}")
    sys.stdout.write(table(("start", "ms of processor", "ratio"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
