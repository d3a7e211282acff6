"""The Debian mirror that this machine's own apt uses."""

import shutil
import subprocess

from lab.base.failure import LabError

FORMAT = "$(ORIGIN) $(COMPONENT) $(SITE) $(REPO_URI)"


def parse(targets: str) -> str:
    """Return the first plain Debian archive in the output of `apt-get indextargets`.

    Raises:
        LabError: there is none; this machine is no Debian.
    """
    for line in targets.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[:2] == ["Debian", "main"] and "security" not in fields[3]:
            return fields[3].rstrip("/")
    raise LabError(
        "no registry answers, and apt here knows no Debian mirror to build the lab's images from; "
        "let the engine reach a registry, or add a Debian source to apt"
    )


def find() -> str:
    """Return the mirror to take a Debian base system from."""
    if shutil.which("apt-get") is None:
        return parse("")
    command = ["apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(done.stdout if done.returncode == 0 else "")
