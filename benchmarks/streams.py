"""Streams, against the clock of the server that sent them."""

import json
from collections.abc import Callable, Iterator

from benchmarks.case import Case, Figures, Length, told_by
from benchmarks.parts import Parts, health_targets, truth_server


SCRAPED = 10_000
"""Series that are scraped each second, where any are."""

OF_TARGET = 4
"""Streams of one target at a time: fewer than it may have, so that none waits."""

PEERED = {"user-space": (200,), "httpx": (50, 200)}
"""Streams at a time at which others are asked too."""


def cases(parts: Parts, length: Length) -> Iterator[Case]:
    """Yield what is measured of streams."""
    for tls in (False, True):
        for streams in length.streams:
            for series in (0, SCRAPED):
                way = f"{'https' if tls else 'http'}, {streams} at a time"
                name = f"{way}, scraped" if series else way
                measure = _reading(parts, length, streams, series, tls=tls)
                rounds = 99 if streams in PEERED["httpx"] else 2
                yield Case("streams", name, measure, rounds)


def _reading(
    parts: Parts, length: Length, streams: int, series: int, *, tls: bool
) -> Callable[[], Figures]:
    """Return what measures so many streams at a time."""

    def measure() -> Figures:
        with truth_server(parts, tls=tls) as url:
            targets = health_targets(
                url,
                targets=-(-streams // OF_TARGET),
                probes=1,
                interval="5s",
                ca=parts.small_ca,
            )
            for target in targets:
                target["api_key"] = "a-key-of-nobody"
                target["probes"]["chat_stream"] = {}
            config = parts.folder / "streams.json"
            config.write_text(json.dumps({"targets": targets}))
            seconds = length.seconds * (2 if streams == 1 else 1)
            common = (streams, seconds, series)
            found = dict(told_by("stream_program", config, "tm-exporter", *common))
            for peer, streams_of_peer in PEERED.items():
                if not tls and streams in streams_of_peer:
                    its = told_by("stream_program", config, peer, *common)
                    found |= {f"{peer}, {key}": value for key, value in its.items()}
            return found

    return measure
