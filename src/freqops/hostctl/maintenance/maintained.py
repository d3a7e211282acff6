"""A database that is maintained, of either kind, and one act on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from freqops.core.maintenance.figures import Figures, Table


@dataclass(frozen=True)
class Act:
    """One act on a database.

    Attributes:
        what: The table, or what else it was done to.
        done: Whether it was done, read back.
        said: What there is to say of it; why not, where it was not done.
        seconds: How long it took.
        goes_on: Whether the next act may follow: what stood in the way is of this table alone.
    """

    what: str
    done: bool
    said: str = ""
    seconds: float = 0.0
    goes_on: bool = True


class Maintained(Protocol):
    """A database that is maintained."""

    def figures(self) -> Figures:
        """Return its figures now.

        Raises:
            FreqopsError: It does not answer, or not with figures.
        """

    def refuse_unless_sound(self) -> None:
        """Have it look at itself.

        Raises:
            DatabaseError: Something in it is spoilt, or it does not answer.
        """

    def free(self) -> int:
        """Return the bytes that are left where it grows.

        Raises:
            FreqopsError: That is not known.
            OSError: Likewise.
        """

    def at_work(self) -> str:
        """Return why an earlier maintenance is not over; empty where it is.

        Raises:
            FreqopsError: It does not answer.
        """

    def largest(self, tables: tuple[Table, ...]) -> int:
        """Return the bytes that are written anew at a time at most, where these tables are."""

    def online(self) -> list[Act]:
        """Do what disturbs nobody who reads or writes, and read it back."""

    def full(self, table: Table | None) -> Act:
        """Write a table anew, or all of it where None, and read that back."""
