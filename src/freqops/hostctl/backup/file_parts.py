"""The parts of a snapshot that are plain files: runs, logs and secrets, added where they are missing."""

from __future__ import annotations

from freqops.core.backup import parts
from freqops.core.backup.destinations import Destination
from freqops.core.backup.parts_answer import LEAVE_OUT, SAME
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot import layout

from . import fitness
from .part_plan import Plan, Step, Taken

NO_FILE = "what its container said is no file of the host; backup.yml -e action=export has it"
NOT_HERE = "{bot} is not on this host: deploy it first, or name other bots"


class FilePart:
    """Plain files of a snapshot that was taken out; see `Part`."""

    def __init__(self, taken: Taken, part: str) -> None:
        self._taken, self._part = taken, part
        self._files = taken.files(part)

    def plan(self) -> Plan:
        """Return what is to be done; see `Part`."""
        plan = Plan()
        for where, file in self._files:
            try:
                if not where.path:
                    plan.steps.append(Step(self._part, file.path, LEAVE_OUT, NO_FILE))
                    continue
                if where.bot and not self._taken.is_here(where.bot):
                    raise Refused(NOT_HERE.format(bot=where.bot))
                step = self._taken.file_step(where, file, replaces=True)
                if self._part == parts.SECRETS and step.what != SAME:
                    self._refuse_while_it_lives(where)
                plan.steps.append(step)
            except (FreqopsError, OSError) as error:
                text = str(error)
                plan.in_the_way.append(text if where.path in text or not where.path else f"{where.path}: {text}")
        return plan

    def _refuse_while_it_lives(self, where: Destination) -> None:
        if where.bot and fitness.may_trade(layout.load_bot(self._taken.home(where.bot))):
            raise Refused(f"{where.bot} has a process, which would go on with the secrets of now: {fitness.HALT}")
