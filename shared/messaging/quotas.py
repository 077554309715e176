"""How fast a user may read, through the one client that can say it.

confluent-kafka has no call for quotas and aiokafka only reads them. kafka-python knows the requests, but
sends them through a private manager: hence the pinned version, this wrapper, and the reading back.
"""

import contextlib
import logging
import time
import warnings
from collections.abc import Iterator
from typing import Any

from shared.runtime.errors import Retryable

with warnings.catch_warnings():  # it reads its schemas with a function that Python 3.11 calls deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient
    from kafka.protocol.admin.client_quotas import AlterClientQuotasRequest, DescribeClientQuotasRequest

KEY = "consumer_byte_rate"
EXACT_NAME = 0
PATIENCE = 30.0  # seconds until a change must show

logging.getLogger("kafka").setLevel(logging.ERROR)  # it tells every connection at INFO


class QuotaRefused(Retryable):
    """The broker did not set or tell a quota."""


def put(access: dict[str, Any], user: str, bytes_per_second: int | None) -> int | None:
    """Sets the limit, or lifts it with None; what the broker then says. Blocks: call it in a thread."""
    with _admin(access) as admin:
        entry = AlterClientQuotasRequest.EntryData
        request = AlterClientQuotasRequest(
            entries=[
                entry(
                    entity=[entry.EntityData(entity_type="user", entity_name=user)],
                    ops=[entry.OpData(key=KEY, value=float(bytes_per_second or 0), remove=bytes_per_second is None)],
                )
            ],
            validate_only=False,
        )
        response = admin._manager.run(admin._manager.send, request)
        for answer in response.entries:
            if answer.error_code:
                raise QuotaRefused(f"the broker refused a quota for {user}: {answer.error_message}")
        return _read_until(admin, user, bytes_per_second)


def get(access: dict[str, Any], user: str) -> int | None:
    """The limit that stands for exactly this user, in bytes a second; None without one."""
    with _admin(access) as admin:
        return _read(admin, user)


def _read_until(admin: KafkaAdminClient, user: str, wanted: int | None) -> int | None:
    """A broker answers before it has applied what it accepted: asked again until it shows."""
    deadline = time.monotonic() + PATIENCE
    while (found := _read(admin, user)) != wanted and time.monotonic() < deadline:
        time.sleep(0.03)
    return found


def _read(admin: KafkaAdminClient, user: str) -> int | None:
    component = DescribeClientQuotasRequest.ComponentData(entity_type="user", match_type=EXACT_NAME, match=user)
    request = DescribeClientQuotasRequest(components=[component], strict=True)
    response = admin._manager.run(admin._manager.send, request)
    if response.error_code:
        raise QuotaRefused(f"the broker did not tell the quota of {user}: {response.error_message}")
    values = {value.key: value.value for entry in response.entries or [] for value in entry.values}
    return int(values[KEY]) if KEY in values else None


@contextlib.contextmanager
def _admin(access: dict[str, Any]) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**access, client_id="throughcare-quotas")
    try:
        yield admin
    finally:
        admin.close()
