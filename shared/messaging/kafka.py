"""How this process reaches Kafka: the same address, credentials and TLS for every kind of client."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.helpers import create_ssl_context

from shared.runtime.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """The arguments that aiokafka's producer, consumer and admin clients share."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = create_ssl_context(
            cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None
        )
    return options


async def cluster_id(settings: Settings) -> str:
    """The id that this Kafka was formatted with: another id is another log, whatever its address."""
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=10_000)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


def reader(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group, for looking: end offsets, and the tail of a log."""
    return AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
