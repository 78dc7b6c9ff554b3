"""Everything that a measurement needs beside it: built, written or started here."""

import json
import re
import signal
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from benchmarks.machine import ROOT, measured, punctual, python, unbound


BLACKBOX = ROOT / ".tools/bench/usr/bin/prometheus-blackbox-exporter"
_HEADERS = ROOT / ".tools/bench/usr/include"
_SOURCES = Path(__file__).parent / "truth"
_SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")


class PartMissingError(Exception):
    """Something that `make bench` provides is not there."""


@dataclass(frozen=True, slots=True)
class Parts:
    """
    What a run of measurements works with.

    Attributes:
        server: The program of truth/server.c.
        machine: That of truth/machine.c.
        small_ca: The authority of the server's certificate, alone.
        large_ca: The same among those that the system believes.
        certificate: The server's, with its key in the file after that.
        folder: Where all of it is, and where more may be written.
    """

    server: Path
    machine: Path
    small_ca: Path
    large_ca: Path
    certificate: Path
    key: Path
    folder: Path


def prepare(folder: Path) -> Parts:
    """
    Build and write what is needed.

    Raises:
        PartMissingError: There is no compiler, or no header of OpenSSL.
    """
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = authority.issue_cert("localhost", key_type=trustme.KeyType.ECDSA)
    parts = Parts(
        server=_built("server", folder),
        machine=_built("machine", folder),
        small_ca=folder / "small.pem",
        large_ca=folder / "large.pem",
        certificate=folder / "leaf.pem",
        key=folder / "leaf.key",
        folder=folder,
    )
    own = authority.cert_pem.bytes()
    system = _SYSTEM_CA.read_bytes() if _SYSTEM_CA.exists() else b""
    parts.small_ca.write_bytes(own)
    parts.large_ca.write_bytes(system + own)
    parts.certificate.write_bytes(b"".join(p.bytes() for p in leaf.cert_chain_pems))
    parts.key.write_bytes(leaf.private_key_pem.bytes())
    return parts


def _built(name: str, folder: Path) -> Path:
    """Compile one of the programs in C."""
    program = folder / name
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    command = ["cc", "-O2", "-o", str(program), str(_SOURCES / f"{name}.c")]
    includes = [f"-I{_HEADERS}", f"-I{_HEADERS / multiarch}"]
    libraries = ["-l:libssl.so.3", "-l:libcrypto.so.3"]
    try:
        subprocess.run([*command, *includes, *libraries], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PartMissingError(f"{name}.c does not compile: {error}") from error
    return program


@contextmanager
def running(
    command: Sequence[str], ready: str, *, errors: Path | None = None
) -> Iterator[tuple[int, str]]:
    """
    Run a program until the block ends.

    Args:
        command: The program.
        ready: Matches the line on its output (or error output) that says so.
        errors: A file for the error output, else it is read like the other.

    Yields:
        Its process id, and the first group of that line.
    """
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors is None else errors.open("w"),
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process.pid, _announced(process, ready, errors)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _announced(process: subprocess.Popen[str], ready: str, errors: Path | None) -> str:
    """Return the first group of the line that says that a program is ready."""
    told = []
    for line in process.stdout or ():
        told.append(line)
        if found := re.search(ready, line):
            return found[1]
    said = "".join(told) if errors is None else errors.read_text()
    raise PartMissingError(f"{process.args!r} ended: {said[-2000:]}")


@contextmanager
def truth_server(
    parts: Parts,
    *,
    tls: bool = False,
    first: tuple[int, int] = (100, 400),
    gap: int = 25,
    tokens: int = 40,
) -> Iterator[str]:
    """
    Run the truth server beside what is measured, and yield its address.

    Args:
        parts: Where it is.
        tls: Whether it speaks TLS.
        first: Milliseconds until a stream's first token, at least and at most.
        gap: Mean milliseconds between two tokens.
        tokens: Of a stream.
    """
    numbers = [str(number) for number in (0, *first, gap, tokens)]
    secure = [str(parts.certificate), str(parts.key)] if tls else []
    command = punctual(str(parts.server), *numbers, *secure)
    with running(command, r"^ready (\d+)") as (_, port):
        yield f"{'https' if tls else 'http'}://localhost:{port}"


@contextmanager
def blackbox(parts: Parts, ca: Path | None) -> Iterator[tuple[int, str]]:
    """
    Run Debian's blackbox_exporter; yield its process and the start of its addresses.

    Raises:
        PartMissingError: It was not fetched.
    """
    if not BLACKBOX.exists():
        raise PartMissingError("make .tools/bench/.complete fetches blackbox_exporter")
    http: dict[str, Any] = {
        "preferred_ip_protocol": "ip4",
        "fail_if_body_not_matches_regexp": ['"status":"ok"'],
    }
    if ca is not None:
        http["tls_config"] = {"ca_file": str(ca)}
    modules = {"health": {"prober": "http", "timeout": "5s", "http": http}}
    file = parts.folder / "blackbox.json"  # JSON is YAML
    file.write_text(json.dumps({"modules": modules}))
    command = measured(
        str(BLACKBOX), f"--config.file={file}", "--web.listen-address=127.0.0.1:0"
    )
    with running(command, r"Listening on.*address=(\S+)") as (pid, address):
        yield pid, f"http://{address}/probe?module=health&target="


@contextmanager
def exporter(
    folder: Path, targets: Sequence[Mapping[str, Any]], *, bound: bool = True
) -> Iterator[tuple[int, str]]:
    """
    Run the exporter on its processor; yield its process and its address.

    Args:
        folder: For its configuration and its state; both are made anew.
        targets: As in its configuration.
        bound: Whether it has only the processor of what is measured.
    """
    file = folder / "config.json"
    state = folder / "state"
    config = {"state_dir": str(state), "targets": list(targets)}
    file.write_text(json.dumps(config))
    command = (python(), "-m", "tm_exporter", "run")
    given = ("--config", str(file), "--listen", "127.0.0.1:0")
    whole = (measured if bound else unbound)(*command, *given)
    with running(whole, r"^listening on (\S+)", errors=folder / "log") as found:
        yield found


def health_targets(
    url: str, *, targets: int, probes: int, interval: str, ca: Path | None = None
) -> list[dict[str, Any]]:
    """Return targets that are asked for their health, and for nothing else."""
    off = ("version", "models", "tokenize", "chat_stream", "chat", "completions")
    more = ("completions_stream", "responses", "responses_stream", "kv_cache")
    health = {"kind": "health", "interval": interval, "timeout": interval}
    named = {f"health_{at}": health for at in range(1, probes)}
    asked = dict.fromkeys((*off, *more), False)
    health_itself = {k: v for k, v in health.items() if k != "kind"}
    return [
        {
            "name": f"target-{at}",
            "surface": "serverless",
            "base_url": url,
            "models": ["m"],
            **({} if ca is None else {"ca_bundle": str(ca)}),
            "probes": {**asked, "health": health_itself, **named},
        }
        for at in range(targets)
    ]
