"""Read how much the sender of a request likes a form of the answer."""


def quality(header: str, name: str, version: str | None = None) -> float:
    """
    Return how much a name is liked, from 0 (or not named) to 1.

    Args:
        header: An `Accept` or `Accept-Encoding` header, empty where it is missing.
        name: A media type or a coding. It must be named itself: a wildcard, such
            as browsers send, is no wish for it.
        version: An entry that has another version does not count.
    """
    likings = [0.0]
    for entry in header.split(","):
        kind, *rest = (part.strip().lower() for part in entry.split(";"))
        parameters = dict(part.partition("=")[::2] for part in rest)
        if kind == name and parameters.get("version", version) == version:
            likings.append(_number(parameters.get("q", "1")))
    return max(likings)


def _number(text: str) -> float:
    """Return a weight, 0 if it is none."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
