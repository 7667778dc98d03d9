"""Resident memory of this process, in bytes; None where the platform does not tell."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_KIB = 1024


def resident_bytes() -> int | None:
    """Now, on Linux; the peak so far elsewhere."""
    return _linux("VmRSS:") if _STATUS.exists() else _peak_of_unix()


def peak_bytes() -> int | None:
    """The highest so far."""
    # On Linux ru_maxrss of a process begins with that of the one which started it.
    return _linux("VmHWM:") if _STATUS.exists() else _peak_of_unix()


def _linux(field: str) -> int | None:
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * _KIB
    return None


def _peak_of_unix() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB
