"""What may be spent, and what is left of it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent in US dollars, the installation's share already applied."""

    daily: Decimal
    monthly: Decimal


@dataclass(frozen=True, slots=True)
class Left:
    """
    What is left of day and month in US dollars; below zero if overspent.

    Reservations that are not settled are counted at their worst.
    """

    day: Decimal
    month: Decimal


NOTHING = Left(Decimal(0), Decimal(0))
