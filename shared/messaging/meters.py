"""What the messaging core counts, as Prometheus metrics. Labels hold topics and reasons, never ids of people."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

RECORDS = (1, 10, 50, 200, 500, 1000, 2000)


class Meters:
    """One set a process; a registry of its own, so that two in one test do not clash."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        make: dict[str, Any] = {"registry": self.registry, "namespace": "throughcare"}
        self.relayed = Counter("relay_events", "events acknowledged and archived", **make)
        self.relay_restarts = Counter("relay_restarts", "times the relay began again", **make)
        self.requeued = Counter("relay_requeued", "events published again after a log lost them", **make)
        self.outbox_rows = Gauge("outbox_unsent", "events that wait in the outbox", **make)
        self.outbox_age = Gauge("outbox_oldest_seconds", "age of the oldest of them", **make)
        self.outbox_blocked = Gauge("outbox_blocked", "events that the broker refused", **make)
        self.snapshot_age = Gauge("oldest_transaction_seconds", "age of the oldest open transaction", **make)
        self.applied = Counter("inbox_applied", "records whose effect was made", ["topic"], **make)
        self.duplicates = Counter("inbox_duplicates", "records dropped as duplicates", ["topic"], **make)
        self.ignored = Counter("inbox_ignored", "records of unknown types, and of people erased", ["topic"], **make)
        self.erased = Counter("inbox_erased", "of those ignored: records of people who were erased", ["topic"], **make)
        self.keys_missing = Counter("inbox_keys_missing", "times a batch waited for a key that is not there", **make)
        self.parked = Counter("inbox_parked", "records put among the dead letters", ["topic", "reason"], **make)
        self.letters = Gauge("dead_letters", "parked records that nobody has settled", ["reason"], **make)
        self.held_up = Gauge("parked_subjects", "subjects whose later records wait", ["reason"], **make)
        self.batch = Histogram("inbox_batch_records", "records per transaction", buckets=RECORDS, **make)
        self.retries = Counter("inbox_retries", "times a batch was tried again", **make)
        self.lag = Gauge("consumer_lag", "records without their effect", ["topic", "partition"], **make)
        self.timers_fired = Counter("timers_fired", "clocks whose effect was made", ["kind"], **make)
        self.key_alarms = Counter("key_alarms", "keys of people that should open and don't", ["reason"], **make)
        self.timers_late = Gauge("timer_late_seconds", "how late the most overdue clock is", **make)
        self.audit_waiting = Gauge("audit_unchained", "rows of the audit that have no link yet", **make)
        self.audit_since = Gauge("audit_last_link_seconds", "since a row of the audit was last chained", **make)
        self.audit_unfiled = Gauge("audit_anchor_not_filed", "1: the last anchor could not be written", **make)

    def tell(self, gauge: Gauge, by_reason: Mapping[str, int]) -> None:
        """All there is now: a reason that nothing has any more is gone."""
        gauge.clear()
        for reason, count in by_reason.items():
            gauge.labels(reason).set(count)

    def key_alarm(self, reason: str) -> None:
        """A key is missing, damaged or of a master key that is not here; never counted for an erasure."""
        self.key_alarms.labels(reason).inc()

    def forget_lag(self, places: Iterable[tuple[str, int]]) -> None:
        """Another process reads these now, and tells how far it is."""
        for topic, partition in places:
            with suppress(KeyError):  # never measured
                self.lag.remove(topic, partition)
