"""`replay`: bring back what was lost from the archives: a whole Kafka cluster, and what the report made of the events.

Archives hold every event that a service ever published. A relay that meets a cluster without them publishes them
again, in order; whoever had them drops them as duplicates, whoever was wiped applies them anew.
"""

import asyncio
import json
import time
from typing import Annotated, Any

import typer

from cli import rereading, steps
from shared.local.network import Network, Say, Step


def register(app: typer.Typer) -> None:
    @app.command()
    def replay(
        everything: Annotated[bool, typer.Option("--all", help="All that Kafka held, and the report.")] = False,
        report_only: Annotated[
            bool, typer.Option("--report", help="Only the report, from what Kafka holds; the rest stays up.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    ) -> None:
        """Publish again what Kafka lacks, make the report anew, and wait until everybody has read it."""
        if everything == report_only:
            raise typer.BadParameter("say --all after a lost Kafka, or --report to make only the report anew")
        replay = Replay(Network())
        found = replay.everything() if everything else replay.report_alone()
        asyncio.run(_run(replay, found, quiet=as_json))
        if as_json:
            print(json.dumps(replay.done, indent=2, default=str))
        else:
            _print(replay.done)
        raise typer.Exit(0 if replay.done["ok"] else 1)


class Replay:
    """The steps, and what they did."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.dropped: list[rereading.Dropped] = []
        self.done: dict[str, Any] = {"ok": False, "report": {"wiped": None, "uncovered": 0}}

    def everything(self) -> list[Step]:
        """The report is made anew too: every topic is read from its beginning anyway, and nobody has to know in what
        state it was left."""
        return [
            Step("Stopping the services", self._stop_all),
            *self.network.preparation(),
            Step("Looking at the archives", self._look),
            Step("Wiping the report", self._wipe),
            Step("Rebuilding the partners' streams", self._streams),
            Step("Starting the services", self.network.start_services),
            Step("Opening the front port", self.network.open_front),
            Step("Publishing and reading it all", self._wait),
        ]

    def report_alone(self) -> list[Step]:
        return [
            Step("Stopping the report", self._stop_report),
            Step("Wiping the report", self._wipe),
            Step("Starting the services", self.network.start_services),
            Step("Reading everything again", self._wait),
        ]

    async def _stop_all(self, say: Say) -> str:
        await asyncio.gather(*(part.stop() for part in self.network.services))
        return "no old producer may write to a new cluster"

    async def _stop_report(self, say: Say) -> str:
        await asyncio.gather(*(part.stop() for part in self.network.services if part.name == rereading.REPORT))
        return ""

    async def _look(self, say: Say) -> str:
        self.done |= await rereading.absent(self.network)
        return f"{self.done['republished']:,} of {self.done['archived']:,} events stand in another cluster alone"

    async def _wipe(self, say: Say) -> str:
        """What the report counted and no archive holds could never be counted again: then it stays."""
        uncovered = await rereading.uncovered(self.network)
        if uncovered:
            self.done["report"]["uncovered"] = uncovered
            return f"kept: {uncovered:,} subjects that it has counted stand in no archive"
        self.dropped, self.done["report"]["wiped"] = await rereading.wipe(self.network)
        return "it is made anew from the events"

    async def _streams(self, say: Say) -> str:
        from services.notifications import provisioning

        async with provisioning.open_desk(self.network) as desk:
            self.done["partners"] = await desk.rebuild()
        count = len(self.done["partners"])
        return f"{count} partner{'' if count == 1 else 's'}"

    async def _wait(self, say: Say) -> str:
        self.done |= await rereading.wait(self.network, say)
        self.done["report"]["dropped_again"] = await rereading.drop_again(self.network, self.dropped)
        self.done["report"]["rows"] = await rereading.count(self.network)
        self.done["ok"] = not self.done["report"]["uncovered"]
        return f"{self.done['archived']:,} events"


async def _run(replay: Replay, found: list[Step], *, quiet: bool) -> None:
    began = time.monotonic()
    async with replay.network.alone(lambda text: None if quiet else print(text)):
        replay.network.settle_ports()
        if quiet:
            for step in found:
                await step.work(lambda text: None)
        else:
            await steps.walk(found)
    replay.done["seconds"] = round(time.monotonic() - began, 1)


def _print(done: dict[str, Any]) -> None:
    print(f"\n{done['archived']:,} archived events stand in Kafka, and every service has read them.")
    if done["report"]["uncovered"]:
        print(
            "The report was kept as it was: it has counted facts that no archive holds. A service's database was set "
            "back; put a newer copy in its place, then run this again."
        )
