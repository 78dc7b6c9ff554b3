"""How a step of an exchange says that there is nothing to go on with."""

from tm_exporter.exchange import FaultKind, Stage


class Ended(Exception):  # noqa: N818 -- an end, which is what the transport catches
    """
    The exchange is over before it is complete.

    Attributes:
        kind: What happened.
        detail: One line for people.
        stage: Where, if not in the stage that the exchange had come to.
        refused: A certificate was shown, and not believed.
    """

    def __init__(
        self,
        kind: FaultKind,
        detail: str,
        *,
        stage: Stage | None = None,
        refused: bool = False,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.stage = stage
        self.refused = refused
