"""What can go wrong on a person's own machine, as one sentence that says what to do."""

import errno
from pathlib import Path

from shared.runtime.errors import ThroughcareError

LINES = " / "  # between several


class Trouble(ThroughcareError):
    """Its text is the whole message: what is wrong here and what mends it. No traceback follows."""


def of_disk(error: OSError, doing: str) -> Trouble:
    """The sentence for a file system that refused `doing` (`write the jars to /x`)."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(f"The disk is full: could not {doing}; free some space and run the same command again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f"Not allowed to {doing}: make the folder writable for you, or name another one with THROUGHCARE_HOME."
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return Trouble(f"Could not {doing}: a file is there; move it, or name another folder with THROUGHCARE_HOME.")
    return Trouble(f"Could not {doing}: {error.strerror or error}; THROUGHCARE_HOME names another folder.")


def of_log(who: str, log: Path, said: str) -> Trouble:
    """The sentence for a server that stopped while starting: what its log ends with, and the cause where it shows."""
    if "No space left" in said:
        return Trouble(f"The disk is full, so {who} can't start: free some space and run the same command again.")
    return Trouble(f"{who} stopped while starting; {log} ends with: {said}")


def last_words(log: Path, lines: int = 1) -> str:
    """The end of a log, for the sentence that names it; empty when there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")[-4000:]
    except OSError:
        return ""
    kept = [line.strip() for line in text.splitlines() if line.strip()]
    return LINES.join(line if len(line) <= 300 else f"{line[:300]} ..." for line in kept[-lines:])


def why_it_ended(log: Path) -> str:
    """Our own reason where a process gave one: the server around it has a last word after that."""
    for line in reversed(last_words(log, 3).split(LINES)):
        _, reason, said = line.partition("SystemExit: ")
        if reason:
            return said.partition('", "')[0]
    return last_words(log)
