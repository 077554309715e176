"""Numbered, timed steps: a line that lives on a terminal, plain lines elsewhere."""

import asyncio
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from shared.local.network import Step

WIDTH = 46  # where the times stand below each other


async def walk(steps: Sequence[Step]) -> None:
    """Runs `steps` in order. The first that fails is named on its line, and its exception goes on."""
    live = Console() if sys.stdout.isatty() else None
    for number, step in enumerate(steps, 1):
        title = f"[{number}/{len(steps)}] {step.title} ..."
        began = time.monotonic()
        try:
            said = await (_on_terminal(live, title, step) if live else _plainly(title, step))
        except BaseException:
            print(f"{title} failed" if live else "failed", flush=True)
            raise
        took = f"{time.monotonic() - began:.1f} s"
        if live:
            live.print(Text(f"{title:<{WIDTH}} {took:>7}"), Text(said, style="dim"))
        else:
            print(f"{took}{f'  ({said})' if said else ''}", flush=True)


async def _on_terminal(live: Console, title: str, step: Step) -> str:
    with live.status(Text(title)) as status:
        return await step.work(lambda text: status.update(Text(f"{title} {text}")))


async def _plainly(title: str, step: Step) -> str:
    print(title, end=" ", flush=True)
    return await step.work(lambda text: None)


def run(steps: Sequence[Step]) -> None:
    asyncio.run(walk(steps))
