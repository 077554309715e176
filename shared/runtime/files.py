"""What a file needs to be there after a power cut, and what tells that it was changed."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """A new name in `folder` is on disk only once the folder itself is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stamp(path: Path) -> tuple[int, int, int]:
    """What differs once the file was written or replaced. Raises OSError."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
