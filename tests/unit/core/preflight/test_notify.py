"""Secrets of the bots' own messengers are refused by name, and their values are in no line."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from freqops.core.preflight import notify
from tests.unit.core.preflight.fleets import bot, credential, fleet, inventory, judged, variables

TOKEN = f"987654321:{credential('token')[:35]}"
TELEGRAM = {"token": TOKEN, "chat_id": "-1001234567890"}
WEBHOOK = {"url": f"https://hooks.freqops.org/{credential('hook')}"}
DISCORD = {"webhook_url": f"https://discord.com/api/webhooks/184/{credential('discord')}"}
ALL = {"telegram": TELEGRAM, "webhook": WEBHOOK, "discord": DISCORD}


def told(*sections: str) -> dict[str, dict[str, Any]]:
    """Return an inventory whose beta has these messengers."""
    hosts = inventory()
    bot(hosts, "beta")["config"] = {name: {"enabled": True} for name in sections}
    return hosts


def test_all_three_are_accepted() -> None:
    assert judged(told(*ALL), notify={"beta": ALL}) == []


BOTFATHER = "copy it from the BotFather, in quotes"
URL = "copy it from where the webhook was made, in quotes"
CHAT = 'Freqtrade wants the number of the chat as a text, like "-1001234567890"'
BETA = "paper-1 beta: secrets_notify.beta."
WEAK: dict[str, tuple[Any, str]] = {
    "a list": ([TOKEN], "inventory: secrets_notify is no text; it maps names of bots to telegram, webhook, discord"),
    "of nobody": (
        {"zeta": {"telegram": TELEGRAM}},
        "inventory: secrets_notify names 'zeta', which is no bot; the inventory has alpha, beta, gamma; correct the",
    ),
    "a text": ({"beta": TOKEN}, f"{BETA[:-1]} is a text of 45 characters; it may have telegram, webhook, discord"),
    "another messenger": (
        {"beta": {"slack": WEBHOOK}},
        f"{BETA}slack is no messenger of Freqtrade; allowed are telegram, webhook, discord",
    ),
    "no mapping": ({"beta": {"telegram": TOKEN}}, f"{BETA}telegram is a text of 45 characters; it must have token and"),
    "another key": (
        {"beta": {"telegram": {**TELEGRAM, "authorized_users": ["1"]}}},
        f"{BETA}telegram.authorized_users is no secret; secret are token and chat_id; what else telegram knows stands",
    ),
    "no token": (
        {"beta": {"telegram": {**TELEGRAM, "token": ""}}},
        f"{BETA}telegram.token is missing; {BOTFATHER}, or take all of telegram out: what the host already has is kept",
    ),
    "no chat": ({"beta": {"telegram": {"token": TOKEN}}}, f"{BETA}telegram.chat_id is missing; {CHAT}"),
    "a number as chat": (
        {"beta": {"telegram": {**TELEGRAM, "chat_id": -1001234567890}}},
        f"{BETA}telegram.chat_id is a number and must be a text; {CHAT}",
    ),
    "a name as chat": (
        {"beta": {"telegram": {**TELEGRAM, "chat_id": "@traders"}}},
        f"{BETA}telegram.chat_id is no number of a chat; {CHAT}",
    ),
    "a token of another shape": (
        {"beta": {"telegram": {**TELEGRAM, "token": credential("t")}}},
        f"{BETA}telegram.token is no token of Telegram: digits, a colon, at least 30 characters; {BOTFATHER}",
    ),
    "a token made up": (
        {"beta": {"telegram": {**TELEGRAM, "token": f"987654321:{'x' * 35}"}}},
        f"{BETA}telegram.token looks like a placeholder; {BOTFATHER}",
    ),
    "a token that is no text": (
        {"beta": {"telegram": {**TELEGRAM, "token": [TOKEN]}}},
        f"{BETA}telegram.token is no text and must be a text; {BOTFATHER}",
    ),
    "no url": ({"beta": {"webhook": {"url": None}}}, f"{BETA}webhook.url is missing; {URL}"),
    "a url of the manual": (
        {"beta": {"discord": {"webhook_url": "https://discord.com/api/webhooks/<Your webhook URL ...>"}}},
        f"{BETA}discord.webhook_url is no address; {URL}",
    ),
    "a url made up": (
        {"beta": {"webhook": {"url": "https://maker.ifttt.com/trigger/xxxxxxxxxxxx"}}},
        f"{BETA}webhook.url looks like a placeholder; {URL}",
    ),
    "a url of a file": (
        {"beta": {"webhook": {"url": f"file://here/{credential('f')}"}}},
        f"{BETA}webhook.url begins neither with https:// nor with http://; {URL}",
    ),
    "http to a name": (
        {"beta": {"webhook": {"url": f"http://hooks.freqops.org/{credential('f')}"}}},
        f"{BETA}webhook.url is not https; http is for addresses of a private network alone, written as numbers; {URL}",
    ),
    "http to everybody": (
        {"beta": {"discord": {"webhook_url": f"http://203.0.113.7/{credential('f')}"}}},
        f"{BETA}discord.webhook_url is not https, and its address is not private; {URL}",
    ),
    "a port that is none": (
        {"beta": {"webhook": {"url": f"https://hooks.freqops.org:port/{credential('f')}"}}},
        f"{BETA}webhook.url is no address; {URL}",
    ),
}


@pytest.mark.parametrize("name", WEAK)
def test_what_opens_no_messenger_is_refused(name: str) -> None:
    given, said = WEAK[name]
    lines = judged(told(*ALL), notify=given)
    assert [line for line in lines if said in line], lines


@pytest.mark.parametrize("name", WEAK)
def test_no_line_shows_a_secret(name: str) -> None:
    text = "\n".join(judged(told(*ALL), notify=WEAK[name][0]))
    for secret in (TOKEN, TOKEN[-35:], credential("t"), credential("f"), "xxxxxxxx"):
        assert secret not in text


@pytest.mark.parametrize("address", ["127.0.0.1", "10.9.8.7:8000", "172.31.0.1", "192.168.4.4", "[fd00::1]:80"])
def test_a_message_may_cross_a_private_network_unencrypted(address: str) -> None:
    assert judged(told("webhook"), notify={"beta": {"webhook": {"url": f"http://{address}/posted"}}}) == []


@pytest.mark.parametrize("section", ALL)
@pytest.mark.parametrize("declared", [{}, {"enabled": False}, None])
def test_secrets_of_a_messenger_that_is_off_are_refused(section: str, declared: dict[str, Any] | None) -> None:
    hosts = inventory()
    bot(hosts, "beta")["config"] = {} if declared is None else {section: declared}
    assert judged(hosts, notify={"beta": {section: ALL[section]}}) == [
        (
            f"paper-1 beta: secrets_notify has secrets for {section}, which is not enabled; "
            f"set {section}.enabled to true in its configuration, or take them out"
        )
    ]


def test_one_token_for_two_bots_is_refused_wherever_they_are() -> None:
    hosts = told("telegram")
    delta = {"name": "delta", "mode": "paper", "api_port": 9000, "strategy": "S", "config": {}}
    hosts["third"] = variables(delta)
    bot(hosts, "delta")["config"] = {"telegram": {"enabled": True}}
    both = {"beta": {"telegram": TELEGRAM}, "delta": {"telegram": {**TELEGRAM, "chat_id": "5"}}}
    [line] = judged(hosts, notify=both)
    assert line.startswith("third delta: its Telegram token in secrets_notify is that of beta on paper-1, too; ")
    both["delta"]["telegram"]["token"] = f"987654322:{credential('another')[:35]}"
    assert judged(hosts, notify=both) == []


def test_two_bots_of_one_name_would_share_a_token() -> None:
    hosts = told("telegram")
    beta = {"name": "beta", "mode": "paper", "api_port": 9000, "strategy": "S"}
    hosts["third"] = variables({**beta, "config": {"telegram": {"enabled": True}}})
    [line] = judged(hosts, notify={"beta": {"telegram": TELEGRAM}})
    assert line.startswith("third beta: its Telegram token in secrets_notify is that of beta on paper-1, too; ")


MARK = hashlib.sha256(TOKEN.encode()).hexdigest()
KEPT = {"mark": MARK, "enabled": True}
CURE = (
    "; one bot, one token: have the BotFather make one for each, and put it into secrets_notify; a name of its own, "
    "too, for each bot"
)


def twice(there: dict[str, Any], given: dict[str, Any] | None = None, *, delta_on: bool = True) -> list[str]:
    """Return what is refused where beta on paper-1 has Telegram, delta on a third host may have, and hosts say this."""
    hosts = told("telegram")
    delta = {"name": "delta", "mode": "paper", "api_port": 9000, "strategy": "S"}
    hosts["third"] = variables({**delta, "config": {"telegram": {"enabled": delta_on}}})
    return [refusal.line for refusal in notify.polled_twice(fleet(hosts, notify=given), there)]


def test_a_token_that_two_bots_have_on_their_hosts_alone_is_refused() -> None:
    both = {"paper-1": {"beta": KEPT}, "third": {"delta": KEPT}}
    [line] = twice(both)
    assert (
        line
        == f"third delta: its Telegram token in its file of secrets on the host is that of beta on paper-1, too{CURE}"
    )
    assert twice({**both, "third": {"delta": {**KEPT, "mark": "another"}}}) == []
    assert twice(both, delta_on=False) == [], "it asks nobody, whatever its host still has"
    assert twice({"paper-1": {"beta": KEPT}}) == []


def test_a_token_of_the_inventory_is_compared_with_those_on_the_hosts() -> None:
    [line] = twice({"paper-1": {"beta": KEPT}}, {"delta": {"telegram": TELEGRAM}})
    assert line == f"third delta: its Telegram token in secrets_notify is that of beta on paper-1, too{CURE}"
    [line] = twice({"third": {"delta": KEPT}}, {"beta": {"telegram": TELEGRAM}})
    assert line.startswith(
        "third delta: its Telegram token in its file of secrets on the host is that of beta on paper-1"
    )


def test_a_token_that_the_inventory_replaces_does_not_count() -> None:
    new = {"delta": {"telegram": {**TELEGRAM, "token": f"987654322:{credential('another')[:35]}"}}}
    assert twice({"paper-1": {"beta": KEPT}, "third": {"delta": KEPT}}, new) == []


def test_a_bot_that_is_on_a_host_and_in_no_inventory_keeps_its_token() -> None:
    stray = {"paper-1": {"beta": KEPT, "old\u202ename": KEPT}}
    [line] = twice(stray)
    assert line.startswith(
        "paper-1 beta: its Telegram token in its file of secrets on the host is that of old\\u202ename, "
    )
    assert ", which is not in the inventory, too; " in line
    assert twice({"paper-1": {"beta": KEPT, "old": {**KEPT, "enabled": False}}}) == []


@pytest.mark.parametrize("said", [None, [MARK], {"beta": MARK}, {"beta": {"mark": 1, "enabled": True}}, {"beta": {}}])
def test_what_a_host_says_of_its_tokens_is_understood_or_refused(said: Any) -> None:
    [line] = twice({"paper-1": said})
    assert line.startswith("paper-1: what it says of its Telegram tokens cannot be understood; find out what answers ")


def test_an_enabled_messenger_has_its_secrets_here_or_on_its_host() -> None:
    seen = fleet(told("telegram", "webhook"), notify={"beta": {"webhook": WEBHOOK}})
    bots = [each for each in seen.bots if each.host == "paper-1"]
    [line] = [refusal.line for refusal in notify.missing(seen, bots, {"alpha": ["telegram"], "beta": ["discord"]})]
    assert line == (
        "paper-1 beta: telegram is enabled and has no secrets; put token and chat_id into "
        "secrets_notify.beta.telegram in secrets.yml"
    )
    assert list(notify.missing(seen, bots, {"beta": ["telegram"]})) == []


def test_a_webhook_whose_address_is_no_secret_may_have_it_in_its_configuration() -> None:
    hosts = told("webhook")
    section = bot(hosts, "beta")["config"]["webhook"]
    section["url"] = "https://freqops.org/posted"
    seen = fleet(hosts)
    assert judged(hosts) == []
    assert list(notify.missing(seen, seen.bots, {})) == []
    section["url"] = "http://freqops.org/posted"
    [line] = judged(hosts)
    assert line.startswith("paper-1 beta: config.webhook.url is not https; ")
    section["enabled"] = False
    assert judged(hosts) == []
