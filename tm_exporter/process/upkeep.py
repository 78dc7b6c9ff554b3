"""What the exporter does again and again beside its probes, whatever goes wrong."""

from collections.abc import Awaitable, Callable

import structlog


log = structlog.get_logger()


async def surely(part: str, look: Callable[[], Awaitable[object]]) -> None:
    """
    Look once; a fault of ours costs this look, and not all that would follow.

    Args:
        part: What is kept up, for the log.
        look: Does it.
    """
    try:
        await look()
    except Exception:
        log.exception("upkeep_failed", part=part)
