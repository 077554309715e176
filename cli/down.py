"""`down`: stops everything of this home. The data stay."""

import asyncio
from typing import Annotated

import typer

from shared.local.network import Network


def register(app: typer.Typer) -> None:
    @app.command()
    def down(
        services: Annotated[
            bool, typer.Option("--services", help="These and the front alone: Postgres and Kafka stay, for a restore.")
        ] = False,
    ) -> None:
        """Stop everything; nothing is lost."""
        asyncio.run(bring_down(Network(), servers=not services))


async def bring_down(network: Network, *, servers: bool = True) -> None:
    if not network.home.exists():
        print(f"Nothing runs here: {network.home} doesn't exist.")
        return
    async with network.alone(print):
        stopped = await network.down(servers=servers)
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")
