"""References: what one agency calls a thing of ours. Another agency's reference for the same thing is another.

They follow from the network's own secret, so that every service computes the same one without asking, and nobody
outside can tell from two references whether they mean the same thing.
"""

import hashlib
import hmac
from base64 import b32encode
from typing import Literal
from uuid import UUID

from shared.runtime.settings import Settings

LENGTH = 20  # characters of base32: 100 bits
Prefix = Literal["r", "s", "c"]  # referral, setback, consent


def reference(settings: Settings, agency_id: UUID, thing_id: UUID, prefix: Prefix = "r") -> str:
    """`r-mzxw6ytboi4dqnjsgq3d` for a referral, `s-...` for a setback, `c-...` for a consent."""
    secret = settings.signing_secret.get_secret_value().encode()
    digest = hmac.digest(secret, f"{agency_id}/{thing_id}".encode(), hashlib.sha256)
    return f"{prefix}-{b32encode(digest).decode().lower()[:LENGTH]}"
