"""A service's inbox, opened from the command line with that service's own credentials and reactions."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Annotated

import typer

from shared.contracts.topics import SERVICES
from shared.local.network import Network
from shared.messaging.inbox import Inbox
from shared.messaging.repairs import add_repairs
from shared.process import Service
from shared.runtime.reach import SERVICE, acting
from shared.runtime.settings import Settings
from shared.security.keyed import keyed_pool


def known(name: str) -> str:
    if name not in SERVICES:
        raise typer.BadParameter(f"choose one of {', '.join(SERVICES)}")
    return name


ServiceName = Annotated[str, typer.Argument(callback=known, help="intake, caseplan, notifications or reporting.")]


@asynccontextmanager
async def inbox(network: Network, name: str) -> AsyncIterator[Inbox]:
    """The inbox of `name`, with everything it does when it hears others."""
    os.environ.update(network.environment(name))
    settings = Settings()
    service: Service = import_module(f"services.{name}.app").service(settings)
    add_repairs(service.reactions, name)
    async with keyed_pool(settings, f"{name} command") as (opened, keys):
        with acting(SERVICE):  # an operator's word to the service itself
            yield Inbox(opened, name, service.reactions, keys=keys)
