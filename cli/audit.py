"""`audit`: is what the services wrote down about who looked still what they wrote? Rows, chain and anchors, compared.

The anchors come from the folder of `THROUGHCARE_ANCHORS` and, when Kafka answers, from the control topics; whoever owns
the database can change neither.
"""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from asyncpg import Connection

from cli.inboxes import ServiceName, known
from shared.auditing import anchor_of, announced
from shared.contracts.topics import SERVICES
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.messaging.losses import LogUnreadable
from shared.runtime.database import connect
from shared.runtime.settings import Settings
from shared.security import anchors, verifying
from shared.security.anchors import Anchor, Signer
from shared.security.chain import beginning
from shared.security.chaining import head_of
from shared.security.verifying import Report

KAFKA_WITHIN = 60.0  # seconds for all anchors of one control topic
NO_ANSWER = (KafkaError, LogUnreadable, OSError, TimeoutError)
FROM_RESTORES = ("truncated", "rewritten")  # what a database looks like that was set back to a backup

app = typer.Typer(help="The audit's chain: verify it, print its heads, accept a loss.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]
Only = Annotated[
    str | None,
    typer.Option("--service", callback=lambda name: name and known(name), help="One service alone; else all of them."),
]
Because = Annotated[str, typer.Option("--because", help="Why, for whoever asks later. Names and contacts stay out.")]


@dataclass(slots=True)
class Gathered:
    """The anchors of one service, and what stood in the way of gathering them."""

    anchors: list[Anchor]
    notes: list[str] = field(default_factory=list)


@app.command()
def verify(service: Only = None, as_json: AsJson = False) -> None:
    """Walk every row; name the first that was changed, dropped, moved or slipped in. Exit code 0 when all is well."""
    found = asyncio.run(_verify(_asked(service)))
    if as_json:
        print(json.dumps([_as_json(report, gathered) for report, gathered in found], indent=2))
    else:
        for report, gathered in found:
            _print(report, gathered)
    raise typer.Exit(0 if all(report.ok for report, _ in found) else 1)


@app.command()
def head(service: Only = None, as_json: AsJson = False) -> None:
    """Where each chain stands: position and hash, to be written down elsewhere."""
    found = asyncio.run(_heads(_asked(service)))
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for each in found:
        print(f"{each['service']:<14} {each['position']:>10}  {each['hash']}")


@app.command()
def accept(service: ServiceName, because: Because) -> None:
    """After a restore: what was anchored since the backup is known to be lost. Nothing that was edited is accepted."""
    position = asyncio.run(_accept(service, because))
    print(f"Accepted: what was anchored beyond position {position} of {service} is lost. Its head is anchored anew.")


def _asked(service: str | None) -> Sequence[str]:
    return (service,) if service else SERVICES


@asynccontextmanager
async def _opened(network: Network, service: str) -> AsyncIterator[tuple[Settings, Connection]]:
    os.environ.update(network.environment(service))
    settings = Settings()
    connection = await connect(settings, f"{service} audit")
    try:
        yield settings, connection
    finally:
        await connection.close()


async def _verify(services: Sequence[str]) -> list[tuple[Report, Gathered]]:
    network, found = Network(), []
    for service in services:
        async with _opened(network, service) as (settings, connection):
            found.append(await _of(service, settings, connection))
    return found


async def _of(service: str, settings: Settings, connection: Connection) -> tuple[Report, Gathered]:
    gathered = await gather(settings, service)
    report = await verifying.verify(connection, service, gathered.anchors, Signer(settings), _progress(service))
    return report, gathered


async def gather(settings: Settings, service: str) -> Gathered:
    """From the file and from Kafka; either may be missing, and that is told."""
    file = anchors.file_of(settings, service)
    try:
        kept = anchors.read(file)
    except OSError as error:
        raise Trouble(f"The anchors in {file} can't be read: {error.strerror}.") from error
    found = Gathered(kept.anchors)
    if not kept.anchors:
        found.notes.append(f"{file} holds no anchor.")
    if kept.unreadable:
        lines = ", ".join(map(str, kept.unreadable))
        found.notes.append(f"{file} holds no anchor in line {lines}; a power cut leaves a line unfinished.")
    try:
        async with asyncio.timeout(KAFKA_WITHIN):
            found.anchors += await announced(settings, service)
    except NO_ANSWER:
        found.notes.append("Kafka does not answer: its anchors were not asked.")
    return found


async def _heads(services: Sequence[str]) -> list[dict[str, Any]]:
    network, found = Network(), []
    for service in services:
        async with _opened(network, service) as (_, connection):
            last = (await head_of(connection)).link(service)
            found.append({"service": service, "position": last.position, "hash": last.hash.hex()})
    return found


async def _accept(service: str, because: str) -> int:
    if not because.strip():
        raise typer.BadParameter("say why, for whoever asks later")
    async with _opened(Network(), service) as (settings, connection):
        report, _ = await _of(service, settings, connection)
        if report.ok:
            raise Trouble(f"The audit of {service} is well: there is nothing to accept.")
        if other := next((each for each in report.findings if each.kind not in FROM_RESTORES), None):
            raise Trouble(f"This is no loss of a restore, so it is not accepted. {other.says}")
        signer, now = Signer(settings), datetime.now(UTC)
        position = report.last.position if report.last else 0
        written = [signer.sign(_loss(service, report.last, because.strip(), now))]
        if (head := await head_of(connection)).position:
            written.append(signer.sign(anchor_of(service, head, now + timedelta(microseconds=1))))
    anchors.append(anchors.file_of(settings, service), written)
    return position


def _loss(service: str, last: Anchor | None, because: str, now: datetime) -> Anchor:
    """An acceptance, from the last anchor that the chain agrees with."""
    by, at = f"operator:{getpass.getuser()}", now.isoformat()
    known = last or Anchor(service, 0, beginning(service).hash.hex(), 0, at)
    return replace(known, at=at, because=because, by=by, key="", signature="")


def _progress(service: str) -> verifying.Tell:
    """On the terminal of whoever waits, and nowhere else."""

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= total else "\r"
            print(f"{service:<14} {done:,} of {total:,} links", end=end, file=sys.stderr, flush=True)

    return tell


def _print(report: Report, gathered: Gathered) -> None:
    name = f"{report.service:<14}"
    last = report.last
    vouched = f"last anchor at position {last.position:,}, {last.at}" if last else "no anchor"
    print(
        f"{name} {report.chained:,} rows chained, {report.waiting:,} wait; {vouched}; {report.agreed:,} anchors agree"
    )
    for loss in report.accepted:
        print(f"{name} known to be lost since {loss.at}, beyond position {loss.position:,}: {loss.because} ({loss.by})")
    for note in gathered.notes:
        print(f"{name} note: {note}")
    for finding in report.findings:
        print(f"{name} BAD: {finding.says}")


def _as_json(report: Report, gathered: Gathered) -> dict[str, Any]:
    return {
        "service": report.service,
        "ok": report.ok,
        "chained": report.chained,
        "waiting": report.waiting,
        "anchors": report.agreed,
        "last_anchor": report.last and report.last.as_json(),
        "findings": [asdict(finding) for finding in report.findings],
        "accepted": [loss.as_json() for loss in report.accepted],
        "notes": gathered.notes,
    }
