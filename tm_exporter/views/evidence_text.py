"""Write a transcript for people, to be read or put into a ticket."""

from collections.abc import Iterator

from tm_exporter.logs.printable import printable
from tm_exporter.views.evidence import Headers, Part, Response, Step, Transcript


def render(transcript: Transcript) -> str:
    """Return the transcript as lines of plain text."""
    return "".join(f"{printable(line)}\n" for line in _lines(transcript))


def _lines(seen: Transcript) -> Iterator[str]:
    yield f"probe_id   {seen.probe_id}"
    yield f"probe      {seen.probe} of {seen.target} ({seen.surface})"
    if seen.model:
        yield f"model      {seen.model}"
    yield f"verdict    {'passed' if seen.success else f'failed: {seen.reason}'}"
    if seen.detail:
        yield f"detail     {seen.detail}"
    if seen.next_step:
        yield f"next step  {seen.next_step}"
    yield f"started    {seen.started_at.isoformat(timespec='milliseconds')}"
    yield f"duration   {_seconds(seen.duration_seconds)}"
    if seen.ttft_seconds is not None:
        yield f"ttft       {_seconds(seen.ttft_seconds)}"
    versions = [f"{name} {version}" for name, version in seen.versions.items()]
    yield f"versions   {', '.join(versions)}"
    for number, step in enumerate(seen.exchanges, 1):
        yield ""
        yield f"request {number} of {len(seen.exchanges)}"
        yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    yield f"  url      {step.request.url}"
    yield f"  peer     {step.peer_address or '-'}"
    phases = [f"{name} {_seconds(s)}" for name, s in step.phase_seconds.items()]
    yield f"  phases   {', '.join(phases) or '-'}"
    if step.certificate is not None:
        told = [f"{name} {value}" for name, value in step.certificate.items()]
        yield f"  tls      {', '.join(told)}"
    yield f"  > {step.request.line}"
    yield from _headers(">", step.request.headers)
    if step.response is not None:
        yield from _response(step.response)
    if step.fault is not None:
        fault = step.fault
        yield f"  ended    {fault['stage']}: {fault['kind']}: {fault['detail']}"


def _response(response: Response) -> Iterator[str]:
    yield f"  < HTTP/1.1 {response.status}"
    yield from _headers("<", response.headers)
    for name, value in response.request_ids.items():
        yield f"  request id: {value} ({name})"
    yield f"  body     {response.body_bytes} bytes"
    parts = response.events or response.pieces
    what = "event" if response.events else "piece"
    yield from (_part(what, number, part) for number, part in enumerate(parts, 1))


def _headers(mark: str, headers: Headers) -> Iterator[str]:
    return (f"  {mark} {name}: {value}" for name, value in headers)


def _part(what: str, number: int, part: Part) -> str:
    name = f"  {part.name}" if part.name else ""
    return f"  {what} {number:>3}  +{part.at_seconds:.4f} s  {part.bytes} bytes{name}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.3f} s"
