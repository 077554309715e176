"""`logs`: what a part wrote."""

import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from shared.contracts.topics import SERVICES
from shared.local.network import Network
from shared.local.trouble import Trouble

PARTS = (*SERVICES, "front", "kafka", "postgres")
PAUSE = 0.2  # seconds between looks at a followed log


def register(app: typer.Typer) -> None:
    @app.command()
    def logs(
        part: Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of {', '.join(PARTS)}.")],
        follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
        lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 100,
    ) -> None:
        """What a part wrote to its log."""
        if part not in PARTS:
            raise Trouble(f"There is no part {part!r}: choose one of {', '.join(PARTS)}.")
        path = Network().home / "logs" / f"{part}.log"
        if not path.exists():
            raise Trouble(f"{part} has written nothing yet: `./throughcare up` starts it.")
        _show(path, lines, follow)


def _show(path: Path, lines: int, follow: bool) -> None:
    file = path.open(encoding="utf-8", errors="replace")
    try:
        print("".join(deque(file, maxlen=lines)), end="", flush=True)
        while follow:
            line = file.readline()
            if line:
                print(line, end="", flush=True)
            elif path.exists() and path.stat().st_ino != Path(f"/proc/self/fd/{file.fileno()}").stat().st_ino:
                file.close()  # the log was turned over
                file = path.open(encoding="utf-8", errors="replace")
            else:
                time.sleep(PAUSE)
    finally:
        file.close()
