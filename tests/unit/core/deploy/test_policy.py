"""The containers that our own templates describe keep every rule, and each rule refuses what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from freqops.core.base.errors import Refused
from freqops.core.deploy import policy

ROOT = Path(__file__).parents[4]
IMAGE = f"registry.example.com/freqtrade@sha256:{'0a' * 32}"
HOME = "/srv/freqops/bots"
Document = dict[str, Any]
BOTS: list[dict[str, Any]] = [
    {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "Some"},
    {"name": "beta-2", "mode": "live", "api_port": "8082", "strategy": "Some", "memory": "1536m"},
    {"name": "gamma", "mode": "paper", "api_port": 8083, "strategy": "Some", "database": "sqlite"},
    {"name": "reads", "mode": "paper", "api_port": 8085, "strategy": "Some", "user_files": "/home/ann/levels"},
    {"name": "delta", "mode": "live", "api_port": 8084, "strategy": "Some", "database": "postgresql", "config": {}},
]


def rendered(template: str, variables: Mapping[str, Any]) -> Document:
    """Render one of our templates as Ansible does."""
    text = trust_as_template((ROOT / "templates" / template).read_text())
    templar = Templar(loader=DataLoader(), variables={"ansible_managed": "Ansible managed", **variables})
    document: Document = yaml.safe_load(templar.template(text))
    return document


def bot_document(bot: Mapping[str, Any], checksum: str | None = "c0ffee" * 8) -> Document:
    """Return what a bot's template gives."""
    return rendered(
        "bot/compose.yml.j2",
        {
            "__freqtrade_bot": bot,
            "__freqtrade_uid": 1000,
            "__freqtrade_secrets": {"stat": {"checksum": checksum} if checksum else {}},
            "__freqtrade_home": f"{HOME}/{bot['name']}",
            "__freqtrade_packages_home": "/srv/freqops/packages/0123456789abcdef",
            "__freqtrade_image": IMAGE,
            "freqtrade_memory": "1g",
        },
    )


def shared_document() -> Document:
    """Return what the template of Postgres gives."""
    variables = {"postgres_image": IMAGE, "postgres_memory": "512m", "__postgres_uid": 999}
    return rendered("postgres/compose.yml.j2", {**variables, "__postgres_root": "/srv/freqops/postgres"})


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: str(bot["name"]))
@pytest.mark.parametrize("checksum", ["c0ffee" * 8, None], ids=["with secrets", "without"])
def test_every_bot_keeps_the_rules(bot: dict[str, Any], checksum: str | None) -> None:
    document = bot_document(bot, checksum)
    assert policy.violations(document, bot["name"]) == []
    service = document["services"]["bot"]
    assert service["ports"] == [f"127.0.0.1:{bot['api_port']}:8080"]
    assert ("database" in document["networks"]) == (bot.get("database") != "sqlite")
    assert [volume for volume in service["volumes"] if not volume.endswith(":ro")] == [
        f"{HOME}/{bot['name']}/var:/freqops/var"
    ]


def test_files_that_a_strategy_reads_are_mounted_read_only_where_it_looks_for_them() -> None:
    [given] = [bot for bot in BOTS if "user_files" in bot]
    without = {key: value for key, value in given.items() if key != "user_files"}
    volumes, before = (bot_document(each)["services"]["bot"]["volumes"] for each in (given, without))
    [added] = [volume for volume in volumes if volume not in before]
    assert added == f"{HOME}/reads/release/@RELEASE@/user_files:/freqops/var/user_files:ro"
    assert bot_document({**given, "user_files": ""}) == bot_document(without)


def test_postgres_keeps_the_rules() -> None:
    assert policy.violations(shared_document(), None) == []


def test_a_bot_does_not_pass_as_another() -> None:
    assert "it has no network freqops-beta of its own" in policy.violations(bot_document(BOTS[0]), "beta")


def as_compose_says_it(document: Document) -> Document:
    """Return the same as ``docker compose config --format json`` writes it."""
    long = copy.deepcopy(document)
    service = long["services"]["bot"]
    address, published, target = service["ports"][0].split(":")
    service["ports"] = [{"mode": "ingress", "host_ip": address, "target": int(target), "published": published}]
    service["volumes"] = [
        {"type": "bind", "source": volume.split(":")[0], "target": volume.split(":")[1]}
        for volume in service["volumes"]
    ]
    service["networks"] = dict.fromkeys(service["networks"])
    service["stop_grace_period"] = "1m30s"
    service["mem_limit"] = "1073741824"
    return long


def test_the_long_form_is_judged_like_the_short_one() -> None:
    long = as_compose_says_it(bot_document(BOTS[0]))
    assert policy.violations(long, "alpha") == []
    long["services"]["bot"]["ports"][0].pop("host_ip")
    long["services"]["bot"]["volumes"][0]["source"] = "/etc"
    long["services"]["bot"]["volumes"][1]["type"] = "volume"
    assert [text.split(" ")[1] for text in policy.violations(long, "alpha")] == ["port", "/etc", HOME + "/alpha/release"
                                                                                 "/@RELEASE@"]  # fmt: skip


def setting(**changes: Any) -> Callable[[Document], None]:
    """Return what gives the service other values, or takes them away where they are None."""

    def change(document: Document) -> None:
        for key, value in changes.items():
            document["services"]["bot"][key] = value
            if value is None:
                del document["services"]["bot"][key]

    return change


def environment(**changes: str) -> Callable[[Document], None]:
    return lambda document: document["services"]["bot"]["environment"].update(changes)


def network(name: str, value: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["networks"][name] = value

    return change


REFUSED: list[tuple[str, Callable[[Document], None]]] = [
    ("user is 'root'", setting(user="root")),
    ("user is '0:0'", setting(user="0:0")),
    ("user is '1000:0'", setting(user="1000:0")),
    ("user is None", setting(user=None)),
    ("cap_drop must be", setting(cap_drop=["NET_RAW"])),
    ("cap_drop must be", setting(cap_drop=None)),
    ("cap_add is not allowed", setting(cap_add=["NET_ADMIN"])),
    ("read_only must be true", setting(read_only=False)),
    ("security_opt must be", setting(security_opt=["no-new-privileges:true", "seccomp=unconfined"])),
    ("security_opt must be", setting(security_opt=None)),
    ("privileged is not allowed", setting(privileged=True)),
    ("pid is not allowed", setting(pid="host")),
    ("ipc is not allowed", setting(ipc="host")),
    ("network_mode is not allowed", setting(network_mode="host")),
    ("devices is not allowed", setting(devices=["/dev/sda"])),
    ("env_file is not allowed", setting(env_file=["secrets.env"])),
    ("/var/run/docker.sock is mounted", setting(volumes=["/var/run/docker.sock:/var/run/docker.sock"])),
    ("/etc is mounted", setting(volumes=["/etc:/freqops/etc:ro"])),
    ("/srv/freqops/../../etc is mounted", setting(volumes=["/srv/freqops/../../etc:/etc:ro"])),
    ("/srv/freqops is mounted", setting(volumes=["/srv/freqops:/freqops:ro"])),
    ("data is mounted", setting(volumes=["data:/freqops/var"])),
    ("is not published on loopback", setting(ports=["8081:8080"])),
    ("is not published on loopback", setting(ports=["0.0.0.0:8081:8080"])),
    ("is not published on loopback", setting(ports=["8080"])),
    ("is not named by digest", setting(image="registry.example.com/freqtrade:stable")),
    ("mem_limit is None", setting(mem_limit=None)),
    ("mem_limit is '0'", setting(mem_limit="0")),
    ("pids_limit is None", setting(pids_limit=None)),
    ("pids_limit is -1", setting(pids_limit=-1)),
    ("logging must be", setting(logging=None)),
    ("logging must be", setting(logging={"driver": "json-file", "options": {"max-size": "10m"}})),
    ("restart is 'always'", setting(restart="always")),
    ("stop_grace_period is '10s'", setting(stop_grace_period="10s")),
    ("stop_grace_period is None", setting(stop_grace_period=None)),
    ("it has no healthcheck", setting(healthcheck=None)),
    ("environment has FREQTRADE__EXCHANGE__SECRET", environment(FREQTRADE__EXCHANGE__SECRET="hunter2")),
    ("environment has POSTGRES_PASSWORD", setting(environment=["POSTGRES_PASSWORD=hunter2"])),
    ("environment has DB_URL", environment(DB_URL="postgresql://alpha:hunter2@postgres/alpha")),
    ("labels has api_key", setting(labels={"api_key": "hunter2"})),
    ("command has a word", setting(command=["freqtrade", "--db-url", "postgresql://alpha:hunter2@postgres/alpha"])),
    ("command has a word", setting(command="freqtrade --password=hunter2")),
    ("network other", network("own", {"name": "other"})),
    ("it has no network freqops-alpha of its own", network("own", {"name": "freqops-alpha", "external": True})),
    ("network freqops-beta", network("neighbour", {"name": "freqops-beta", "external": True})),
    ("it must be external here", network("database", {"name": "freqops-database"})),
    ("no default one", setting(networks=None)),
    ("volumes is no part", lambda document: document.update(volumes={"data": {}})),
    ("it has no services", lambda document: document.update(services={})),
]


@pytest.mark.parametrize(("said", "change"), REFUSED, ids=[f"{n} {said}" for n, (said, _) in enumerate(REFUSED)])
def test_what_breaks_a_rule_is_refused(said: str, change: Callable[[Document], None]) -> None:
    document = bot_document(BOTS[0])
    change(document)
    with pytest.raises(Refused) as refusal:
        policy.check(document, "alpha")
    assert said in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("must be internal", lambda document: document["networks"]["database"].update(internal=False)),
        ("publish no port", lambda document: document["services"]["postgres"].update(ports=["127.0.0.1:5432:5432"])),
    ],
)
def test_the_database_stays_inside(said: str, change: Callable[[Document], None]) -> None:
    document = shared_document()
    change(document)
    assert [text for text in policy.violations(document, None) if said in text]


def test_a_known_secret_is_found_wherever_it_is() -> None:
    document = bot_document(BOTS[0])
    assert policy.violations(document, "alpha", ["hunter2", ""]) == []
    document["services"]["bot"]["healthcheck"]["test"].append("--as=hunter2")
    assert policy.violations(document, "alpha", ["hunter2"]) == ["it has a secret in it; secrets are files"]
