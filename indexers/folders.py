"""Folders that hold an index: making an empty one, measuring one."""

import shutil
from pathlib import Path


def empty_folder(folder: Path) -> Path:
    """Make `folder` exist and hold nothing, deleting what it held; give it only folders that belong to an index."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def folder_bytes(folder: Path) -> int:
    """Return the summed sizes of all files in `folder` and below, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
