"""`down`: stops everything of this home. The data stay."""

import asyncio

import typer

from shared.local.network import Network


def register(app: typer.Typer) -> None:
    @app.command()
    def down() -> None:
        """Stop everything; nothing is lost."""
        asyncio.run(bring_down(Network()))


async def bring_down(network: Network) -> None:
    if not network.home.exists():
        print(f"Nothing runs here: {network.home} doesn't exist.")
        return
    async with network.alone(print):
        stopped = await network.down()
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")
