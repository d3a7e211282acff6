"""What befalls all bots of a host at once: their engine ends, the host reboots, somebody deploys, a key halts it."""

from __future__ import annotations

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

from lab.base.paths import HALT_KEY
from lab.hosts import ssh
from tests.support.field import Field, incident_of, play, until
from tests.support.holding import stays_dead, stays_paused
from tests.support.patience import GIVE_UP


def test_both_levels_outlive_container_engine_and_host(field: Field, other: Field) -> None:
    field.halt(1)
    other.signal(signal.SIGSTOP)
    rc, row = other.halt(3)
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "no process"), row
    field.sh("docker restart --time 10 freqops-alpha")
    until("it is back", lambda: field.state() == "paused")
    stays_paused(field)
    field.sh("systemctl restart docker")
    stays_paused(field)
    field.host.reboot()
    until("it is back", lambda: field.state() == "paused")
    stays_paused(field)
    stays_dead(other)
    rc, answer = other.tool("start beta")
    assert (rc, answer["outcome"]) == (1, "held")


def test_both_levels_outlive_a_deploy_one_of_them_halted_in_the_middle(field: Field, other: Field) -> None:
    """A deploy finds one bot held, and starts another, which is halted at that moment."""
    field.halt(1)
    other.sh("docker stop --time 10 freqops-beta")
    with ThreadPoolExecutor() as pool:
        deploy = pool.submit(play, "deploy", "--limit", "paper", "-e", "deploy_full=true")
        until("the deploy starts the bot", lambda: other.processes() or deploy.done(), 600)
        halted = play("killswitch", "-e", "level=3", "-e", "bots=beta", "-e", "reason=in the middle of a deploy")
        deployed = deploy.result()
    assert halted.rc == 0, halted.out
    assert deployed.rc == 0, deployed.out
    assert "it stays paused" in deployed.out
    assert "held at level 3" in deployed.out
    assert other.holds()["holds"][0]["incident"] == incident_of(halted.out)
    stays_paused(field)
    stays_dead(other)


def by_key(field: Field, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run words over the key that can only halt, as somebody who has stolen it would."""
    asked = ssh.command(field.host.port, *words, user="freqops-halt", key=HALT_KEY)
    line = [asked[0], "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", *options, *asked[1:]]
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=GIVE_UP)


def test_a_key_that_can_only_halt(field: Field, other: Field) -> None:
    """Over the real SSH server, under the rules that freqops gave it: whatever is asked for, the host is halted."""
    halted = by_key(field, "sh", "-i")
    assert halted.returncode == 0, halted.stdout + halted.stderr
    assert halted.stdout.rstrip().endswith("ALL PROVEN")
    assert (field.level(), field.state(), other.level()) == (1, "paused", 1)

    incident = field.holds()["holds"][0]["incident"]
    said = json.loads(field.sh(f"cat /srv/freqops/incidents/{incident}/*-halt1-*.json"))
    listed = ["ssh-keygen", "-l", "-f", str(HALT_KEY)]
    fingerprint = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()[1]
    assert (said["run_by"]["account"], said["run_by"]["login"]) == ("freqops-halt", "publickey")
    assert said["run_by"]["key"].split()[-1] == fingerprint
    assert said["reason"] == "no reason given by the holder of a halt key"

    assert "SSH-2.0" not in by_key(field, options=("-W", "localhost:22")).stdout
    assert by_key(field, options=("-N", "-L", "0:localhost:22")).returncode != 0
    copied = by_key(field, "sftp", options=("-s",))
    assert copied.returncode != 0 or copied.stdout.rstrip().endswith("ALL PROVEN")

    owners = field.sh("stat -c '%U %a' /var/lib/freqops-halt /var/lib/freqops-halt/.ssh/authorized_keys")
    assert owners.splitlines() == ["root 755", "root 644"]
    for name in field.sh("ls /srv/freqops/bots").split():
        rc, answer = field.tool(f"resume {name} --incident {incident} --reason tried")
        assert rc == 0, answer
