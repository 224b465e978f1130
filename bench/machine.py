"""What a run was made on and with."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "polars", "msgspec", "jieba", "rjieba")


def version() -> str:
    """Return the version of tongcha."""
    return library_version("tongcha")


def library_version(distribution: str) -> str:
    """Return a distribution's version, or `not installed`."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that can move a number."""
    return {name: library_version(name) for name in LIBRARIES}


def machine() -> dict[str, Any]:
    """Return what timings depend on: system, processor, cores, memory. No host or user names."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
