"""The secrets of this machine's network: one file each, made on first use, readable by their owner only.

A file each, so that a process can be handed exactly its own (`THROUGHCARE_KAFKA_PASSWORD_FILE`).
"""

import os
import re
import secrets
from pathlib import Path

from shared.local import trouble
from shared.runtime.files import sync_folder

NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
BYTES = 32  # 43 characters of base64: long enough to sign cookies and to wrap keys with


class Passwords:
    """Names are `<system>.<user>`: `kafka.caseplan`, `postgres.caseplan_owner`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of the secret `name`, made if there is none yet."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't name a secret")
        path = self.folder / name
        if not path.exists():
            self._make(path)
        return path

    def of(self, name: str) -> str:
        path = self.path(name)
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise trouble.of_disk(error, f"read the secret {path}") from error

    def keep(self, name: str, secret: str) -> None:
        """Put `secret` in the place of whatever `name` held: how a password is rotated."""
        self.path(name)
        fresh = self._draft(self.folder / name, secret)
        fresh.replace(self.folder / name)
        sync_folder(self.folder)  # before anything is locked with it that nothing else opens

    def forget(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def _make(self, path: Path) -> None:
        """Written aside and linked: two processes starting at once agree on the first one's secret."""
        draft = self._draft(path, secrets.token_urlsafe(BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # somebody else was first; theirs counts
        except OSError as error:
            raise trouble.of_disk(error, f"write the secret {path}") from error
        finally:
            draft.unlink(missing_ok=True)

    def _draft(self, path: Path, secret: str) -> Path:
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise trouble.of_disk(error, f"write a secret into {self.folder}") from error
        return draft
