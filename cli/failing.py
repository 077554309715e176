"""How a command fails: one sentence that says what to do, exit code 1 (not now) or 2 (not like this), no traceback.

What nobody foresaw is written to a file, since a traceback helps whoever mends it and nobody else.
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path

import asyncpg
import click
import httpx
import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.local import trouble
from shared.runtime.database import DatabaseAway
from shared.runtime.errors import ThroughcareError
from shared.runtime.migrations import MigrationError
from shared.security.keys import KeyMissing

NOT_NOW, NOT_LIKE_THIS, INTERRUPTED = 1, 2, 130
OUTAGES = (
    DatabaseAway,
    ConnectionError,
    TimeoutError,
    httpx.TransportError,
    asyncpg.PostgresConnectionError,
    KafkaError,
)
NOT_THERE = "Something does not answer: `./throughcare status` tells what runs, `./throughcare up` starts the rest."


def run(app: typer.Typer, arguments: list[str]) -> int:
    """The exit code of `app`. Every exception ends here."""
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="./throughcare", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return say("Interrupted; run the same command again to go on.", INTERRUPTED)
    except (click.exceptions.Abort, typer.Abort):
        return say("Nothing was done.", NOT_NOW)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else say(str(error.code), NOT_LIKE_THIS)
    except Exception as error:
        return explain(error)


def explain(error: Exception) -> int:
    if isinstance(error, ValidationError):
        return say(of_settings(error), NOT_LIKE_THIS)
    if isinstance(error, OUTAGES):
        return say(NOT_THERE, NOT_NOW)
    if isinstance(error, KeyMissing):
        return say(f"There is {error}: docs/runbooks/restore-the-key-store.md says what to do.", NOT_NOW)
    if isinstance(error, ThroughcareError | MigrationError):
        return say(str(error), NOT_NOW)
    if type(error).__name__ in ("NoArgsIsHelpError",):
        return say(str(error), NOT_LIKE_THIS)
    if hasattr(error, "format_message"):  # what click says of a wrong command line
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        return say(f"{said}. See `./throughcare --help`.", NOT_LIKE_THIS)
    if isinstance(error, OSError):  # of those, only what has to do with files is left
        return say(str(trouble.of_disk(error, f"use {error.filename or 'the disk'}")), NOT_NOW)
    return say(f"{type(error).__name__}, which nobody foresaw; the details are in {keep(error)}.", NOT_NOW)


def of_settings(error: ValidationError) -> str:
    """The first setting that doesn't fit, by the name it is set with."""
    first = error.errors(include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{reason[0].upper()}{reason[1:]}." if not reason.endswith(".") else reason
    name = f"THROUGHCARE_{str(first['loc'][0]).upper()}"
    secret = any(word in name for word in ("PASSWORD", "SECRET", "KEY"))
    given = "" if secret else f", not {first['input']!r}"
    return f"{name} can't be used: {reason[0].lower()}{reason[1:]}{given}."


def say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def keep(error: Exception) -> Path:
    """The traceback in a file of its own, readable by its owner."""
    descriptor, name = tempfile.mkstemp(prefix="throughcare-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(name)
