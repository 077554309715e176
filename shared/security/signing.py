"""The keys behind the tokens: Ed25519, in JWKS files. Only intake is given the private one; everybody verifies alone.

Both files are read again when they change, so keys rotate without a restart. A key that is on its way out carries the
second (`exp`) after which nobody believes it, so nothing has to come back later and take it away.
"""

import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.runtime.errors import ThroughcareError
from shared.runtime.files import stamp
from shared.runtime.settings import PREFIX, Settings

ALGORITHM: Literal["Ed25519"] = "Ed25519"
LOOK_AGAIN = 1.0  # seconds between looks at a file; a request costs no system call more often
HEARD_WITHIN = 3 * LOOK_AGAIN  # seconds until every process has read a new key
PRIVATE, PUBLIC = Path("signing") / "keys.json", Path("verifying") / "keys.json"  # folders: each is mounted by itself

Keys = Mapping[str, OKPKey]


class NotASigner(ThroughcareError):
    """This process may verify tokens, and was given no key to make any."""


class KeyFile:
    """The keys of a JWKS file by their ids. What was readable once stays in use while the file is not."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path, self._now = path, now
        self._seen: tuple[int, int, int] | None = None
        self._keys: Keys = {}
        self._next_look = 0.0
        self._read()
        if not self._keys:
            raise SystemExit(f"{path} holds no keys that can be read: run ./throughcare secrets, or up.")

    def keys(self) -> Keys:
        if self._now() >= self._next_look:
            self._read()
        return self._keys

    def _read(self) -> None:
        self._next_look = self._now() + LOOK_AGAIN
        try:
            seen = stamp(self._path)
            if seen != self._seen:
                self._keys, self._seen = _load(self._path), seen
        except (OSError, ValueError, KeyError, TypeError, JoseError):
            return  # half written, or away for a moment


class SigningKeys:
    """What a process may sign with, and what it verifies with."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._signing = KeyFile(settings.signing_keys, now) if settings.signing_keys else None
        self._verifying = KeyFile(settings.verifying_keys, now) if settings.verifying_keys else None
        self._derived: Keys = {}
        if settings.demo and self._verifying is None:
            key = _derived(settings)
            self._derived = {str(key.kid): key}

    def current(self) -> OKPKey:
        """The key that new tokens are signed with."""
        keys = self._signing.keys() if self._signing else self._derived
        if not keys:
            raise NotASigner(f"only intake signs: {PREFIX}SIGNING_KEYS names no file here")
        return next(iter(keys.values()))

    def known(self, kid: object, now: float) -> OKPKey | None:
        """The public key of that id. An id is looked up and is nothing else: no path, no address, no guess."""
        keys = self._verifying.keys() if self._verifying else self._derived
        key = keys.get(kid) if isinstance(kid, str) else None
        return None if key is None or now >= float(key.as_dict(private=False).get("exp", now + 1)) else key  # type: ignore[arg-type]


def ensure(folder: Path) -> None:
    """Make the first pair, where there is none yet."""
    if not (folder / PRIVATE).exists() or not (folder / PUBLIC).exists():
        key = _fresh()
        _write(folder / PUBLIC, [key], private=False)
        _write(folder / PRIVATE, [key], private=True)


async def rotate(folder: Path, token_life: float, sleep: Callable[[float], Awaitable[None]]) -> str:
    """A new key: announced, then in use, and the old ones out of use once no token of theirs lives. Its id.

    Ended at any point, it may be run again: nothing that was signed stops being believed.
    """
    ensure(folder)
    fresh, now = _fresh(), time.time()
    old = [key for key in _load(folder / PUBLIC).values() if _expiry(key) > now]
    _write(folder / PUBLIC, [*old, fresh], private=False)
    await sleep(HEARD_WITHIN)
    _write(folder / PRIVATE, [fresh], private=True)
    leaves = int(time.time() + token_life + HEARD_WITHIN) + 1
    leaving = [_import({**key.as_dict(private=False), "exp": min(_expiry(key), leaves)}) for key in old]
    _write(folder / PUBLIC, [fresh, *leaving], private=False)
    return str(fresh.kid)


def _expiry(key: OKPKey) -> float:
    return float(key.as_dict(private=False).get("exp", float("inf")))  # type: ignore[arg-type]


def _load(path: Path) -> Keys:
    """ValueError and its like for whatever is not a set of Ed25519 keys with ids: another kind is never tried."""
    found = [_import(parameters) for parameters in json.loads(path.read_text(encoding="utf-8"))["keys"]]
    if not found or not all(key.curve_name == ALGORITHM and key.kid for key in found):
        raise ValueError(f"{path} holds no keys, or another kind than {ALGORITHM} keys with ids")
    return {str(key.kid): key for key in found}


def _fresh() -> OKPKey:
    return OKPKey.generate_key(ALGORITHM, {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})


def _import(parameters: Mapping[str, Any]) -> OKPKey:
    return OKPKey.import_key(dict(parameters))


def _derived(settings: Settings) -> OKPKey:
    """The demo without files, tests most of all: a pair that follows from this machine's own secret."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"throughcare.demo.tokens.v1")
    private = Ed25519PrivateKey.from_private_bytes(hkdf.derive(settings.signing_secret.get_secret_value().encode()))
    return OKPKey.import_key(private, {"kid": "demo", "use": "sig", "alg": ALGORITHM})


def _write(path: Path, keys: Iterable[OKPKey], *, private: bool) -> None:
    """Whole or not at all: a reader meets the old file or the new one, under the rights that the old one had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps({"keys": [key.as_dict(private=private) for key in keys]}, indent=1)
    draft.unlink(missing_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600 if private else 0o644
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
