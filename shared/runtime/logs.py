"""Logs: one JSON object a line, and only fields on the allow-list leave the process.

A list of what is forbidden always lacks the field somebody adds tomorrow; a list of what is allowed does not.
"""

import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

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


def strangers_words(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's own sentence, as it stands in its code: what it fills in may be what somebody wrote, and so may
    a second line."""
    entry["event"] = _sentence(str(entry["_record"].msg), entry.pop("positional_args", None))
    return entry


def _sentence(text: str, given: object) -> str:
    if isinstance(given, tuple) and given:
        with suppress(TypeError, ValueError):  # the sentence with its gaps says enough
            text %= tuple(_harmless(one) for one in given)
    if text.startswith("Traceback"):  # of a process that could not start; our own reasons end it with SystemExit
        last = text.rstrip().rpartition("\n")[2]
        return last if last.startswith("SystemExit") else last.partition(":")[0]
    return text.partition("\n")[0]


def _harmless(given: object) -> object:
    if isinstance(given, int | float):
        return given
    return type(given).__name__ if isinstance(given, BaseException) else "…"


class Lines(logging.StreamHandler[TextIO]):
    """Python's own handler prints what it could not fill in. This one says where that was."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        told = {"event": "a line could not be written", "level": "error", "where": f"{record.module}:{record.lineno}"}
        self.stream.write(json.dumps(told) + "\n")


def _take_tracebacks() -> None:
    """What nobody caught, anywhere, is logged as everything is: Python would print its message."""
    log = structlog.get_logger("process")
    sys.excepthook = lambda _, error, __: log.error("ended by an error", exc_info=error)
    sys.unraisablehook = lambda broken: log.error("broke unheard", exc_info=broken.exc_value)
    threading.excepthook = lambda broken: log.error("a thread ended by an error", exc_info=broken.exc_value)


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
    handler = Lines(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[strangers_words, *shared],
            pass_foreign_args=True,
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
    _take_tracebacks()
