"""`erase`: somebody asked the office to have it all erased. Ask for it, take it back, see how far each copy is.

Nothing here is faster than on a page: a human knows who asked, and seven days can be taken back.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from services.intake import office
from services.intake.erasures import FORGETTING, Identity, Stage
from services.intake.store.consents import READABLE
from services.intake.store.erasures import Row
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security.keyed import keyed_pool
from shared.security.keystore import store as keystore

LOOK_EVERY = 1.0  # seconds
RUNBOOK = "docs/runbooks/erase-a-person.md"

AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]
Known = Annotated[
    Identity | None,
    typer.Option("--known", help="How you know that it is them. It is erased seven days from now."),
]


def register(app: typer.Typer) -> None:
    @app.command()
    def erase(
        person: Annotated[UUID, typer.Argument(help="Their id, as it stands in the address of their page.")],
        known: Known = None,
        take_back: Annotated[bool, typer.Option("--take-back", help="They changed their mind.")] = False,
        wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done, or nothing is under way.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Somebody wants all that is kept of them erased: ask for it, take it back, or see how far each copy is."""
        if known and take_back:
            raise typer.BadParameter("say --known to ask for it, or --take-back once they changed their mind")
        found = asyncio.run(_erase(person, known, take_back=take_back, wait=wait, quiet=as_json))
        print(json.dumps(found, indent=2)) if as_json else _print(found)


async def _erase(person: UUID, known: Identity | None, *, take_back: bool, wait: bool, quiet: bool) -> dict[str, Any]:
    network = Network()
    os.environ.update(network.environment("intake"))
    async with keyed_pool(Settings(), "erase", reach=SERVICE) as (pool, _):
        if known is not None:
            await office.ask(pool, person, known)
        if take_back:
            await office.take_back(pool, person)
        said = ""
        while True:
            found = await _copies(network, person, await office.how_far(pool, person))
            if not wait or found["stage"] in (None, Stage.DONE, Stage.TAKEN_BACK):
                return found
            if found["stage"] != said and not quiet:
                said = found["stage"]
                print(f"{time.strftime('%H:%M:%S')}  {said}")
            await asyncio.sleep(LOOK_EVERY)


async def _copies(network: Network, person: UUID, row: Row | None) -> dict[str, Any]:
    try:
        async with network.keys.owner() as owner:
            [keys] = await owner.fetch(keystore.SQL["copy_of"], person)
    except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError) as error:
        raise Trouble("There is no key store here yet: run ./throughcare up.") from error
    erasure = row.erasure if row else None
    gone = _gone(row, keys["erased_at"]) if row else None
    let_go = erasure.forgotten if erasure else frozenset()
    return {
        "person": str(person),
        "stage": erasure.stage.value if erasure else None,
        "asked_at": _moment(row.asked_at if row else None),
        "due": _moment(erasure.due if erasure else None),
        "kept_until": str(erasure.kept_until) if erasure and erasure.kept_until else None,
        "erased_at": _moment(row.erased_at if row else None),
        "done_at": _moment(row.done_at if row else None),
        "keys": {"living": keys["keys"], "put_away": keys["put_away"], "since": _moment(keys["erased_at"])},
        "ledger": sum(entry.person == person for entry in network.ledger.read()),
        "let_go": {"intake": gone is not None} | {name: name in let_go for name in sorted(FORGETTING)},
        "partners_read_until": _moment(gone + READABLE if gone else None),
    }


def _gone(row: Row, since: datetime | None) -> datetime | None:
    """From when on nobody reads anything of theirs here: also what a law keeps is out of reach from then on."""
    return row.erased_at or (since if row.erasure.stage is Stage.KEPT else None)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _print(found: Mapping[str, Any]) -> None:
    if found["stage"] is None:
        print("Nobody asked to erase this person. Once you know that it is them:")
    elif found["stage"] == Stage.TAKEN_BACK:
        print("They took it back: nothing is erased. Should they ask again, and you know that it is them:")
    if found["stage"] in (None, Stage.TAKEN_BACK):
        print(f"  ./throughcare erase {found['person']} --known document")
        return
    rows = {
        "stands at": found["stage"],
        "asked": found["asked_at"],
        "due": found["due"] or "when somebody has said that they know them",
        "key store": _keys(found),
        "erasure ledger": "names them" if found["ledger"] else "does not name them",
        **{name: "has let go" if done else "not yet" for name, done in found["let_go"].items()},
        "reporting": "holds counts and nobody's id",
        "topics, archives": _closed(found, "what was said of them opens for nobody"),
        "exports": "hold counts alone",
        "partners' topics": _partners(found),
        "backups": _closed(found, f"open for nobody, once the key store's own have expired: {RUNBOOK}"),
    }
    for name, value in rows.items():
        print(f"{name:<18} {value}")


def _keys(found: Mapping[str, Any]) -> str:
    keys = found["keys"]
    if keys["put_away"]:
        return f"{keys['put_away']} keys are put away until {found['kept_until']}, because of a law"
    return f"{keys['living']} keys" if keys["living"] else f"no key left since {keys['since']}"


def _partners(found: Mapping[str, Any]) -> str:
    until = found["partners_read_until"]
    return f"readable until {until}" if until else "as consented"


def _closed(found: Mapping[str, Any], words: str) -> str:
    return words if not found["keys"]["living"] else "readable while there are keys"
