"""``freqops-host lockout``: a secret that leaked is replaced, and proven to open nothing any more.

The bot is held first: with its password anyone could start it. The leaked secret is kept until the proof is complete,
so that a second run can bring it; only then is it forgotten. Whether Telegram, or the other side of a webhook, still
takes what leaked cannot be asked without telling somebody; of these it is proven that the bot runs with another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import api_doors, bot_secrets, layout, notify_secrets
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.halt.kill_level import KillLevel

from ..bot.engine import Engine
from ..bot.start import DEADLINE, LOCK_SECONDS, start_locked
from ..deploy.switch_files import SECRETS, STAGED, SwitchFiles
from ..exchange import witness
from ..halt.halt import halt
from ..halt.order import Order
from ..incident.journal import Journal
from . import leaked
from .leaked import API, EXCHANGE, MESSENGERS

# What of the file of secrets leaked.
PARTS = {API: "api_server", EXCHANGE: EXCHANGE, **{name: name for name in MESSENGERS}}
EXCHANGE_SECONDS = 60.0
PAUSE = 1.0
NO_NEW_KEY = (
    "{bot} keeps its old key: make another one at the exchange, put it into secrets_exchange in the inventory's "
    "secrets.yml, delete the old one at the exchange, and run this again"
)
NOTHING_NEW = (
    "{bot} keeps its old {what}: have another one made, put it into secrets_notify.{bot}.{what} in the inventory's "
    "secrets.yml, have the old one revoked, and run this again"
)
REVOKE = {
    "telegram": "the old token works until the BotFather revokes it: freqops cannot ask whether it did",
    "webhook": "the old address works until it is taken away where it was made: freqops cannot ask whether it was",
    "discord": "the old address works until the webhook is deleted in Discord: freqops cannot ask whether it was",
}
OLD_KEY_OPENS = "STILL OPEN: the exchange accepts a key that leaked; delete it there, and run this again"


@dataclass(frozen=True)
class Leak:
    """Secrets that leaked, and the mandate: ``api``, all that opens the REST API; ``exchange``; or a messenger."""

    what: str
    mandate: Mandate


@dataclass
class LockedOut(Outcome):
    """The outcome of a lockout: proven where the bot is halted and nothing that leaked opens anything, read back.

    Attributes:
        what: The kind of the secrets: ``api``, ``exchange``, or a messenger.
        halted: The verdict of the halt.
        incident: The incident of the hold in force.
        replaced: Whether the bot has other secrets now.
    """

    what: str = ""
    halted: str = ""
    incident: str = ""
    replaced: bool = False


def lock_out(home: Path, leak: Leak, journal: Journal, clock: Clock, engine: Engine) -> LockedOut:
    """Halt the bot, replace the leaked secret, and prove that it opens nothing.

    The successor of a key at the exchange must lie in the bot's staged secrets.
    """
    order = Order(KillLevel.ENTRIES, leak.mandate)
    row = halt([home], order, clock, engine)[0]
    result = LockedOut(
        home.name, what=leak.what, halted=row.verdict, incident=row.incident, level=row.level, detail=list(row.detail)
    )
    with durable.locked(Home(home).lock, LOCK_SECONDS, clock) as held:
        try:
            if not held:
                raise NotProven(f"another command is working on {home.name}; nothing was replaced")
            shut = _Lockout(home, result, journal, clock, engine).run()
        except (FreqopsError, OSError) as error:
            result.detail.append(str(error))
            shut = False
    if leak.what == EXCHANGE and shut and not row.proven:  # with a key that is shut, nobody could ask the exchange
        row = halt([home], order, clock, engine)[0]
        result.halted = row.verdict
        result.detail += [f"halted again, with what is new: {row.verdict}", *row.detail]
    result.proven = shut and row.proven
    return result


class _Lockout:
    """Replaces and proves; the caller holds the bot's lock."""

    def __init__(self, home: Path, result: LockedOut, journal: Journal, clock: Clock, engine: Engine) -> None:
        self._result, self._journal, self._clock, self._engine = result, journal, clock, engine
        self._files = SwitchFiles(home)
        self._bot = layout.load_bot(home)

    def run(self) -> bool:
        if self._files.unfinished:
            raise Refused(f"{self._bot.name}: a switch is not over; the timer takes it back, then run this again")
        before = durable.read_json(self._bot.conf / SECRETS)
        if not isinstance(before, dict):
            raise NotProven(f"{self._bot.conf / SECRETS} cannot be read; nothing was replaced")
        after = self._replaced(before)
        if after != before:
            self._replace(before, after)
        if self._result.what in MESSENGERS:
            return self._prove_messenger(made=after == before)
        return self._prove_api() if self._result.what == API else self._prove_exchange()

    # --- replace

    def _replaced(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the secrets that the bot is to have; the same where its new key is in use already."""
        if self._result.what == API:
            return bot_secrets.rotated(before)
        if self._result.what in MESSENGERS:
            return self._with_messenger(before)
        staged = durable.read_json(self._bot.home / STAGED / SECRETS)
        new = staged.get(EXCHANGE) if isinstance(staged, dict) else None
        if new and new != before.get(EXCHANGE):
            if not self._accepted(new, self._clock.monotonic() + EXCHANGE_SECONDS):
                raise NotProven(f"{self._bot.name} keeps its old key: the exchange does not accept the new one")
            return {**before, EXCHANGE: new}
        if not leaked.load(self._bot)[EXCHANGE]:
            raise NotProven(NO_NEW_KEY.format(bot=self._bot.name))
        return before

    def _with_messenger(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the secrets with another one for the messenger; the same where a run before this has written them."""
        what = self._result.what
        if not notify_secrets.has(before, what):
            raise NotProven(f"{self._bot.name} has no secrets of {what}; nothing was replaced")
        staged = durable.read_json(self._bot.home / STAGED / SECRETS)
        if isinstance(staged, dict) and notify_secrets.is_another(before, staged, what):
            return {**before, what: staged[what]}
        if not leaked.load(self._bot)[what]:
            raise NotProven(NOTHING_NEW.format(bot=self._bot.name, what=what))
        return before

    def _replace(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        what = self._result.what
        if before.get(PARTS[what]):
            leaked.add(self._bot, what, before[PARTS[what]])
        durable.write_json(self._bot.conf / SECRETS, after, leaked.PRIVATE, leaked.CONTAINER_OWNER)
        (self._bot.home / STAGED / SECRETS).unlink(missing_ok=True)  # made before this, it has what leaked
        self._journal.note("act", "disk", f"secrets replaced: {what}", durable=True)
        self._result.replaced = True
        self._start()

    def _start(self) -> None:
        started = start_locked(self._bot, self._clock, self._engine, DEADLINE, recreate=True)
        self._files.note_secrets(self._bot.release)
        self._result.level = started.level
        self._result.detail += started.detail

    # --- prove

    def _prove_api(self) -> bool:
        new = api_doors.Credentials.of(durable.read_json(self._bot.conf / SECRETS))
        port = self._bot.api_port
        if not api_doors.password_opens(port, new) or not api_doors.token_opens(port, new, self._now()):
            raise NotProven("its API does not accept the new password, or a token signed with the new key")
        still: list[str] = []
        for entry in leaked.load(self._bot)[API]:
            found = self._open_doors(port, api_doors.Credentials(*(str(entry[name]) for name in api_doors.NAMES)))
            if not found:
                leaked.forget(self._bot, API, entry)
            still += found
        self._result.detail += [f"STILL OPEN to what leaked: {door}" for door in still] or [
            "its API accepts the new password, and nothing that leaked"
        ]
        return not still

    def _open_doors(self, port: int, old: api_doors.Credentials) -> list[str]:
        doors: dict[str, Callable[[], bool]] = {
            "password": lambda: api_doors.password_opens(port, old),
            "a token signed with its key": lambda: api_doors.token_opens(port, old, self._now()),
            "the message stream": lambda: api_doors.stream_opens(port, old),
        }
        return [name for name, opens in doors.items() if opens()]

    def _prove_messenger(self, *, made: bool) -> bool:
        """Read back that the bot runs in a container that was made after its new secrets, which it reads at its start.

        Args:
            made: Whether a run before this one wrote them: it may have ended before it made the container.
        """
        if made:
            self._start()
        what, present = self._result.what, durable.read_json(self._bot.conf / SECRETS)
        if self._result.level >= holds.HARD:
            raise NotProven(
                f"{self._bot.name} has its new {what} and is held at level 3: resume it one step, then again"
            )
        old = leaked.load(self._bot)[what]
        if not isinstance(present, dict) or not all(
            notify_secrets.is_another({what: entry}, present, what) for entry in old
        ):
            raise NotProven(f"{self._bot.conf / SECRETS} does not have the new {what}")
        for entry in old:
            leaked.forget(self._bot, what, entry)
        self._result.detail += [f"the bot runs with the new {what}", REVOKE[what]]
        return True

    def _prove_exchange(self) -> bool:
        give_up = self._clock.monotonic() + EXCHANGE_SECONDS
        with witness.conversation(self._bot, self._journal, self._clock, self._engine) as talk:
            talk.ask("balances", give_up)
        still = False
        for entry in leaked.load(self._bot)[EXCHANGE]:
            if self._accepted(entry, give_up):
                still = True
            else:
                leaked.forget(self._bot, EXCHANGE, entry)
        self._result.detail.append(OLD_KEY_OPENS if still else "the exchange accepts the new key, and none that leaked")
        return not still

    def _accepted(self, key: dict[str, Any], give_up: float) -> bool:
        """Ask with a key until the exchange accepts or refuses it; no answer is neither.

        Raises:
            Unanswered: It did neither in time.
        """
        with (
            leaked.asking_with(self._bot, key) as conf,
            witness.conversation(self._bot, self._journal, self._clock, self._engine, conf) as talk,
        ):
            while True:
                try:
                    talk.once("balances", give_up)
                except witness.KeyRefused:
                    return False
                except witness.Unanswered:
                    if self._clock.monotonic() + PAUSE >= give_up:
                        raise
                    self._clock.sleep(PAUSE)
                else:
                    return True

    def _now(self) -> float:
        return self._clock.utcnow().timestamp()
