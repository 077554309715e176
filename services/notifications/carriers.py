"""Carriers: what takes a message to a telephone. Only here is a number ever in clear.

A carrier is told each message with its id and takes a repetition for the same message, so that an attempt whose end
nobody saw may be made again.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from shared.runtime.errors import Retryable
from shared.runtime.settings import Settings
from shared.security.sealing import Compartment, Keys, open_sealed

FIELD, LINK = "contact_way.value", "way_in.link"  # what intake sealed them as


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, its text, and the number it goes to, sealed; and so is the link that stands in some."""

    id: UUID
    person: UUID
    contact: bytes
    text: str
    language: str
    occasion: str
    at: datetime
    link: bytes | None = None


class CarrierAway(Retryable):
    """It did not take the message; it may later."""


class Carrier(Protocol):
    async def carry(self, letter: Letter) -> None:
        """Returns once the message is taken. Raises CarrierAway, or Erased where nobody may be written to any more."""


def outbox_of(settings: Settings) -> Path:
    return settings.home / "outbox" / "sms"


def forget(folder: Path, messages: Iterable[UUID]) -> None:
    """What lies there of these goes: a number stands in it in clear."""
    for id in messages:
        (folder / f"{id}.json").unlink(missing_ok=True)


class FileCarrier:
    """Stands in for a carrier: one file a message in a folder, written whole or not at all."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys

    async def carry(self, letter: Letter) -> None:
        number = await open_sealed(self._keys, letter.person, Compartment.CONTACT, FIELD, letter.contact)
        text = letter.text
        if letter.link is not None:
            link = await open_sealed(self._keys, letter.person, Compartment.CONTACT, LINK, letter.link)
            text = text.format(link=link)
        told = {
            "id": str(letter.id),
            "to": number,
            "text": text,
            "language": letter.language,
            "occasion": letter.occasion,
            "sent_at": letter.at.isoformat(),
        }
        try:
            self._write(letter.id, json.dumps(told, ensure_ascii=False, indent=2).encode())
        except OSError as error:
            raise CarrierAway(f"the outbox folder does not take a file: {error.strerror}") from error

    def _write(self, id: UUID, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{id}.{os.getpid()}.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(self._folder / f"{id}.json")
