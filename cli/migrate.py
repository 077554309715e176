"""`migrate`: bring every schema up to date. `up` does it too; on a cluster it runs before and after a new version."""

import asyncio
from typing import Annotated

import typer

from shared.local.network import Network


def register(app: typer.Typer) -> None:
    @app.command()
    def migrate(
        prepare: Annotated[
            bool, typer.Option(help="Make database, roles and grants first, as an administrator.")
        ] = True,
    ) -> None:
        """Run the migrations that were not run yet, each schema by its own owner."""
        network = Network()
        applied = asyncio.run(_migrate(network, prepare))
        for schema, names in applied.items():
            print(f"{schema:<14} {', '.join(names) or 'up to date'}")


async def _migrate(network: Network, prepare: bool) -> dict[str, list[str]]:
    if prepare:
        await network.databases.ensure_roles()
        await network.databases.ensure(network.database)
    return await network.databases.migrate(network.database)
