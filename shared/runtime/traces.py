"""Traces: one trace follows a fact from the command through the outbox and Kafka to its last effect.

The outbox keeps `traceparent` (W3C Trace Context) beside the event, since no context survives from the request
to the relay. Without a collector configured nothing is recorded and nothing is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer = trace.get_tracer("throughcare")


def start_traces(service: str, collector: str) -> TracerProvider | None:
    """Send spans to `collector` (http://host:4318); None and no cost without one."""
    if not collector:
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": f"throughcare-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider


def traceparent() -> str | None:
    """The current span as a W3C header value, or None outside any."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str | int) -> Iterator[None]:
    """A span named for the step; ids only in `attributes`."""
    context = propagate.extract({"traceparent": parent}) if parent else None
    with tracer.start_as_current_span(name, context=context, attributes=attributes):
        yield
