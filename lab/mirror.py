"""The Debian mirror that this machine's own apt uses."""

import subprocess

DEFAULT = "http://deb.debian.org/debian"
FORMAT = "$(ORIGIN) $(COMPONENT) $(SITE) $(REPO_URI)"


def parse(targets: str) -> str:
    """Return the first plain Debian archive in the output of `apt-get indextargets`, else the public one."""
    for line in targets.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[:2] == ["Debian", "main"] and "security" not in fields[3]:
            return fields[3].rstrip("/")
    return DEFAULT


def find() -> str:
    """Return the mirror to take a Debian base system from."""
    command = ["apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(done.stdout) if done.returncode == 0 else DEFAULT
