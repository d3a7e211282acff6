"""What stands on a host after deploy.yml, and what must not."""

from __future__ import annotations

import json
from typing import Any

import pytest

testinfra_hosts = ["ansible://paper"]
HOME = "/srv/freqops/bots/alpha"
SECRET_KEYS = ("password", "jwt_secret_key", "ws_token")


def as_root(host: Any, command: str) -> str:
    """Run a command as root and return what it printed."""
    with host.sudo():
        done = host.run(command)
    assert done.rc == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return str(done.stdout)


@pytest.mark.parametrize(
    ("path", "user", "mode"),
    [
        (HOME, 0, 0o755),
        (f"{HOME}/conf", 0, 0o750),
        (f"{HOME}/conf/secrets.json", 1000, 0o400),
        (f"{HOME}/conf/holds.json", 0, 0o444),
        (f"{HOME}/conf/state.json", 0, 0o444),
        (f"{HOME}/conf/limits.json", 0, 0o444),
        (f"{HOME}/conf/freqops-host", 0, 0o555),
        (f"{HOME}/var", 1000, 0o755),
        ("/srv/freqops/incidents", 0, 0o700),
        ("/srv/freqops/user_data/registry/strategies_registry.sqlite", 0, 0o644),
        ("/etc/freqops/risk.json", 0, 0o644),
        ("/srv/freqops/postgres/secrets/superuser", 999, 0o400),
        ("/usr/local/bin/freqops-host", 0, 0o755),
        ("/usr/local/bin/freqops-operator", 0, 0o755),
        ("/etc/sudoers.d/freqops", 0, 0o440),
    ],
)
def test_owners_and_modes(host: Any, path: str, user: int, mode: int) -> None:
    with host.sudo():
        found = host.file(path)
        assert (found.uid, oct(found.mode)) == (user, oct(mode))


def test_permissions_of_the_system_did_not_change(host: Any) -> None:
    assert {path: oct(host.file(path).mode) for path in ("/etc", "/srv", "/usr/local/bin")} == {
        "/etc": "0o755",
        "/srv": "0o755",
        "/usr/local/bin": "0o755",
    }


def test_an_operator_looks_and_runs_nothing_else_as_root(host: Any) -> None:
    """An account that is in the group for as long as the test takes; the lab has a key that can only halt besides."""
    assert as_root(host, "getent group freqops-operators").strip().endswith(":freqops-halt")
    as_root(host, "useradd --groups freqops-operators bob")
    try:
        tried = {
            words: as_root(host, f"su bob -c 'sudo -n {words}' >/dev/null 2>&1; echo $?").strip()
            for words in (
                "freqops-operator status --json",
                "freqops-operator resume alpha --incident one --reason why",
                "freqops-operator --root /tmp/mine status",
                "freqops-host status --json",
                "FREQOPS=1 freqops-operator status --json",
                "PATH=/tmp freqops-operator status --json",
                "sh -c true",
            )
        }
    finally:
        as_root(host, "userdel bob")
    assert list(tried.values()) == ["0", *["1"] * 6], tried


def test_the_bot_trades_in_a_closed_container(host: Any) -> None:
    inspected = json.loads(as_root(host, "docker inspect freqops-alpha"))[0]
    settings = inspected["HostConfig"]
    assert inspected["State"]["Status"] == "running"
    assert inspected["Config"]["User"] == "1000:1000"
    assert "@sha256:" in inspected["Config"]["Image"]
    assert settings["ReadonlyRootfs"] is True
    assert settings["CapDrop"] == ["ALL"]
    assert settings["SecurityOpt"] == ["no-new-privileges:true"]
    assert settings["RestartPolicy"]["Name"] == "unless-stopped"
    assert settings["LogConfig"]["Config"] == {"max-file": "5", "max-size": "10m"}
    assert settings["Privileged"] is False
    writable = sorted(mount["Destination"] for mount in inspected["Mounts"] if mount["RW"])
    assert writable == ["/freqops/var"]


def test_ports_are_on_loopback_only(host: Any) -> None:
    published = json.loads(as_root(host, "docker inspect freqops-alpha"))[0]["NetworkSettings"]["Ports"]
    assert [binding["HostIp"] for bindings in published.values() for binding in bindings or []] == ["127.0.0.1"]
    assert json.loads(as_root(host, "docker inspect freqops-postgres"))[0]["HostConfig"]["PortBindings"] == {}


def test_secrets_are_files_and_nowhere_else(host: Any) -> None:
    document = json.loads(as_root(host, f"cat {HOME}/conf/secrets.json"))
    secrets = [document["api_server"][key] for key in SECRET_KEYS] + [document["db_url"].split(":")[2].split("@")[0]]
    secrets.append(as_root(host, "cat /srv/freqops/postgres/secrets/superuser"))
    assert all(len(secret) >= 32 for secret in secrets)
    places = {
        "docker inspect": as_root(host, "docker inspect freqops-alpha freqops-postgres"),
        "process list": as_root(host, "ps axww -o args"),
        "environment": as_root(host, "cat /proc/[0-9]*/environ | tr '\\0' '\\n'"),
        "container log": as_root(host, "docker logs freqops-alpha 2>&1; docker logs freqops-postgres 2>&1"),
        "bot log": as_root(host, f"cat {HOME}/var/logs/freqtrade.log"),
        "journal": as_root(host, "journalctl --no-pager --lines 5000"),
        "releases": as_root(host, f"cat {HOME}/release/*/config.json {HOME}/compose.yml {HOME}/bot.json"),
        "incidents": as_root(host, "cat /srv/freqops/incidents/*/* 2>/dev/null; true"),
    }
    leaks = [place for place, text in places.items() for secret in secrets if secret in text]
    assert leaks == []


def test_a_bot_reaches_its_own_database_and_no_other(host: Any) -> None:
    psql = "docker exec freqops-postgres psql --username postgres --tuples-only --no-align"
    query = "select datname, pg_get_userbyid(datdba) from pg_database where datname like '%paper'"
    assert as_root(host, f'{psql} --command "{query}"').split() == ["alpha_paper|alpha_paper"]
    assert "trades" in as_root(host, f"{psql} --command '\\dt' alpha_paper")
    probe = (
        "import json, psycopg2\n"
        "url = json.load(open('/freqops/conf/secrets.json'))['db_url'].replace('+psycopg2', '')\n"
        "try:\n    psycopg2.connect(url.rpartition('/')[0] + '/postgres')\n"
        "except psycopg2.OperationalError as error:\n    print('refused', 'pg_hba' in str(error))\n"
    )
    with host.sudo():
        done = host.run("docker exec freqops-alpha python3 -c %s", probe)
    assert done.stdout.split() == ["refused", "True"], done


@pytest.mark.parametrize("unit", ["freqops-guard.service", "freqops-reassert.timer"])
def test_what_asserts_holds_runs(host: Any, unit: str) -> None:
    service = host.service(unit)
    assert service.is_running
    assert service.is_enabled


def test_the_breaker_of_a_new_host_is_inactive_and_root_s_alone(host: Any) -> None:
    state = "/srv/freqops/user_data/state"
    with host.sudo():
        found = host.file(state)
        assert (found.uid, oct(found.mode)) == (0, "0o700")
        assert json.loads(host.file(f"{state}/circuit_breaker.json").content_string)["active"] is False


def test_the_operator_may_run_the_tool_and_the_table_names_the_bot(host: Any) -> None:
    done = host.run("sudo -n /usr/local/bin/freqops-host status --json")
    assert done.rc == 0, done.stdout
    answer = json.loads(done.stdout)
    assert [(row["bot"], row["mode"], row["trader"]) for row in answer["bots"]] == [
        ("alpha", "paper", "running"),
        ("beta", "paper", "running"),
    ]
    assert answer["undeclared"] == []
    table = host.run("sudo -n /usr/local/bin/freqops-host status").stdout
    for heading in ("bot", "mode", "trader", "holds", "heartbeat", "open trades", "unrealised", "image"):
        assert heading in table.splitlines()[0]


def test_no_user_was_made_or_renamed(host: Any) -> None:
    assert host.user("ops").uid == 1000
    people = [line for line in as_root(host, "getent passwd").splitlines() if 1000 <= int(line.split(":")[2]) < 60000]
    assert [line.split(":")[0] for line in people] == ["ops"]
