"""What it takes for a new file to be there after a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """A new name in `folder` is on disk only once the folder itself is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
