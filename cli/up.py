"""`up`: everything on this machine, from nothing or from whatever a crash has left."""

import asyncio
import os
import time
from importlib import import_module
from importlib.util import find_spec

import typer

from cli import steps
from shared.local import purpose
from shared.local.network import Network, Say, Step

SCENERY = "cli.scenery"  # `async load(network) -> str`: the small demo network, loaded through the services' own APIs
DEMO = "  ./throughcare demo               plays one person's story, as each of them sees it"
REAL = "  ./throughcare account invite     the first account of the network's office, if there is none yet"
NEXT = """  ./throughcare status             what runs, and where
  ./throughcare logs -f caseplan   what a part is doing
  ./throughcare down               stops everything; nothing is lost"""


def register(app: typer.Typer) -> None:
    @app.command()
    def up() -> None:
        """Start Kafka, Postgres, the services and the front port; what runs already stays."""
        asyncio.run(bring_up(Network()))


async def bring_up(network: Network) -> None:
    began = _began()
    async with network.alone(print):
        purpose.settle(network.home, demo=network.settings.demo)
        network.check_space()
        network.settle_ports()
        found = list(network.steps())
        if network.settings.demo and network.services and find_spec(SCENERY):
            found.append(Step("Loading the demo network", lambda say: _load(network, say)))
        await steps.walk(found)
    print()
    for note in network.notes:
        print(note)
    print(f"Throughcare is running: {network.url}")
    print(f"First screen after {time.time() - began:.1f} s. All state is in {network.home}.")
    _print_sign_ins(network)
    print(f"\nNext:\n{DEMO if network.settings.demo else REAL}\n{NEXT}")


def _began() -> float:
    """When the bootstrap script began, so that a first run counts its installing."""
    try:
        return float(os.environ.get("THROUGHCARE_STARTED", "").replace(",", "."))
    except ValueError:
        return time.time()


async def _load(network: Network, say: Say) -> str:
    return str(await import_module(SCENERY).load(network))


def _print_sign_ins(network: Network) -> None:
    if not (network.settings.demo and network.services and find_spec("shared.security.demo")):
        return
    from cli.story.voices import settings_of
    from shared.security import demo

    settings = settings_of(network)
    print("\nSign in, on this machine only, as:")
    for name, says, where, pin in demo.sign_ins(settings):
        print(f"  {name:<18} {says}")
        print(f"  {'':<18} {where}{f'  PIN {pin}' if pin else ''}")
