"""What a page of metrics says of a probe."""

from tests.e2e.daemon import parsed


def has_passed(text: str, probe: str) -> bool:
    """Whether its last run passed; not as long as there is none."""
    return parsed(text).total("tensormesh_probe_success", probe=probe) == 1
