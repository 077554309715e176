"""`erase`: what the network's office types when somebody stands there, and what it says of each copy."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from cli import erase
from shared.security.demo import DANA, LENA
from shared.security.ledger import Ledger
from tests.integration.intake.test_erasures import hear_forgotten
from tests.integration.intake.world import NAME, Door
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
Said = Callable[..., Awaitable[Any]]
DAY = str(date.today() + timedelta(days=400))


@pytest.fixture
async def say(door: Door, database: FreshDatabase, monkeypatch) -> Said:
    settings = await database.settings("intake")
    environment = {f"THROUGHCARE_{name.upper()}": value for name, value in settings.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)  # put back at the end: the command sets them itself

    class Network:
        keys = database.keys
        ledger = Ledger(door.settings.ledger)

        def environment(self, service: str) -> dict[str, str]:
            assert service == "intake"
            return environment

    monkeypatch.setattr(erase, "Network", Network)
    app = typer.Typer()
    erase.register(app)

    async def typed(*words: str):
        return await asyncio.to_thread(CliRunner().invoke, app, [*words])

    return typed


async def test_the_office_asks_takes_back_and_sees_how_far_each_copy_is(door: Door, say: Said):
    person = await door.add()
    done = await say(str(person))
    assert f"./throughcare erase {person} --known document" in done.stdout
    done = await say(str(person), "--known", "document")
    assert done.exit_code == 0, done.output
    assert "stands at          set" in done.stdout
    assert "readable while there are keys" in done.stdout
    for _ in range(2):
        done = await say(str(person), "--take-back")
        assert "They took it back: nothing is erased." in done.stdout
        assert "due" not in done.stdout
    await say(str(person), "--known", "known")

    await door.shift("8 days")
    await door.fire()
    told = json.loads((await say(str(person), "--json")).stdout)
    assert (told["stage"], told["keys"]["living"], told["ledger"]) == ("erased", 0, 1)
    assert told["let_go"] == {"intake": True, "caseplan": False, "notifications": False}
    waiting = asyncio.create_task(say(str(person), "--wait"))
    for service in ("caseplan", "notifications"):
        await hear_forgotten(door, service, person)
    done = await waiting
    assert "stands at          done" in done.stdout
    assert "no key left since" in done.stdout
    assert "open for nobody, once the key store's own have expired" in done.stdout
    assert NAME not in done.output


async def test_what_a_law_keeps_is_out_of_everybodys_reach_and_the_office_reads_until_when(door: Door, say: Said):
    person = await door.add()
    held = await door.post(f"/intake/people/{person}/holds", {"because": "health_records", "until": DAY}, LENA)
    assert held.status_code == 201, held.text
    await say(str(person), "--known", "known")
    await door.shift("8 days")
    await door.fire()
    done = await say(str(person))
    assert f"are put away until {DAY}, because of a law" in done.stdout
    assert "intake             has let go" in done.stdout
    assert "partners' topics   readable until " in done.stdout


async def test_what_cannot_be_done_is_said_in_a_sentence(door: Door, say: Said):
    assert "NotFound" in repr((await say(str(uuid4()), "--known", "known")).exception)
    person = await door.add()
    await say(str(person), "--known", "known")
    assert "It is set already, and due on " in str((await say(str(person), "--known", "known")).exception)
    assert (await say(str(person), "--known", "passport 1234")).exit_code == 2
    deeds = [row["action"] for row in await door.pool.fetch("SELECT action FROM audit WHERE person_id = $1", person)]
    assert deeds[-2:] == ["erasure.ask", "erasure.confirm"]
    assert NAME in (await door.get(f"/intake/people/{person}/name", DANA)).text
