"""What a process does at a signal."""

from pathlib import Path
from signal import Signals


def catches(pid: int, number: Signals) -> bool:
    """Whether a process does something of its own at a signal."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    caught = status.partition("SigCgt:\t")[2].split()[0]
    return bool(int(caught, 16) & 1 << number - 1)
