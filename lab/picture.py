"""`python -m lab.picture`: the picture of the README, a halt of the lab's bots as it is on a terminal.

The lab is up and deployed, and its bots have positions. The halt is real, and is resumed afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from lab.base.paths import BIN, INVENTORY, ROOT

PICTURE = ROOT / "docs" / "halt.svg"
REASON = "feed is wrong"
TYPED = f"$ FREQOPS_REASON='{REASON}' ansible-playbook playbooks/killswitch.yml -e level=1"
OF_ANSIBLE = re.compile(r"^(PLAY|TASK|ok:|changed:|included:|\S+ +: ok=|$)")
RESUMED = re.compile(r"-e bots=(\S+) -e incident=(\S+)")
WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # nothing in the picture is fetched from elsewhere
MOST_LINES = 34


def halted(level: int = 1) -> tuple[int, str]:
    """Return how a halt of all bots of the lab ended, and what a terminal showed of it, with its colours."""
    command = [str(BIN / "ansible-playbook"), "playbooks/killswitch.yml", "-i", str(INVENTORY), "-e", f"level={level}"]
    done = _played(command, REASON)
    return done.returncode, done.stdout


def resumed(said: str) -> int:
    """Resume what a halt holds, by the command that it names, and return the exit status."""
    found = RESUMED.search(Text.from_ansi(said).plain)
    if found is None:
        raise SystemExit("the halt names no command that resumes the bots")
    words = ["-e", f"bots={found[1]}", "-e", f"incident={found[2]}", "-e", "anyway='the lab has no real money'"]
    return _played(
        [str(BIN / "ansible-playbook"), "playbooks/resume.yml", "-i", str(INVENTORY), *words], "the picture is taken"
    ).returncode


def drawn(said: str) -> str:
    """Return the picture, an SVG, of what a halt said; what Ansible says of its own tasks is left out."""
    here = said.replace(f"{ROOT}/", "")
    lines = [line for line in here.splitlines() if not OF_ANSIBLE.match(Text.from_ansi(line).plain)]
    if len(lines) > MOST_LINES:
        raise SystemExit(f"{len(lines)} lines are too many for a picture")
    width = max(len(Text.from_ansi(line).plain) for line in lines)
    console = Console(record=True, width=min(width, 150), file=StringIO(), force_terminal=True)
    console.print(Text(TYPED, style="bold"))
    for line in lines:
        console.print(Text.from_ansi(line))
    return WEB_FONT.sub("", console.export_svg(title="freqops"))


def _played(command: list[str], reason: str) -> subprocess.CompletedProcess[str]:
    wishes = {"FREQOPS_REASON": reason, "ANSIBLE_FORCE_COLOR": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **wishes}, capture_output=True, text=True, check=False)


def main(place: Path = PICTURE) -> int:
    """Halt, draw, resume; return 0 where all of it succeeded."""
    status, said = halted()
    if status != 0:
        sys.stderr.write(said)
        return 1
    place.write_text(drawn(said))
    return resumed(said)


if __name__ == "__main__":
    sys.exit(main())
