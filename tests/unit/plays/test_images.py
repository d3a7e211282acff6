"""The image of each bot, its own or that of its host: wherever plays and the role name one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template

from freqops.core.bot import configuration
from freqops.core.deploy import release

ROOT = Path(__file__).parents[3]
OF_HOST, OWN, POSTGRES = (f"registry.example.com/{name}@sha256:{'0a' * 32}" for name in ("freqtrade", "ai", "postgres"))
ALPHA = {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "S"}
BETA = {**ALPHA, "name": "beta", "api_port": 8082, "freqtrade_image": OWN}


@pytest.fixture(autouse=True, scope="module")
def lookups() -> None:
    """Our own lookups, where Ansible finds them during a play."""
    lookup_loader.add_directory(str(ROOT / "playbooks" / "lookup_plugins"))


def templated(expression: str, **variables: Any) -> Any:
    """Return what Ansible makes of an expression; role variables are what the role says."""
    of_role = yaml.safe_load((ROOT / "roles/freqtrade/vars/main.yml").read_text())
    known = {"freqtrade_image": OF_HOST, "postgres_image": POSTGRES, "freqtrade_bots": [ALPHA, BETA], **variables}
    given = {"__freqtrade_image": trust_as_template(of_role["__freqtrade_image"]), **known}
    return Templar(loader=DataLoader(), variables=given).template(trust_as_template(expression))


def tasks(path: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((ROOT / path).read_text())
    return loaded


def task(path: str, module: str) -> Any:
    """Return the arguments of the first task of a file with this module."""
    return next(each[module] for each in tasks(path) if module in each)


def test_the_probe_looks_for_the_images_of_all_bots() -> None:
    probe = task("playbooks/steps/deploy.yml", "freqops_probe")
    assert templated(probe["images"]) == [OF_HOST, OWN, POSTGRES]
    assert templated(probe["images"], freqtrade_bots=[BETA]) == [OWN, POSTGRES]
    assert templated(probe["images"], freqtrade_bots=[]) == [POSTGRES]
    assert templated(probe["images"], postgres_image="") == [OF_HOST, OWN]
    assert templated(probe["images"].replace("postgres_image", "not_set_anywhere")) == [OF_HOST, OWN]


def test_the_role_wants_an_image_of_postgres_only_where_a_bot_is_on_it() -> None:
    [block] = tasks("roles/postgres/tasks/main.yml")
    constants = yaml.safe_load((ROOT / "roles/postgres/vars/main.yml").read_text())
    assert block["block"][0]["ansible.builtin.import_tasks"] == "preflight.yml"
    for bots, wanted in (([{**ALPHA, "database": "sqlite"}], False), ([], False), ([ALPHA], True)):
        found = templated(constants["__postgres_bots"], freqtrade_bots=bots)
        assert templated(f"{{{{ {block['when']} }}}}", __postgres_bots=found) is wanted


def test_an_adoption_compares_with_the_image_of_that_bot() -> None:
    look = task("playbooks/steps/adopt_look.yml", "freqops_adopt")
    assert [templated(look["image"], adopt_bots=[bot]) for bot in (ALPHA, BETA)] == [OF_HOST, OWN]


def test_a_release_is_staged_and_validated_with_the_image_of_its_bot() -> None:
    stage, validate = (task("roles/freqtrade/tasks/stage.yml", name) for name in ("freqops_stage", "freqops_validate"))
    for bot, wanted in ((ALPHA, OF_HOST), (BETA, OWN), ({**ALPHA, "freqtrade_image": ""}, OF_HOST)):
        assert templated(stage["image"], __freqtrade_bot=bot) == wanted
        assert templated(validate["image"], __freqtrade_item={"__freqtrade_bot": bot}) == wanted


@pytest.mark.parametrize(
    ("host", "own", "accepted"),
    [(OF_HOST, OWN, True), (OF_HOST, "ai:stable", False), ("freqtrade:stable", OWN, False), (OF_HOST, None, True)],
)
def test_the_role_refuses_every_image_that_may_change(host: str, own: str | None, accepted: bool) -> None:
    preflight = next(each for each in tasks("roles/freqtrade/tasks/preflight.yml") if "image" in each["name"])
    bots = [ALPHA, {**BETA, "freqtrade_image": own}]
    found = templated(preflight["vars"]["__freqtrade_images"], freqtrade_image=host, freqtrade_bots=bots)
    assert found == [host, host, own or host]
    judged = f"{{{{ {preflight['ansible.builtin.assert']['that']} }}}}"
    assert templated(judged, __freqtrade_images=found) is accepted


def staged(bot: dict[str, Any], of_host: str) -> release.Release:
    """Return the release that the role stages, from its own template."""
    variables = {
        "__freqtrade_bot": bot, "__freqtrade_uid": 1000, "__freqtrade_home": f"/srv/freqops/bots/{bot['name']}",
        "__freqtrade_packages_home": "/srv/freqops/packages/1", "freqtrade_memory": "1g", "freqtrade_image": of_host,
        "ansible_managed": "Ansible managed",
    }  # fmt: skip
    compose = templated((ROOT / "templates/bot/compose.yml.j2").read_text(), **variables)
    image = templated(task("roles/freqtrade/tasks/stage.yml", "freqops_stage")["image"], **variables)
    config = configuration.effective({}, bot)
    return release.build(release.declaration(bot, image, "p"), config, compose, {"S.py": "code"}, {"a.py": "b"})


def test_a_bot_runs_in_its_own_image() -> None:
    made = staged(BETA, OF_HOST)
    service = yaml.safe_load(made.files["compose.yml"])["services"]["bot"]
    assert service["image"] == OWN
    assert yaml.safe_load(made.files["bot.json"])["image"] == OWN


def test_one_bot_is_upgraded_first_and_nothing_restarts_it_when_the_others_follow() -> None:
    before = staged(ALPHA, OF_HOST)
    first = staged({**ALPHA, "freqtrade_image": OWN}, OF_HOST)
    assert first.fingerprint != before.fingerprint
    assert staged(ALPHA, OWN) == first, "the host has that image now, and the bot no key of its own"
    assert staged({**ALPHA, "freqtrade_image": OWN}, OWN) == first
