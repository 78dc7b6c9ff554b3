"""All dashboards, as the text of their files."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.source import deployments, exporter, inference, money, overview


_BOARDS = {
    "overview": overview.board,
    "inference": inference.board,
    "money": money.board,
    "deployments": deployments.board,
    "exporter": exporter.board,
}


def files() -> dict[str, str]:
    """Return by name of the file what is in it."""
    return {
        f"tensormesh-{name}.json": _text(build()) for name, build in _BOARDS.items()
    }


def _text(board: object) -> str:
    return json.dumps(board, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
