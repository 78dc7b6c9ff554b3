"""What is asked of the machine: processors, their time, memory, and how quiet it is."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path


ROOT = Path(__file__).parents[1]
LEAN = ROOT / ".tools/lean/bin/python"
"""A Python with what an operator installs, and nothing that only developers have."""


_AUTOGROUP = Path("/proc/self/autogroup")


@cache
def cores() -> tuple[int, int]:
    """
    Return the processor of what is measured, and the one of all that is beside it.

    They are the same where there is only one; no figure is worth much there.
    """
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def _on(core: int, *command: str) -> list[str]:
    return ["taskset", "-c", str(core), *command]


def python() -> str:
    """Return the Python that the exporter is measured with."""
    return str(LEAN) if LEAN.exists() else sys.executable


def stay_beside() -> None:
    """Leave the processor of what is measured to it."""
    os.sched_setaffinity(0, {cores()[1]})


def measured(*command: str) -> list[str]:
    """Return a command bound to the processor of what is measured."""
    return [*_before_others(), *_on(cores()[0], *command)]


def beside(*command: str) -> list[str]:
    """Return a command bound to the other processor."""
    return _on(cores()[1], *command)


def punctual(*command: str) -> list[str]:
    """Return a command on the other processor that no other program there delays."""
    real_time = ("chrt", "-f", "1")
    return beside(*(real_time if _works(*real_time, "true") else ()), *command)


def unbound(*command: str) -> list[str]:
    """Return a command that may use both."""
    both = ",".join(map(str, sorted({*cores()})))
    return [*_before_others(), "taskset", "-c", both, *command]


@contextmanager
def preferred() -> Iterator[None]:
    """
    Go before whatever other sessions of the machine do, where that is allowed.

    Where Linux groups processes by session, how nice they are counts only within it.
    """
    before = re.search(r"nice (-?\d+)", _read(_AUTOGROUP))
    with suppress(OSError):
        _AUTOGROUP.write_text("-20")
    try:
        yield
    finally:
        if before:
            with suppress(OSError):
                _AUTOGROUP.write_text(before[1])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@cache
def _before_others() -> tuple[str, ...]:
    """Return what puts a command before all that happens to run besides."""
    prefix = ("nice", "--adjustment=-10")
    return prefix if _works(*prefix, "true", quietly=True) else ()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the threads of a process took, exact to ns."""
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


def resident_mb(pid: int) -> float:
    """Return the memory of a process that is in use (RSS), in MB of 1e6 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def private_mb(pid: int) -> float:
    """Return what of it is shared with no other process, in MB of 1e6 bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = sum(
        int(line.split()[1])
        for line in rollup.splitlines()
        if line.startswith(("Private_Clean", "Private_Dirty"))
    )
    return kilobytes * 1024 / 1e6


@contextmanager
def stolen() -> Iterator[dict[str, float]]:
    """Note which share of the time other guests of the host took, in percent."""
    found: dict[str, float] = {}
    before = _ticks()
    yield found
    spent = [now - then for now, then in zip(_ticks(), before, strict=True)]
    found["stolen %"] = 100 * spent[7] / max(1, sum(spent))


def _ticks() -> list[int]:
    """Return the ticks of all processors by state; the eighth is what was stolen."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    return [int(word) for word in line.split()[1:9]]


def noise(machine: Path, seconds: int) -> Mapping[str, float]:
    """Return by how many microseconds a program that sleeps a millisecond is late."""
    words = _told(measured(str(machine), "wake", str(seconds))).split()
    return dict(zip(("p50 us", "p99 us", "max us"), map(float, words), strict=True))


@contextmanager
def kept_awake(machine: Path) -> Iterator[None]:
    """Keep both processors from halting, by work that gives way to any other."""
    spinning = [
        # In sessions of their own, or they would have a share of ours.
        subprocess.Popen(
            _on(core, str(machine), "spin", "900"),
            start_new_session=True,
        )
        for core in set(cores())
    ]
    for process in spinning:
        with suppress(OSError):
            Path(f"/proc/{process.pid}/autogroup").write_text("19")
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def _works(*command: str, quietly: bool = False) -> bool:
    """Whether a command ends well; `quietly`: and complains of nothing, either."""
    done = subprocess.run(command, check=False, capture_output=True)
    return done.returncode == 0 and not (quietly and done.stderr)


def facts() -> dict[str, str]:
    """Return what the machine is, and what runs on it."""
    script = (
        "import platform, ssl;"
        "print(platform.python_version(), '/', ssl.OPENSSL_VERSION)"
    )
    return {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "kernel": platform.release(),
        "Python / OpenSSL": _told([python(), "-c", script]).strip(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _told(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
