"""How much memory this process has used."""

import resource
import sys
from pathlib import Path


def peak_memory_bytes() -> int:
    """Return the peak resident memory of this process since it started its program.

    Linux's VmHWM is read rather than ru_maxrss, which also counts what the parent had before the program started.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
