"""`reset`: deletes this home's state, after asking."""

import asyncio
import sys
from typing import Annotated

import typer

from shared.local.network import Network
from shared.local.trouble import Trouble


def register(app: typer.Typer) -> None:
    @app.command()
    def reset(yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
        """Stop everything and delete all data, secrets and logs of this home."""
        network = Network()
        if not network.home.exists():
            print(f"Nothing to delete: {network.home} doesn't exist.")
            return
        if not yes:
            if not sys.stdin.isatty():
                raise Trouble("reset deletes everything and asks first: say `./throughcare reset --yes`.")
            typer.confirm(f"Delete everything in {network.home}: people, plans, messages, secrets?", abort=True)
        asyncio.run(_reset(network))
        kept = [name for name, given in (("Postgres", network.postgres), ("Kafka", network.kafka)) if given is None]
        print(f"Deleted what was in {network.home}. `./throughcare up` starts afresh.")
        if kept:
            print(f"What lies in the given {' and '.join(kept)} was left alone.")


async def _reset(network: Network) -> None:
    async with network.alone(print):
        await network.down()
        network.wipe()
