"""`keys`: the master key of people's keys: which one wrapped what, a new one while everything runs; after a restore,
erasures again and what is lost for good.

The new secret is on disk, first in its file, before any key is wrapped by it; the old one stays in the file until an
operator takes it out. Nobody's secret is printed: master keys are called by their fingerprints.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from services.notifications.provisioning import seal_anew
from shared.local.network import Network
from shared.local.passwords import BYTES
from shared.local.trouble import Trouble
from shared.runtime.settings import secrets_in
from shared.security.keystore import rotation, store
from shared.security.keystore.rotation import Done, Tally
from shared.security.masters import LOOK_EVERY, Masters

app = typer.Typer(help="The key store: who wrapped what, a new master key, erasures again.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]
RUNBOOK = "docs/runbooks/rotate-the-master-key.md"
SAY_EVERY = 2.0  # seconds
Say = Callable[[str], None]


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Make a new master key and wrap every key anew, while everything runs. Interrupted, run it again."""
    found = _as_owner(lambda network, owner: _rotate(network, owner, (lambda text: None) if as_json else print))
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    raise typer.Exit(0 if found["finished"] else 1)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Which master key wrapped how much, and which may go. Exit code 0 only when all is under the newest."""
    found = _as_owner(_status)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    raise typer.Exit(0 if found["finished"] else 1)


@app.command("replay-erasures")
def replay_erasures(as_json: AsJson = False) -> None:
    """Forget again whoever stands in the erasure ledger, after a restore. `up` and `prepare` do it by themselves."""
    forgotten = _as_owner(lambda network, owner: store.replay_erasures(owner, network.ledger))
    told = f"{forgotten} people were in the key store again and are forgotten." if forgotten else "Nobody was back."
    print(json.dumps({"forgotten_again": forgotten}) if as_json else told)


@app.command("give-up")
def give_up(
    people: Annotated[
        list[UUID], typer.Argument(metavar="PERSON...", help="Ids, as the alarms in the logs name them.")
    ],
) -> None:
    """Keys that are in no backup any more: new ones in their place. What the lost ones closed stays closed for good."""

    async def work(network: Network, owner: asyncpg.Connection) -> dict[UUID, int]:
        masters = _masters(network)
        return {person: await store.give_up(owner, masters, person) for person in dict.fromkeys(people)}

    for person, made in _as_owner(work).items():
        print(f"{person}: {made} new keys." if made else f"{person}: no key is missing, or they are erased.")
    print("Records that only a lost key opens are parked from now on: `./throughcare dlq list` shows them.")


def _as_owner(work: Callable[[Network, asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        network = Network()
        try:
            async with network.keys.owner() as owner:
                return await work(network, owner)
        except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError) as error:
            raise Trouble("There is no key store here yet: run ./throughcare up.") from error

    return asyncio.run(run())


async def _rotate(network: Network, owner: asyncpg.Connection, say: Say) -> dict[str, Any]:
    """Whoever finds work of an interrupted rotation, or waited for another one, makes no second master key."""
    waited = await rotation.be_alone(owner, lambda: say("Another rotation is at work; waiting for it."))
    done, passwords = await _wrap_anew(network, owner, say)
    given = network.settings.sealing_key_file is not None
    lost = (await rotation.tally(owner, _masters(network))).unknown  # that secret is needed, and no other
    made = not (done.rows or waited or given or lost)
    if given and not done.rows:
        say(f"All is under the newest master key in {network.sealing}. How to put a newer one there: {RUNBOOK}.")
    if made:
        _make(network)
        say("A new master key is made, and stands first. Wrapping every key anew ...")
        await asyncio.sleep(2 * LOOK_EVERY)  # by now every process has looked at the file, and wraps with it
        done, passwords = await _wrap_anew(network, owner, say)
    return await _status(network, owner) | _told(done, passwords, made=made)


async def _wrap_anew(network: Network, owner: asyncpg.Connection, say: Say) -> tuple[Done, int]:
    """Everything under the newest: partners' passwords first, since an interrupted rotation is known by its keys."""
    masters = _masters(network)
    passwords = await seal_anew(network)
    total = (await rotation.tally(owner, masters)).waiting
    return await rotation.wrap_anew(owner, masters, progress=_teller(total, say)), passwords


def _make(network: Network) -> None:
    """First in the file in one step, so that nobody ever reads half of it."""
    old = secrets_in(network.passwords.of("sealing"))
    network.passwords.keep("sealing", "\n".join([secrets.token_urlsafe(BYTES), *old]))


def _masters(network: Network) -> Masters:
    return Masters.of(network.sealing.read_text(encoding="utf-8"))


def _teller(total: int, say: Say) -> Callable[[int], None]:
    last = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SAY_EVERY:
            last = time.monotonic()
            say(f"  {rows:,} of {total:,}")

    return tell


async def _status(network: Network, owner: asyncpg.Connection) -> dict[str, Any]:
    tally = await rotation.tally(owner, _masters(network))
    ledger = {entry.person for entry in network.ledger.read()}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "masters": [
            {"id": one.master.hex(), "state": one.state, "rows": one.rows, "people": one.people} for one in tally.under
        ],
        "finished": _finished(tally),
        "may_be_dropped": [id.hex() for id in tally.spent],
        "erased": await store.erased(owner),
        "in_the_ledger": len(ledger),
    }


def _finished(tally: Tally) -> bool:
    return not tally.waiting and not tally.unknown


def _told(done: Done, passwords: int, *, made: bool) -> dict[str, Any]:
    return {
        "made": made,
        "wrapped_anew": {"rows": done.rows, "people": done.people, "partner_passwords": passwords},
        "damaged": done.damaged,
    }


def _print(found: dict[str, Any]) -> None:
    if "wrapped_anew" in found:
        anew = found["wrapped_anew"]
        print(f"Wrapped anew: {anew['rows']:,} keys of {anew['people']:,} people.")
    print(f"{'master key':<18} {'state':<8} {'keys':>12} {'people':>12}")
    for one in found["masters"]:
        print(f"{one['id']:<18} {one['state']:<8} {one['rows']:>12,} {one['people']:>12,}")
    print(f"{found['erased']:,} people are erased; the ledger names {found['in_the_ledger']:,}.")
    if found["erased"] > found["in_the_ledger"]:
        print(
            "The ledger lacks some of them, so a restore would bring them back: is all of it in THROUGHCARE_ERASURES?"
        )
    if any(one["state"] == "unknown" and one["rows"] for one in found["masters"]):
        print(f"Keys under an unknown master key don't open until its secret is back in the file: {RUNBOOK}.")
    if found.get("damaged"):
        print(f"{found['damaged']:,} keys are damaged: their own master key doesn't open them. What to do: {RUNBOOK}.")
    elif any(one["state"] == "known" and one["rows"] for one in found["masters"]):
        print("Keys are under an older master key: `./throughcare keys rotate` wraps them anew.")
    for id in found["may_be_dropped"]:
        print(f"{id} wraps nothing as of {found['at']}. Its line may leave the file once no backup of the key store")
        print(f"from before then is kept: {RUNBOOK}.")
