"""Second factors: the six figures of an app, and ten recovery codes for the day the phone is lost. Each works once."""

import hashlib
import hmac
import secrets
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from markupsafe import Markup

STEP = 30  # seconds; RFC 6238, and what every app assumes
DIGITS = 6
DRIFT = 1  # steps that a phone's clock may be off, either way
SECRET = 20  # bytes: as long as the hash (RFC 4226)
RECOVERY_CODES = 10
RECOVERY = 10  # bytes of one: 80 bits, so a plain hash keeps it
ISSUER = "Throughcare"


def new_secret() -> str:
    return b32encode(secrets.token_bytes(SECRET)).decode()


def code_at(secret: str, step: int) -> str:
    totp = TOTP(b32decode(secret), DIGITS, SHA1(), STEP)  # noqa: S303  HMAC-SHA1 is what authenticator apps speak
    return totp.generate(step * STEP).decode()


def step_of(secret: str, code: str, now: float, last: int | None) -> int | None:
    """The step that `code` is of, if it is one of now and no later than none that was taken before; else None."""
    here = int(now // STEP)
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):  # all are looked at, whichever fits
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()) and step > (-1 if last is None else last):
            found = step
    return found


def address_of(secret: str, sign_in: str) -> str:
    """What the app reads from the picture."""
    label = quote(f"{ISSUER}:{sign_in}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER, 'digits': DIGITS, 'period': STEP})}"


def picture_of(address: str) -> Markup:
    """An SVG element: drawn here, so that the secret goes to nobody who draws pictures."""
    return Markup(segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000"))  # noqa: S704  drawn by us


def spelled(secret: str) -> str:
    """In fours, for whoever types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def is_of_app(code: str) -> bool:
    return len(code) == DIGITS and code.isdecimal()


def new_recovery_codes() -> list[str]:
    """`abcd-efgh-ijkl-mnop`: shown once, kept as hashes."""
    raw = (b32encode(secrets.token_bytes(RECOVERY)).decode().lower() for _ in range(RECOVERY_CODES))
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in raw]


def hash_of_recovery(code: str) -> bytes:
    """However it was typed."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def plain(code: str) -> str:
    """As people type the figures: with a space in the middle."""
    return "".join(code.split())
