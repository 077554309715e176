"""`demo`: one person's story through the public interfaces. Exit code 0 only when each fact was seen by each."""

import asyncio
import json
from typing import Annotated

import httpx
import typer

from cli.story.partner import PartnerClient
from cli.story.play import Story
from cli.story.telling import Telling
from shared.local import purpose
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.security import demo as cast


def register(app: typer.Typer) -> None:
    @app.command()
    def demo(as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False) -> None:
        """Play the story of somebody coming home, as the person, the worker and the partner see it."""
        telling = Telling(quiet=as_json)
        try:
            asyncio.run(_play(Network(), telling))
        except Trouble:
            raise
        except Exception as error:
            telling.missing = str(error) or type(error).__name__
        if as_json:
            print(json.dumps(telling.report(), indent=2))
        elif telling.missing:
            print(f"\nThe story stopped here: {telling.missing}")
        else:
            print(f"\nAll {len(telling.seen)} facts were seen by those they were for.")
        raise typer.Exit(1 if telling.missing else 0)


async def _play(network: Network, telling: Telling) -> None:
    if not network.settings.demo or purpose.is_real(network.home):
        raise Trouble("This network is for real people. The story plays in another: name its folder, THROUGHCARE_HOME.")
    if not (await network.status())["ready"]:
        raise Trouble("The network is not running: run ./throughcare up first.")
    from services.notifications import provisioning

    async with provisioning.open_desk(network) as desk:
        slugs = [partner["slug"] for partner in await desk.all() if partner["agency"] == str(cast.CEDAR_HOUSE)]
        if not slugs:
            raise Trouble("The demo network is not loaded: run ./throughcare up first.")
        shown = await desk.show(slugs[0])
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        with PartnerClient(shown) as partner:
            await Story(network, client, partner, telling).play()
