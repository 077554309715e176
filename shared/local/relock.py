"""`python -m shared.local.relock [ROOT ...]`: writes jars.lock anew for these Maven coordinates, or for those it names.

Rare, and looked at before it is committed: whatever the repository sends that day is what everybody gets from then on.
"""

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from jgo.maven import MavenContext

from shared.local.jars import LOCK, Jar, repository, sum_of

HEADER = (
    "# The jars of the embedded Kafka: Maven coordinate, SHA-256, bytes. "
    "`python -m shared.local.relock` writes this file."
)
ROOTS = "# Roots: "


def roots_of(lock: Path) -> list[str]:
    """The coordinates that a lock was made from."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix(ROOTS).split() for line in lines if line.startswith(ROOTS)), [])


def resolve(roots: Sequence[str], cache: Path) -> list[Jar]:
    """The jars of `roots` and of all that they need to run, as the repository has them now."""
    context = MavenContext(repo_cache=cache, local_repos=[], remote_repos={"here": repository()}, timeout=60)
    asked = [context.create_dependency(root) for root in roots]
    found, needed = context.resolver.resolve(asked)
    return [_jar(dependency.artifact) for dependency in (*found, *needed) if dependency.type == "jar"]


def _jar(artifact: object) -> Jar:
    path: Path = artifact.resolve()  # type: ignore[attr-defined]
    group, name, version = (getattr(artifact, part) for part in ("groupId", "artifactId", "version"))
    return Jar(group, name, version, sum_of(path), path.stat().st_size)


def text_of(roots: Sequence[str], jars: Iterable[Jar]) -> str:
    lines = sorted(f"{jar} {jar.sha256} {jar.size}" for jar in set(jars))
    return "\n".join([HEADER, ROOTS + " ".join(roots), *lines]) + "\n"


def main(arguments: Sequence[str]) -> None:
    roots = list(arguments) or roots_of(LOCK)
    with tempfile.TemporaryDirectory() as cache:
        text = text_of(roots, resolve(roots, Path(cache)))
    before = LOCK.read_text(encoding="utf-8")
    LOCK.write_text(text, encoding="utf-8")
    print("jars.lock is as it was." if text == before else "jars.lock is written: look at what changed.")


if __name__ == "__main__":
    main(sys.argv[1:])
