"""`audit`: what an operator types, what it says, and when the exit code is 0."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import audit
from cli.failing import explain
from shared.security import anchors
from tests.network import FreshDatabase
from tests.security.chains import World

pytestmark = pytest.mark.network
Said = Callable[..., Awaitable[Any]]


@pytest.fixture
async def say(ten: World, database: FreshDatabase, monkeypatch) -> Said:
    """Caseplan's ten rows, as the command line meets them; Kafka does not answer."""
    settings = await database.settings("caseplan", anchors=str(ten.settings.anchors_folder), kafka="127.0.0.1:1")
    environment = {f"THROUGHCARE_{name.upper()}": value for name, value in settings.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)  # put back at the end: the command sets them itself

    class Network:
        def environment(self, service: str) -> dict[str, str]:
            assert service == "caseplan"
            return environment

    monkeypatch.setattr(audit, "Network", Network)

    async def typed(*words: str):
        return await asyncio.to_thread(CliRunner().invoke, audit.app, [*words])

    return typed


async def test_a_good_audit_is_told_in_one_line(say: Said):
    done = await say("verify", "--service", "caseplan")
    assert done.exit_code == 0
    assert "10 rows chained, 0 wait; last anchor at position 10" in done.stdout
    assert "Kafka does not answer" in done.stdout
    assert "BAD" not in done.stdout


async def test_the_first_bad_row_is_named_and_the_exit_code_is_1(say: Said, ten: World):
    await ten.owner.execute("DELETE FROM audit WHERE number = 6")
    done = await say("verify", "--service", "caseplan")
    assert done.exit_code == 1
    assert "BAD: Row 6 was deleted." in done.stdout
    [told] = json.loads((await say("verify", "--service", "caseplan", "--json")).stdout)
    assert (told["ok"], told["chained"], told["waiting"]) == (False, 10, 0)
    assert told["findings"][0] == {"kind": "deleted", "says": "Row 6 was deleted.", "position": 5, "number": 6}


async def test_the_head_is_printed_to_be_written_down(say: Said, ten: World):
    last = await ten.owner.fetchrow("SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1")
    [told] = json.loads((await say("head", "--service", "caseplan", "--json")).stdout)
    assert (told["position"], told["hash"]) == (10, last["hash"].hex())
    assert last["hash"].hex() in (await say("head", "--service", "caseplan")).stdout


async def test_a_restore_is_accepted_in_writing_and_what_comes_after_it_is_vouched_for(say: Said, ten: World):
    """As after a backup of the seventh row: later rows are gone, numbers are handed out again, work goes on."""
    await ten.owner.execute(
        "DELETE FROM audit WHERE number > 8; DELETE FROM audit_chain WHERE number > 8;"
        "UPDATE audit_chaining SET settled = 8; SELECT setval('audit_number_seq', 8)"
    )
    await ten.look(1)
    await ten.chainer.run()
    assert "The chain was cut behind row 9" in (await say("verify", "--service", "caseplan")).stdout
    done = await say("accept", "caseplan", "--because", "restored from the backup of Friday")
    assert done.exit_code == 0, done.output
    done = await say("verify", "--service", "caseplan")
    assert done.exit_code == 0, done.output
    assert "beyond position 4: restored from the backup of Friday (operator:" in done.stdout
    await ten.look(4)
    await ten.chainer.run()
    assert (await say("verify", "--service", "caseplan")).exit_code == 0, "also past where the lost anchors stood"
    await ten.owner.execute("UPDATE audit SET purpose = 'x' WHERE number = 2")
    assert "Row 2 is not what was chained" in (await say("verify", "--service", "caseplan")).stdout
    refused = await say("accept", "caseplan", "--because", "it was an accident")
    assert refused.exit_code == 1
    assert "This is no loss of a restore" in str(refused.exception)


async def test_there_is_nothing_to_accept_of_a_good_audit(say: Said, ten: World):
    refused = await say("accept", "caseplan", "--because", "who knows")
    assert explain(refused.exception) == 1
    assert "nothing to accept" in str(refused.exception)
    assert (await say("accept", "caseplan", "--because", " ")).exit_code == 2
    assert len(anchors.read(anchors.file_of(ten.settings, "caseplan")).anchors) == 2


async def test_anchors_that_can_not_be_read_are_no_good_news(say: Said, ten: World):
    file = anchors.file_of(ten.settings, "caseplan")
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    refused = await say("verify", "--service", "caseplan")
    assert refused.exit_code == 1
    assert "can't be read" in str(refused.exception)
