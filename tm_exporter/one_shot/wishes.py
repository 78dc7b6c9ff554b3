"""What someone asks for out of turn, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tm_exporter.catalog import Family
from tm_exporter.observation import Probe
from tm_exporter.sinks.series import Rows


@dataclass(frozen=True, slots=True)
class Wish:
    """
    Probes that someone wants to run now, by the names that are configured.

    Attributes:
        target: Whose.
        probe: Only those of this name; None for all.
        model: Only those that ask this model; None for all.
    """

    target: str
    probe: str | None = None
    model: str | None = None


class Refused(Exception):  # noqa: N818 -- what becomes of a wish
    """
    A wish is not met; the text is a sentence for people.

    Attributes:
        status: What HTTP calls it.
        retry_after: Seconds after which it may be met; None where nobody knows.
    """

    def __init__(
        self, status: int, sentence: str, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    What a wish comes down to.

    Attributes:
        wish: As it was told.
        probes: Those that will run.
        left_out: For each that will not, its name and why.
    """

    wish: Wish
    probes: Sequence[Probe]
    left_out: Sequence[str] = ()

    @property
    def costs(self) -> bool:
        """Whether any of it costs money."""
        return any(probe.section.paid for probe in self.probes)


@dataclass(frozen=True, slots=True)
class Granted:
    """
    What came of a wish.

    Attributes:
        families: The series of its runs alone, in the order of the catalogue.
        left_out: For each probe that did not run, its name and why.
    """

    families: Sequence[tuple[Family, Rows]]
    left_out: Sequence[str] = ()


class Asker(Protocol):
    """Runs probes for whoever asks."""

    def choose(self, wish: Wish, /) -> Chosen:
        """Return what a wish comes down to, or raise Refused; nothing runs yet."""
        ...

    async def run(self, chosen: Chosen, seconds: float, /) -> Granted:
        """Run it within a time, or raise Refused; may be cancelled at any moment."""
        ...


class Nobody:
    """Runs nothing: no target is configured."""

    def choose(self, _: Wish, /) -> Chosen:
        """Refuse."""
        raise Refused(404, "no target of this name is configured here")

    async def run(self, _: Chosen, __: float, /) -> Granted:
        """Do nothing."""
        return Granted(())
