"""Steps are numbered and timed; the one that failed is named."""

import asyncio
import re

import pytest

from cli import steps
from shared.local.network import Step
from shared.local.trouble import Trouble


async def fine(say):
    say("half of it")
    await asyncio.sleep(0)
    return "port 9092"


async def broken(say):
    raise Trouble("Port 1 is taken: stop it.")


def test_plain_lines_elsewhere_than_on_a_terminal(capsys):
    steps.run([Step("Starting Postgres", fine), Step("Starting Kafka", fine)])
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\[1/2\] Starting Postgres \.\.\. \d\.\d s  \(port 9092\)", said[0])
    assert re.fullmatch(r"\[2/2\] Starting Kafka \.\.\. \d\.\d s  \(port 9092\)", said[1])


def test_the_step_that_failed_is_named_and_the_next_is_not_begun(capsys):
    with pytest.raises(Trouble):
        steps.run([Step("Starting Kafka", broken), Step("Starting Postgres", fine)])
    assert capsys.readouterr().out == "[1/2] Starting Kafka ... failed\n"
