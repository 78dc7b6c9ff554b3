"""What may be spent, and what is left of it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Caps:
    """
    What may be spent in US dollars, the installation's share already applied.

    Attributes:
        daily: By this shard, where there are several.
        monthly: Likewise.
        shards: How many there are, each with caps like these.
    """

    daily: Decimal
    monthly: Decimal
    shards: int = 1


@dataclass(frozen=True, slots=True)
class Left:
    """
    What is left of day and month in US dollars; below zero if overspent.

    Reservations that are not settled are counted at their worst.

    Attributes:
        day: What is left of it.
        month: Likewise.
        withheld: Why it is less than this shard's part, for people; else empty.
    """

    day: Decimal
    month: Decimal
    withheld: str = ""


NOTHING = Left(Decimal(0), Decimal(0))
