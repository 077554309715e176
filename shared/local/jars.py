"""The jars of the embedded Kafka: exactly those of `jars.lock`, each checked by its SHA-256, kept in a shared cache.

The lock is ours because the resolver writes sums but never checks them, and takes 7 to 16 seconds to resolve again.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from jgo.constants import MAVEN_CENTRAL_URL

from shared.local import trouble
from shared.local.trouble import Trouble

LOCK = Path(__file__).with_name("jars.lock")
AT_ONCE = 8
TRIES = 4
PAUSE = 0.5  # seconds before the second try, twice that before the third
Progress = Callable[[int, int], None]  # jars in place, jars in all


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def address(self) -> str:
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file}"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(path: Path = LOCK) -> tuple[Jar, ...]:
    """Every jar the lock names; raises Trouble naming the line that can't be read."""
    jars = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{path} can't be read ({error}); restore it with `git checkout -- {path.name}`.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            coordinate, sha256, size = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, bytes.fromhex(sha256).hex(), int(size)))
        except ValueError as error:
            raise Trouble(
                f"Line {number} of {path} is not `group:artifact:version sha256 bytes`; restore the file from git."
            ) from error
    return tuple(jars)


def cache_folder() -> Path:
    """Shared by all checkouts of one user: THROUGHCARE_JARS, or the user's own cache."""
    named = os.environ.get("THROUGHCARE_JARS")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "throughcare" / "jars"


def repository() -> str:
    return os.environ.get("THROUGHCARE_MAVEN", MAVEN_CENTRAL_URL).rstrip("/")


def sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(jars: Sequence[Jar], folder: Path) -> list[Path]:
    """The paths of all jars, after reading each one; raises Trouble for the first that is not what was locked."""
    paths = [folder / jar.file for jar in jars]
    for jar, path in zip(jars, paths, strict=True):
        if path.stat().st_size != jar.size or sum_of(path) != jar.sha256:
            raise Trouble(
                f"{path} is not the {jar} that jars.lock names (its SHA-256 differs): "
                "delete that file and run the same command again."
            )
    return paths


async def ensure(folder: Path | None = None, progress: Progress = lambda done, total: None) -> list[Path]:
    """All jars of the lock in the cache, fetched where missing and verified; their paths."""
    jars, folder = read_lock(), folder or cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = [jar for jar in jars if not (folder / jar.file).exists()]
        if missing:
            await _fetch_all(missing, folder, len(jars), progress)
        return await asyncio.to_thread(verify, jars, folder)
    except OSError as error:
        raise trouble.of_disk(error, f"keep the Kafka jars in {folder}") from error


async def _fetch_all(missing: Sequence[Jar], folder: Path, total: int, progress: Progress) -> None:
    done = total - len(missing)
    progress(done, total)
    gate = asyncio.Semaphore(AT_ONCE)
    timeout = httpx.Timeout(30.0, connect=10.0)
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=True) as client:

        async def one(jar: Jar) -> None:
            nonlocal done
            async with gate:
                await _fetch(client, jar, folder / jar.file)
            done += 1
            progress(done, total)

        tasks = [asyncio.create_task(one(jar)) for jar in missing]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _fetch(client: httpx.AsyncClient, jar: Jar, target: Path) -> None:
    """One jar, tried again after a cut or refused connection, put in place only when its sum is right."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    why = ""
    try:
        for attempt in range(TRIES):
            await asyncio.sleep(PAUSE * attempt)
            try:
                why = await _download(client, jar, part)
            except httpx.HTTPError as error:
                why = f"the connection failed ({type(error).__name__}: {error})"
                continue
            if not why:
                part.replace(target)
                return
        raise Trouble(
            f"Could not fetch {jar}: {why}; check the network, or name a mirror with THROUGHCARE_MAVEN, "
            "and run the same command again."
        )
    finally:
        part.unlink(missing_ok=True)


async def _download(client: httpx.AsyncClient, jar: Jar, part: Path) -> str:
    """Empty when all came and the sum is right, else what to try again for. A wrong sum is refused at once."""
    digest, size = hashlib.sha256(), 0
    async with client.stream("GET", f"{repository()}/{jar.address}") as answer:
        if answer.status_code != 200:
            return f"the repository answered {answer.status_code}"
        with part.open("wb") as file:
            async for chunk in answer.aiter_bytes():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
    if size < jar.size:
        return f"the download was cut short at {size:,} of {jar.size:,} bytes"
    if digest.hexdigest() != jar.sha256:
        raise Trouble(
            f"Refused {jar}: what the repository sent has another SHA-256 than jars.lock; "
            "check THROUGHCARE_MAVEN, and don't use that mirror until it agrees."
        )
    return ""
