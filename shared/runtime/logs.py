"""Logs: one JSON object a line, and only fields on the allow-list leave the process.

A list of what is forbidden always lacks the field somebody adds tomorrow; a list of what is allowed does not.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "service", "role", "logger",
        "topic", "partition", "offset", "shard", "shards", "subject", "sequence", "epoch", "type", "id", "source",
        "consumer", "cluster", "reason", "rows", "records", "seconds", "attempt", "count", "lag",
        "timer", "kind", "method", "route", "status", "request", "error", "where", "port", "pid", "agency", "partner",
    }
)  # fmt: skip

STRUCTLOGS_OWN = frozenset({"_record", "_from_structlog"})  # it takes them out itself, and fails where they are gone


def allow_listed(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what is not allowed, and say that something was dropped by naming its key alone."""
    dropped = sorted(key for key in entry if key not in ALLOWED and key not in STRUCTLOGS_OWN)
    for key in dropped:
        del entry[key]
    if dropped:
        entry["where"] = f"fields not logged: {', '.join(dropped)}"
    return entry


def error_type(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an exception only its type and place: its message may quote what somebody wrote."""
    info = entry.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        entry["error"] = type(error).__name__
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        if last is not None:
            entry["where"] = f"{last.tb_frame.f_code.co_qualname}:{last.tb_lineno}"
    return entry


def start_logs(service: str, level: str) -> None:
    """Route structlog and the standard library's loggers to one JSON stream on standard output."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        error_type,
        allow_listed,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it repeats every reconnect at warning
    logging.getLogger("uvicorn.access").disabled = True  # its lines carry whole URLs; ours carry the route
    structlog.contextvars.bind_contextvars(service=service)
