"""One trace from the command over HTTP through outbox, relay and inbox to the event that came of it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from asyncpg import Connection
from fastapi import FastAPI, HTTPException
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.contracts.control import RepairRequested
from shared.messaging.outbox import Cause, put_events
from shared.messaging.reactions import Fact
from shared.runtime import traces
from shared.runtime.traces import Traced
from tests.integration.messaging.world import TOPIC, Side, World, until
from tests.integration.messaging.world import world as open_world
from tests.network import FreshDatabase

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "clean_topics")]


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase) -> AsyncIterator[World]:
    async with open_world(database) as opened:
        yield opened


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.use("test", SimpleSpanProcessor(exporter))
    yield exporter
    traces.stop_traces()


def app_of(side: Side) -> httpx.AsyncClient:
    app = FastAPI()

    @app.post("/things/{id}")
    async def say(id: UUID) -> dict[str, str]:
        await side.say(id)
        return {}

    @app.post("/broken/{id}")
    async def broken(id: UUID) -> None:
        raise HTTPException(409, f"somebody's own words about {id}")

    @app.get("/things/{id}")
    async def look(id: UUID) -> dict[str, str]:
        return {}

    app.add_middleware(Traced)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


def react(world: World) -> None:
    """The reader says something of its own because of each fact that it hears."""

    async def hear(tx: Connection, facts: Sequence[Fact]) -> None:
        for envelope, _ in facts:
            asked = RepairRequested(
                service="reporting", wanted_topic=TOPIC, wanted_subject=envelope.subject, from_sequence=1
            )
            await put_events(tx, envelope.subject, [asked], partitionkey="k", cause=Cause(str(envelope.id)))

    world.reader.reactions._by_topic[TOPIC] = hear


def trace_of(written: str) -> str:
    return written.split("-")[1]


def named(spans: InMemorySpanExporter, start: str, trace: str) -> list[ReadableSpan]:
    return [
        span
        for span in spans.get_finished_spans()
        if span.name.startswith(start) and f"{span.context.trace_id:032x}" == trace
    ]


async def came_of(side: Side, subjects: Sequence[UUID]) -> dict[str, str]:
    """The traceparents of what the reader said, by subject, once it has spoken of all."""
    names = [str(subject) for subject in subjects]
    found: dict[str, str] = {}

    async def all_there() -> bool:
        rows = await side.pool.fetch("SELECT subject, traceparent FROM event_archive WHERE subject = ANY ($1)", names)
        found.update({row["subject"]: row["traceparent"] for row in rows})
        return len(found) == len(names)

    await until(all_there)
    return found


async def test_one_trace_runs_from_the_command_to_the_event_that_came_of_it(world: World, spans: InMemorySpanExporter):
    react(world)
    subjects = [uuid4() for _ in range(5)]
    async with app_of(world.writer) as client:
        for subject in subjects:
            assert (await client.post(f"/things/{subject}")).status_code == 200
    world.writer.start("relay")
    world.reader.start("relay", "edge")
    written = await came_of(world.reader, subjects)
    commands = {span.context.trace_id for span in spans.get_finished_spans() if span.name == "POST /things/{id}"}
    assert len(commands) == 5, "each command is a trace of its own"
    assert {trace_of(parent) for parent in written.values()} == {f"{trace:032x}" for trace in commands}
    for subject in subjects:
        trace = trace_of(written[str(subject)])
        [command] = named(spans, "POST", trace)
        publishing = named(spans, "publish throughcare.message", trace)
        [applied] = named(spans, "process throughcare.message", trace)
        assert {span.parent.span_id for span in (*publishing, applied) if span.parent} == {command.context.span_id}
        assert written[str(subject)].split("-")[2] == f"{applied.context.span_id:016x}"
        assert named(spans, "publish throughcare.repair", trace)[0].parent.span_id == applied.context.span_id


async def test_a_batch_is_a_span_of_its_own_with_a_link_to_each_fact(world: World, spans: InMemorySpanExporter):
    react(world)
    async with app_of(world.writer) as client:
        subjects = [uuid4() for _ in range(3)]
        for subject in subjects:
            await client.post(f"/things/{subject}")
    world.writer.start("relay")
    world.reader.start("relay", "edge")
    await came_of(world.reader, subjects)
    commands = {span.context.trace_id for span in spans.get_finished_spans() if span.name == "POST /things/{id}"}
    for name in ("publish", f"process {TOPIC}"):
        batches = [span for span in spans.get_finished_spans() if span.name == name]
        assert commands <= {link.context.trace_id for span in batches for link in span.links}
        assert not commands & {span.context.trace_id for span in batches}
        assert all(span.attributes and span.attributes["messaging.batch.message_count"] for span in batches)


async def test_no_span_says_whom_it_is_about(world: World, spans: InMemorySpanExporter):
    react(world)
    subject = uuid4()
    async with app_of(world.writer) as client:
        await client.post(f"/things/{subject}")
        await client.post(f"/broken/{subject}")
        await client.get(f"/things/{subject}")
    world.writer.start("relay")
    world.reader.start("relay", "edge")
    await came_of(world.reader, [subject])
    found = spans.get_finished_spans()
    assert not any(str(subject) in span.to_json() for span in found)
    assert not any("somebody" in span.to_json() for span in found)
    assert not any(span.name.startswith("GET") for span in found), "reading is not traced"
    [broken] = [span for span in found if span.name == "POST /broken/{id}"]
    assert broken.attributes and broken.attributes["http.response.status_code"] == 409


async def test_a_fact_that_cannot_be_applied_shows_its_kind_of_error_and_no_word_of_it(
    world: World, spans: InMemorySpanExporter
):
    subject = uuid4()

    async def hear(tx: Connection, facts: Sequence[Fact]) -> None:
        raise ValueError("what somebody wrote")

    world.reader.reactions._by_topic[TOPIC] = hear
    async with app_of(world.writer) as client:
        await client.post(f"/things/{subject}")
    world.writer.start("relay")
    world.reader.start("edge")

    async def parked() -> bool:
        return await world.reader.parked(subject) is not None

    await until(parked)
    failed = [span for span in spans.get_finished_spans() if not span.status.is_ok and span.name.startswith("process")]
    assert failed
    assert {span.attributes["error.type"] for span in failed if span.attributes} == {"ValueError"}
    assert not any("somebody" in span.to_json() for span in spans.get_finished_spans())


async def test_without_a_collector_nothing_is_recorded_and_events_carry_no_trace(world: World):
    traces.start_traces("test", "")
    assert not traces.are_on()
    subject = uuid4()
    async with app_of(world.writer) as client:
        await client.post(f"/things/{subject}")
    assert await world.writer.pool.fetchval("SELECT traceparent FROM outbox") is None
