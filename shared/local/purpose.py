"""What a home is for: a demo, or real people. Once it was for real people, no command opens it as a demo.

A demo lets everybody on the machine in as anybody. Whoever sets THROUGHCARE_DEMO=0 in one shell and forgets it in the
next would open real records like that.
"""

from pathlib import Path

from shared.local import trouble
from shared.local.trouble import Trouble

MARK = "for-real-people"


def is_real(home: Path) -> bool:
    return (home / MARK).exists()


def settle(home: Path, *, demo: bool) -> None:
    """Remembers a home that is no demo, and raises Trouble where such a one would become one."""
    if demo and is_real(home):
        raise Trouble(
            f"{home} was started without a demo, and a demo has no passwords: "
            "set THROUGHCARE_DEMO=0 again, or name another folder with THROUGHCARE_HOME."
        )
    if not demo:
        try:
            (home / MARK).touch()
        except OSError as error:
            raise trouble.of_disk(error, f"write into {home}") from error
