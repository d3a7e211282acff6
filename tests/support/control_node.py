"""A lab host that is a control node: the checkout, and an environment with Ansible and ansible-runner in it."""

from __future__ import annotations

import base64
import io
import sysconfig
import tarfile
from pathlib import Path

import yaml

from lab.hosts.host import Host
from tests.support.field import ROOT

PROJECT = "/opt/freqops-control"
INVENTORY = f"{PROJECT}/inventory.yml"
USER = "ops"
OURS = ("ansible.cfg", "src", "playbooks", "library", "action_plugins", "doc_fragments", "roles")
# What Ansible and its runner import; none of it needs what was compiled for another Python.
PACKAGES = ("ansible", "ansible_runner", "jinja2", "markupsafe", "yaml", "packaging", "pexpect", "ptyprocess")
DISTRIBUTIONS = "*.dist-info/METADATA"
SKIPPED = ("__pycache__",)
COMPILED = ".so"
COMMAND = "import sys\nfrom ansible.cli.playbook import main\nsys.exit(main())\n"


def make(host: Host) -> None:
    """Bring checkout and environment to a host, and an inventory that has the host alone, by a local connection."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    inventory = yaml.safe_dump({"paper": {"hosts": {host.name: here}}})
    site = Path(sysconfig.get_path("purelib"))
    bring(host, f"mkdir -p {PROJECT} && cd {PROJECT} && rm -rf src && tar -xz", [(ROOT, ROOT / name) for name in OURS])
    environment = (
        f"cd {PROJECT} && python3 -m venv --without-pip .venv && cd .venv/lib/python3*/site-packages && tar -xz"
    )
    metadata = [(site, path) for path in site.glob(DISTRIBUTIONS)]
    bring(host, environment, [*((site, site / name) for name in PACKAGES), *metadata])
    python = f"{PROJECT}/.venv/bin/python"
    put(host, f"{PROJECT}/.venv/bin/ansible-playbook", f"#!{python}\n{COMMAND}", "0755")
    put(host, INVENTORY, inventory, "0644")
    done = host.run(f"sudo chown -R {USER}: {PROJECT}")
    assert done.rc == 0, done


def bring(host: Host, command: str, paths: list[tuple[Path, Path]]) -> None:
    """Send files, each relative to its root, to a command of the host, which runs as root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for root, path in paths:
            archive.add(path, path.relative_to(root), filter=_plain)
    text = base64.b64encode(packed.getvalue()).decode()
    done = host.run(f"sudo sh -c 'base64 -d | ({command})'", stdin=text)
    assert done.rc == 0, done


def put(host: Host, path: str, text: str, mode: str) -> None:
    """Write a file of the host."""
    done = host.run(f"sudo sh -c 'cat > {path} && chmod {mode} {path}'", stdin=text)
    assert done.rc == 0, done


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name)
    if name.name in SKIPPED or name.suffix == COMPILED:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
