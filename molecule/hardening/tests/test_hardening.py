"""What can be reached, what survives restarts, and that nobody is locked out."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.field import Field, Played, until
from tests.support.hardened_host import HardenedHost, broken, module, part

NAMESPACE = "neighbour"
ALPHA = 8081
LISTENING = 8898
# In the container of a bot: its own names, the way out, and its database.
REACH = """
import json, socket, sys, urllib.request
exchange, registry = sys.argv[1:]
socket.create_connection(("postgres", 5432), 5)
print(urllib.request.urlopen(exchange + "/api/v3/ping", timeout=5).status)
print(urllib.request.urlopen(registry + "/v2/", timeout=5).status)
"""


@pytest.fixture
def neighbour(on: HardenedHost) -> Iterator[str]:
    """A network namespace on the host with IPv6, which the lab's network does not have; gives the host's address."""
    on.sh(f"""
    ip netns add {NAMESPACE}
    ip link add outside0 type veth peer name inside0 netns {NAMESPACE}
    echo 0 > /proc/sys/net/ipv6/conf/outside0/disable_ipv6
    ip netns exec {NAMESPACE} sh -c 'echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
    ip addr add 2001:db8::1/64 dev outside0 nodad && ip link set outside0 up
    ip netns exec {NAMESPACE} sh -c 'ip addr add 2001:db8::2/64 dev inside0 nodad && ip link set inside0 up'
    """)
    yield "2001:db8::1"
    on.sh(f"ip link del outside0; ip netns del {NAMESPACE}")


@pytest.fixture
def listening(on: HardenedHost) -> Iterator[int]:
    """A port of the host itself on which something answers, over both families."""
    on.sh(f"systemd-run --quiet --unit=listening python3 -m http.server --bind :: {LISTENING}")
    until("it listens", lambda: on.answers("127.0.0.1", LISTENING))
    yield LISTENING
    on.sh("systemctl stop listening")


@pytest.fixture(scope="module")
def further_run(on: HardenedHost, pool: ThreadPoolExecutor) -> Future[Played]:
    """The first roles of a deploy once more, while tests only look at the host."""
    return pool.submit(part, "host_and_engine", "--diff")


@pytest.mark.usefixtures("further_run")
def test_a_scan_finds_ssh_and_nothing_else(on: HardenedHost, published: int, listening: int) -> None:
    assert on.seen_from_outside() == [22]
    assert on.answers("127.0.0.1", published)
    assert on.answers("127.0.0.1", listening)


@pytest.mark.usefixtures("further_run")
def test_over_ipv6_it_is_the_same(on: HardenedHost, listening: int, neighbour: str) -> None:
    assert on.answers(neighbour, 22, inside=NAMESPACE)
    assert not on.answers(neighbour, listening, inside=NAMESPACE)


def test_bots_reach_what_they_need_and_are_reached_on_loopback(on: HardenedHost) -> None:
    config = json.loads(Field().ask("answer = (bot.release_home / 'config.json').read_text()"))
    exchange = config["exchange"]["ccxt_config"]["urls"]["api"]["public"].rpartition("/api/")[0]
    registry = "http://" + on.sh("docker inspect --format '{{.Config.Image}}' freqops-alpha").split("/")[0]
    assert on.sh(f"docker exec freqops-alpha python3 -c '{REACH}' {exchange} {registry}").split() == ["200", "200"]
    assert on.answers("127.0.0.1", ALPHA)


def test_the_server_takes_keys_and_forwards_to_the_host_only(on: HardenedHost) -> None:
    effective = on.sh("sshd -T")
    for line in (
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "permitemptypasswords no",
        "permitrootlogin no",
        "x11forwarding no",
        "allowagentforwarding no",
        "allowtcpforwarding local",
        "maxauthtries 4",
    ):
        assert line in effective.splitlines()


def test_the_engine_is_left_out_of_unattended_upgrades(on: HardenedHost) -> None:
    dump = on.sh("apt-config dump").splitlines()
    kept = {line.split('"')[1] for line in dump if line.startswith("Unattended-Upgrade::Package-Blacklist::")}
    assert {"docker", "containerd", "runc"} <= kept
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in dump


def test_kernel_settings_are_in_force_and_the_machine_below_is_left_alone(on: HardenedHost) -> None:
    written = dict(
        line.split(" = ") for line in on.sh("cat /etc/sysctl.d/60-freqops.conf").splitlines() if " = " in line
    )
    assert len(written) > 10
    assert all(name.startswith("net.") for name in written)
    for name, value in written.items():
        assert on.sh(f"sysctl --values {name}").strip() == value, name
    assert on.sh("sysctl --values net.ipv4.ip_forward").strip() == "1"


def test_a_further_run_changes_nothing(further_run: Future[Played]) -> None:
    again = further_run.result()
    assert again.rc == 0, again.out
    assert "changed=0 " in again.out, again.out


def test_what_is_declared_is_reached_and_from_there_only(
    on: HardenedHost, published: int, listening: int, neighbour: str
) -> None:
    opened = part("firewall", host_open_ports=[{"port": published}, {"port": listening}])
    assert opened.rc == 0, opened.out
    assert on.seen_from_outside(published - 50, published + 50) == [listening, published]
    assert on.answers(neighbour, listening, inside=NAMESPACE)
    sources = ["192.0.2.0/24", "2001:db8::/64"]
    narrowed = part("firewall", host_open_ports=[{"port": port, "sources": sources} for port in (published, listening)])
    assert narrowed.rc == 0, narrowed.out
    assert on.seen_from_outside(listening, published) == []
    assert on.answers(neighbour, listening, inside=NAMESPACE)
    closed = part("firewall")
    assert closed.rc == 0, closed.out
    assert not on.answers(neighbour, listening, inside=NAMESPACE)


@pytest.fixture(scope="module")
def short(on: HardenedHost) -> int:
    """Seconds until a change that nobody confirms is taken back: longer than it takes to make it."""
    begun = time.monotonic()
    assert module("ansible.builtin.ping").rc == 0
    return max(6, round(2 * (time.monotonic() - begun)))


@pytest.mark.parametrize("established", [False, True], ids=["new connections", "the present one, too"])
def test_rules_that_lock_out_take_themselves_back(
    on: HardenedHost, short: int, tmp_path: Path, established: bool
) -> None:
    before = on.rules()
    shut = "tcp dport {_one_of(wanted.ssh_ports)} "
    sources = broken(tmp_path, "firewall.py", f'f"{shut}accept"', f'f"{shut}drop"')
    if established:
        path = sources / "freqops/core/hardening/firewall.py"
        path.write_text(path.read_text().replace('"ct state established,related accept",', "", 1))
    played = part("firewall", sources=sources, host_confirm_seconds=short)
    assert played.rc != 0
    assert "TAKEN BACK: no new connection confirmed the change of firewall in time" in played.out, played.out
    assert on.rules() == before
    assert on.sh("cat /etc/freqops/firewall.nft").count("tcp dport { 22 } accept") == 1


def test_a_server_that_lets_nobody_in_takes_itself_back(on: HardenedHost, short: int, tmp_path: Path) -> None:
    before = on.sh("cat /etc/ssh/sshd_config.d/10-freqops.conf")
    sources = broken(tmp_path, "sshd.py", '    "X11Forwarding": "no",\n', '    "AllowUsers": "nobody",\n')
    played = part("sshd", sources=sources, host_confirm_seconds=short)
    assert played.rc != 0
    assert "TAKEN BACK: no new connection confirmed the change of sshd in time" in played.out, played.out
    assert on.sh("cat /etc/ssh/sshd_config.d/10-freqops.conf") == before
    assert on.host.reachable()


def test_what_is_not_confirmed_is_gone_after_a_reboot_and_the_rest_is_there(on: HardenedHost) -> None:
    before = on.rules()
    loaded = module("freqops_firewall", ssh_ports=[22], open_ports=[{"port": 4444}], seconds=300)
    assert loaded.rc == 0, loaded.out
    assert "tcp dport 4444 accept" in on.rules()
    same = module("freqops_confirm", change="firewall")
    assert "made the change itself; only a new one can confirm it" in same.out, same.out
    second = part("firewall", host_open_ports=[{"port": 4445}])
    assert "another change of firewall waits for its confirmation" in second.out, second.out
    on.host.reboot()
    assert on.rules() == before
    assert on.seen_from_outside(4440, 4450) == []
    ordered = on.sh("systemctl show freqops-firewall.service --property=Before --value").split()
    assert {"network-pre.target", "sysinit.target"} <= set(ordered)
    units = ("freqops-firewall.service", "sysinit.target", "ssh.service", "docker.service")
    started = {unit: on.entered(unit) for unit in units}
    assert 0 < started["freqops-firewall.service"] == min(started.values())


@pytest.fixture(scope="module")
def refused(on: HardenedHost, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Changes that are refused; the rules and settings afterwards are those from before.

    The play with a stranger's key goes over a connection that is open already; a new one with this key is refused, and
    it is made while nobody tries other settings.
    """
    files = "nft --stateless list table inet freqops; cat /etc/ssh/sshd_config.d/10-freqops.conf"
    before, place = on.sh(files), tmp_path_factory.mktemp("refused")
    rules = broken(place / "rules", "firewall.py", "ct state invalid drop", "ct state wrong drop")
    tries = '"MaxAuthTries": "4"'
    five = broken(place / "five", "sshd.py", tries, '"MaxAuthTries": "5"')
    four = broken(place / "four", "sshd.py", tries, '"MaxAuthTries": "four"')
    key = place / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    assert module("ansible.builtin.ping").rc == 0
    with ThreadPoolExecutor() as pool:
        ruled = pool.submit(part, "firewall", sources=rules)
        stranger = part("sshd", sources=five, ansible_ssh_private_key_file=str(key))
        found = {"key": stranger, "settings": part("sshd", sources=four), "rules": ruled.result()}
    assert on.sh(files) == before
    return found


def test_rules_that_the_kernel_refuses_change_nothing(refused: dict[str, Played]) -> None:
    assert refused["rules"].rc != 0
    assert "nft --check" in refused["rules"].out, refused["rules"].out


def test_without_a_key_that_gets_in_passwords_are_left_alone(refused: dict[str, Played]) -> None:
    said = refused["key"].out
    assert "REFUSED, nothing was changed: a login with a key alone does not succeed" in said, said


def test_settings_that_the_server_refuses_change_nothing(refused: dict[str, Played]) -> None:
    assert refused["settings"].rc != 0
    assert "sshd -t ended with" in refused["settings"].out, refused["settings"].out


def test_the_bot_runs_again_by_itself(on: HardenedHost) -> None:
    """Nothing was done for it since the reboot."""
    bot = Field()
    until("the bot runs again", lambda: bot.booted() and bot.state() == "running")
    assert on.answers("127.0.0.1", ALPHA)


def test_a_restart_of_the_engine_leaves_both_rule_sets_and_the_bots(on: HardenedHost) -> None:
    """A bot that is only booting would look for its database by name, which the engine answers, and end without it."""
    Field().ready()
    running = "docker inspect --format '{{.State.Pid}}' freqops-alpha freqops-postgres"
    rules, bots = on.rules(), on.sh(running)
    on.sh("systemctl restart docker")
    assert on.rules() == rules
    assert "DOCKER" in on.sh("iptables-save -t nat")
    assert on.sh(running) == bots
    assert on.answers("127.0.0.1", ALPHA)
