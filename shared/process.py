"""The process that runs a service: settings, pool, web app, relay, inbox, clocks; closed in reverse order.

A service is described by a `Service`; what runs is decided by THROUGHCARE_ROLES. `api` answers HTTP, `worker` relays,
consumes and fires clocks. Any number of either may run; a worker serves its health and metrics too.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import structlog
import uvicorn
from aiokafka.errors import KafkaError
from asyncpg import Connection, Pool
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError

import shared.messaging
import shared.security
from shared.auditing import keep_chained
from shared.messaging.bell import Bell
from shared.messaging.edge import Edge
from shared.messaging.housekeeping import keep_house
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.messaging.repairs import add_repairs
from shared.messaging.restoring import Refold, nothing_to_refold, reconcile
from shared.messaging.timers import Clockwork, Due
from shared.runtime import memory
from shared.runtime.backoff import pause
from shared.runtime.database import PASSING
from shared.runtime.health import Health, health_router
from shared.runtime.logs import start_logs
from shared.runtime.migrations import pending
from shared.runtime.reach import SERVICE, acting
from shared.runtime.settings import Settings
from shared.runtime.traces import Traced, start_traces, stop_traces
from shared.security.covers import Covers
from shared.security.edge import install, require_entries
from shared.security.fences import Fences, forget_fences
from shared.security.keyed import keyed_pool
from shared.security.keys import KeyMissing, PostgresKeys, SealingKeyChanged
from shared.web.app import web_app
from shared.web.branches import branched
from shared.web.idempotency import forget_expired
from shared.web.staff import Remembered

MIGRATIONS = tuple(Path(str(room.__file__)).parent / "migrations" for room in (shared.messaging, shared.security))
START_WITHIN = 60.0  # seconds to wait for Postgres and Kafka that start beside us
STOP_WITHIN = 10  # seconds for requests under way

log = structlog.get_logger("process")


@dataclass(slots=True)
class Running:
    """What a service's code may use while it runs. Routes find it as `request.app.state.running`."""

    settings: Settings
    pool: Pool
    keys: PostgresKeys
    meters: Meters
    bell: Bell = field(default_factory=Bell)  # rung when something was committed that a relay may wait for
    covers: Covers = field(default_factory=Covers)
    names: Remembered = field(default_factory=Remembered)


Task = Callable[[Running], Awaitable[None]]
Recall = Callable[[Pool, Settings], Awaitable[object]]
ClockHandler = Callable[[Connection, Due], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its name, what it answers, what it hears, which clocks it winds, what else its worker does."""

    name: str
    folder: Path
    reactions: Reactions = field(default_factory=Reactions)
    routers: Sequence[APIRouter] = ()
    clocks: Mapping[str, ClockHandler] = field(default_factory=dict)
    tasks: Sequence[Task] = ()
    refold: Refold = nothing_to_refold
    recall: Recall | None = None  # after that, before anything is heard: what stands in logs beside its topics

    @property
    def migrations(self) -> tuple[Path, ...]:
        return (*MIGRATIONS, self.folder / "migrations")


def run(describe: Callable[[Settings], Service]) -> None:
    """Run until SIGTERM. Wrong settings end it with one sentence."""
    try:
        settings = Settings()
        service = describe(settings)  # a service may have settings of its own
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SystemExit(f"THROUGHCARE_{place.upper()}: {first['msg'].removeprefix('Value error, ')}") from None
    if not settings.demo and settings.verifying_keys is None:
        raise SystemExit("THROUGHCARE_VERIFYING_KEYS names no file: without it nobody could be believed.")
    start_logs(service.name, settings.log_level)
    start_traces(service.name, settings.otlp)
    app = build(service, settings)
    memory.settle()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_WITHIN,
        server_header=False,
    )
    stop_traces()
    if _failed:
        raise SystemExit(1)


_failed: list[str] = []


def build(service: Service, settings: Settings) -> FastAPI:
    """The web app of a process; its lifespan opens and closes everything else."""
    health = Health()
    meters = Meters()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(service, settings, meters, health) as running:
            app.state.running = running
            yield
            health.ready = False  # first: no new work while the rest ends

    app = web_app(service.name, settings=settings, lifespan=lifespan)
    app.state.fences = Fences(lambda: app.state.running.pool)
    install(app, settings, app.state.fences)
    app.include_router(health_router(health, meters.registry))
    if "api" in settings.role_set:
        for router in branched(service.routers):
            app.include_router(router)
    require_entries(app)
    app.add_middleware(Traced)  # outermost: its span is there when anything is written
    return app


@asynccontextmanager
async def open_service(service: Service, settings: Settings, meters: Meters, health: Health) -> AsyncIterator[Running]:
    """Everything but HTTP, from the pool to the last task."""
    async with AsyncExitStack() as stack:
        name = service.name
        opened, keys = await _when_up(
            lambda: stack.enter_async_context(keyed_pool(settings, name, meters.key_alarm)), "Postgres"
        )
        async with opened.acquire() as connection:
            if missing := await pending(connection, service.migrations):
                raise SystemExit(f"{missing[0]} was not run on schema {service.name}; run ./throughcare up, or prepare")
        await _when_up(keys.answers, "The key store")
        with acting(SERVICE):
            await _when_up(lambda: reconcile(opened, settings, name, service.refold, keys), "Kafka")
            if recall := service.recall:
                await _when_up(lambda: recall(opened, settings), "Kafka")
        running = Running(settings, opened, keys, meters)
        health.watch("postgres", lambda: _answers(opened))
        health.watch("keys", keys.answers)
        if "worker" in settings.role_set:
            tasks = _worker(service, running, health)
            stack.push_async_callback(_end, tasks)
        health.ready = True
        log.info("serving", port=settings.port)
        yield running


def _worker(service: Service, running: Running, health: Health) -> list[asyncio.Task[None]]:
    settings, meters = running.settings, running.meters
    add_repairs(service.reactions, service.name)
    relay = Relay(settings, service.name, meters, running.bell)
    inbox = Inbox(running.pool, service.name, service.reactions, meters, running.bell, running.keys)
    edge = Edge(settings, inbox)
    clockwork = Clockwork(running.pool, meters)
    for kind, handler in service.clocks.items():
        clockwork.on(kind, handler)
    health.watch("kafka", lambda: _is(edge.assigned_once.is_set() and relay.shards is not None))
    parts: dict[str, Awaitable[None]] = {
        "relay": relay.run(),
        "inbox": edge.run(),
        "clocks": clockwork.run(),
        "house": keep_house(running.pool, meters, service.name, (forget_expired, forget_fences)),
        "audit": keep_chained(running.pool, settings, service.name, meters),
    }
    for task in service.tasks:
        parts[task.__name__] = task(running)
    with acting(SERVICE):  # a worker does the service's own work, and says so here
        tasks = [asyncio.ensure_future(part) for part in parts.values()]
    for name, started in zip(parts, tasks, strict=True):
        started.set_name(name)
        started.add_done_callback(_notice)
    return tasks


def _notice(task: "asyncio.Future[None]") -> None:
    """A part that ends by itself is a bug: stop in good order and let whoever watches start us again."""
    if task.cancelled() or task.exception() is None:
        return
    name = getattr(task, "get_name", lambda: "part")()
    log.error("a part of the process broke", kind=name, exc_info=task.exception())
    _failed.append(name)
    os.kill(os.getpid(), signal.SIGTERM)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _when_up(attempt_it, what: str):  # type: ignore[no-untyped-def]
    """Servers that start beside us may take a moment; one that does not come is named in one sentence."""
    until, attempt = monotonic() + START_WITHIN, 0
    while True:
        try:
            return await attempt_it()
        except (*PASSING, KafkaError) as error:
            attempt += 1
            if monotonic() > until:
                raise SystemExit(_why_not(what, error)) from error
            log.warning("waiting", where=what, attempt=attempt, error=type(error).__name__)
            await pause(attempt)


def _why_not(what: str, error: Exception) -> str:
    if isinstance(error, KeyMissing | SealingKeyChanged):
        return f"A key of a person can't be had ({type(error).__name__}): see docs/runbooks/restore-the-key-store.md"
    return f"{what} does not answer ({type(error).__name__}); is it running?"


async def _answers(opened: Pool) -> bool:
    async with asyncio.timeout(2):
        return bool(await opened.fetchval("SELECT true"))


async def _is(truth: bool) -> bool:
    return truth
