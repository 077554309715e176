"""Tells the story as it happens: who sees what, in words anyone understands, and whether it was really seen."""

import time
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact, as one of the three sides saw it."""

    chapter: str
    who: str
    fact: str
    seconds: float


@dataclass
class Telling:
    """`quiet` tells nothing and keeps everything, for `--json`."""

    quiet: bool = False
    seen: list[Seen] = field(default_factory=list)
    missing: str = ""
    _chapter: str = ""
    _count: int = 0
    _at: float = field(default_factory=time.monotonic)

    def chapter(self, title: str) -> None:
        self._count += 1
        self._chapter = title
        self._at = time.monotonic()
        if not self.quiet:
            print(f"\n{self._count}. {title}")

    def saw(self, who: str, fact: str) -> None:
        """`who` really saw it: call this after looking, never before."""
        now = time.monotonic()
        self.seen.append(Seen(self._chapter, who, fact, round(now - self._at, 2)))
        self._at = now
        if not self.quiet:
            print(f"   {who:<14} {fact}")

    def report(self) -> dict[str, object]:
        return {"ok": not self.missing, "missing": self.missing, "seen": [asdict(fact) for fact in self.seen]}
