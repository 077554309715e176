"""PINs, by argon2id, each mixed with the network's own secret: six figures alone would not outlast a stolen table.

Both PINs are always looked at, one after the other, whichever was typed and whether there is a second at all.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.intake.signing_in.passwords import Passwords
from services.intake.ways_in import WayIn, opens
from shared.runtime.settings import Settings
from shared.security.identity import NOBODY


@dataclass(frozen=True, slots=True)
class Pins:
    settings: Settings
    hashing: Passwords

    async def hash(self, person: UUID, pin: str) -> str:
        return await self.hashing.hash(self._mixed(person, pin))

    async def nobodys(self) -> str:
        """In the place of a second PIN that was never chosen: no table tells whether it was."""
        return await self.hashing.hash(secrets.token_urlsafe(16))

    async def judge(self, way: WayIn | None, given: str) -> Literal["whole", "harmless"] | None:
        """What `given` opens; it takes as long to say that it is nothing, or that there is nobody."""
        chosen = way is not None and way.pin is not None
        mixed = self._mixed(way.person if way else NOBODY, given)
        pin = await self.hashing.is_right(way.pin if way and chosen else None, mixed)
        second = await self.hashing.is_right(way.second if way and chosen else None, mixed)
        return opens(pin, second)

    def _mixed(self, person: UUID, pin: str) -> str:
        secret = self.settings.signing_secret.get_secret_value().encode()
        return hmac.digest(secret, b"throughcare.pin\0" + person.bytes + pin.encode(), "sha256").hex()
