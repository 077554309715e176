"""Traces: one trace follows a fact from the command through the outbox and Kafka to its last effect.

The outbox keeps `traceparent` (W3C Trace Context) beside the event, since no context survives from the request to the
relay. Without a collector nothing is recorded, nothing is sent, and each place that could do so asks one flag. A span
says types, topics and counts; never an id, and never what an exception says, which may quote somebody.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

W3C = TraceContextTextMapPropagator()
READING = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_LINKS = 128  # as many as a span keeps

_provider: TracerProvider | None = None
_causes: ContextVar[Mapping[str, Span]] = ContextVar("causes", default=MappingProxyType({}))


def start_traces(service: str, collector: str) -> None:
    """Send spans to `collector` (http://host:4318); None and no cost without one."""
    if collector:
        use(service, BatchSpanProcessor(OTLPSpanExporter(f"{collector.rstrip('/')}/v1/traces")))


def use(service: str, processor: SpanProcessor) -> None:
    """Record spans from now on, for `processor`; how many of them, OTEL_TRACES_SAMPLER says."""
    global _provider
    _provider = TracerProvider(resource=Resource.create({"service.name": f"throughcare-{service}"}))
    _provider.add_span_processor(processor)


def stop_traces() -> None:
    """Send what is left; record nothing more."""
    global _provider
    if _provider is not None:
        _provider.shutdown()
    _provider = None


def are_on() -> bool:
    return _provider is not None


def _tracer() -> trace.Tracer:
    return _provider.get_tracer("throughcare") if _provider else trace.NoOpTracer()


def traceparent(cause: str | None = None) -> str | None:
    """What an event written now carries: the trace of the fact that caused it, or of the current span, or nothing."""
    span = _causes.get().get(cause or "") or trace.get_current_span()
    return _written(span)


def _written(span: Span) -> str | None:
    if not span.get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    W3C.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent")


def _read(parent: str | None) -> SpanContext | None:
    if not parent:
        return None
    found = trace.get_current_span(W3C.extract({"traceparent": parent}, Context())).get_span_context()
    return found if found.is_valid else None


def _within(parent: SpanContext | None) -> Context:
    """A context of its own: what happens to run around a batch is not what caused it."""
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context()) if parent else Context()


@contextmanager
def batch(name: str, kind: SpanKind, parents: Iterable[str | None], **attributes: str | int) -> Iterator[None]:
    """A span over work on many facts at once, linked to the trace of each."""
    if _provider is None:
        yield
        return
    known = dict.fromkeys(parents)
    links = [Link(context) for parent in list(known)[:MOST_LINKS] if (context := _read(parent))]
    span = _tracer().start_span(name, Context(), kind, attributes, links)
    with _ending(span), trace.use_span(span, record_exception=False, set_status_on_exception=False):
        yield


@contextmanager
def facts(kind: SpanKind, work: str, told: Iterable[tuple[str, str, str | None]], **attributes: str) -> Iterator[None]:
    """One span a fact (its id, type and traceparent), within the fact's own trace; a fact without one gets none.

    What is written meanwhile with a fact's id as its cause goes on in that fact's trace.
    """
    if _provider is None:
        yield
        return
    tracer = _tracer()
    spans = {
        id: tracer.start_span(f"{work} {type}", _within(parent), kind, {**attributes, "messaging.message.type": type})
        for id, type, written in told
        if (parent := _read(written))
    }
    token = _causes.set(spans)
    try:
        with _ending(*spans.values()):
            yield
    finally:
        _causes.reset(token)


@contextmanager
def _ending(*spans: Span) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for span in spans:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        for span in spans:
            span.end()


class Traced:
    """Middleware: a span for each command over HTTP, named by its route. Reading is not traced."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _provider is None or scope["type"] != "http" or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        parent = _within(_read(headers.get("traceparent")))
        span = _tracer().start_span(scope["method"], parent, SpanKind.SERVER, {"http.request.method": scope["method"]})

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
            await send(message)

        with _ending(span), trace.use_span(span, record_exception=False, set_status_on_exception=False):
            await self.app(scope, receive, answer)
            route = getattr(scope.get("route"), "path", None)
            if route:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
