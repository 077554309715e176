"""Services as `up` starts them: processes of their own, configured by their environment alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.network import Servers
from shared.local import ports
from shared.local.parts import Part
from shared.local.settings import ROOT


@asynccontextmanager
async def serving(at: Servers, service: str, *, roles: str = "api,worker") -> AsyncIterator[Part]:
    """Ready, and stopped at the end."""
    port = ports.anywhere({at.postgres.port, at.kafka.port})
    part = Part(
        at.home, ROOT, service, f"services.{service}.app", port, _environment(at, service, roles, port), "/readyz"
    )
    try:
        await part.ensure()
        yield part
    finally:
        await part.stop()


def _environment(at: Servers, service: str, roles: str, port: int) -> dict[str, str]:
    settings = at.settings(service)
    secret = at.passwords.path
    return {
        "THROUGHCARE_KAFKA": settings.kafka,
        "THROUGHCARE_KAFKA_USER": settings.kafka_user,
        "THROUGHCARE_KAFKA_PASSWORD_FILE": str(secret(f"kafka.{service}")),
        "THROUGHCARE_DATABASE": settings.database,
        "THROUGHCARE_DATABASE_PASSWORD_FILE": str(secret(f"postgres.{service}")),
        "THROUGHCARE_KEYS": settings.keys,
        "THROUGHCARE_KEYS_PASSWORD_FILE": str(secret(f"postgres.{service}")),
        "THROUGHCARE_SIGNING_SECRET_FILE": str(secret("signing")),
        "THROUGHCARE_SEALING_KEY_FILE": str(secret("sealing")),
        "THROUGHCARE_PORT": str(port),
        "THROUGHCARE_ROLES": roles,
        "THROUGHCARE_DEMO": "1",
        "THROUGHCARE_HOME": str(at.home),
        "THROUGHCARE_LOG_LEVEL": "warning",
    }
