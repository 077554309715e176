"""`prepare`: everything a given Postgres and Kafka need before the services start; repeated, it changes nothing."""

import asyncio

import typer

from cli import steps
from shared.local.network import Network
from shared.local.trouble import Trouble


def register(app: typer.Typer) -> None:
    @app.command()
    def prepare() -> None:
        """Database, roles, migrations, topics, users, access rules: on a given Postgres and a given Kafka."""
        network = Network()
        if not (network.settings.database and network.settings.kafka):
            raise Trouble(
                "Set THROUGHCARE_DATABASE and THROUGHCARE_KAFKA; for this machine's own, run ./throughcare up."
            )
        asyncio.run(steps.walk(list(network.preparation())))
