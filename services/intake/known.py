"""By what an issuer elsewhere knows one of our staff: kept as a blind index, since it is often an e-mail address."""

from string import ascii_lowercase, ascii_uppercase

from shared.security.blind import NETWORK, blind, blind_key
from shared.security.sealing import Keys

SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


async def index_of(keys: Keys, known_as: str) -> bytes:
    return blind(await blind_key(keys, NETWORK, "account.known_as"), plain(known_as))


def plain(typed: str) -> str:
    """As an administrator types it, and as an issuer writes it.

    A to Z alone: to Unicode straße and strasse, or fi in one letter and in two, are the same, and to whoever gives
    out addresses they are two people.
    """
    return typed.strip().translate(SMALL)
