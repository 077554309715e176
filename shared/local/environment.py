"""What a process of the network on this machine is started with: its own secrets, by file, and nobody else's."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.local import ports
from shared.security import signing

if TYPE_CHECKING:
    from shared.local.network import Network

SIGNER = "intake"  # who signs tokens; the others verify them


def environment_of(network: "Network", service: str) -> dict[str, str]:
    access = network.access_of(service).environment()
    access.pop("THROUGHCARE_KAFKA_PASSWORD")
    secret, given = network.passwords.path, network.settings
    signing.ensure(network.tokens)
    return {
        **access,
        "THROUGHCARE_KAFKA_PASSWORD_FILE": str(secret(f"kafka.{service}")),
        "THROUGHCARE_DATABASE": network.databases.url(service, network.database, password=False),
        "THROUGHCARE_DATABASE_PASSWORD_FILE": str(secret(f"postgres.{service}")),
        **_file("THROUGHCARE_DATABASE_CA_FILE", given.database_ca_file),
        "THROUGHCARE_SIGNING_SECRET_FILE": str(secret("signing")),
        "THROUGHCARE_KEYS": network.keys.url(service, password=False),
        "THROUGHCARE_KEYS_PASSWORD_FILE": str(secret(f"postgres.{service}")),
        **_file("THROUGHCARE_KEYS_CA_FILE", given.database_ca_file if given.keys is None else given.keys_ca_file),
        "THROUGHCARE_SEALING_KEY_FILE": str(network.sealing),
        "THROUGHCARE_ERASURES": str(network.ledger.folder),
        "THROUGHCARE_VERIFYING_KEYS": str(network.tokens / signing.PUBLIC),
        **_file("THROUGHCARE_SIGNING_KEYS", network.tokens / signing.PRIVATE if service == SIGNER else None),
        "THROUGHCARE_HOST": ports.LOOPBACK,
        "THROUGHCARE_PORT": str(network.ports[service]),
        "THROUGHCARE_PUBLIC_URL": network.public_url,
        "THROUGHCARE_ROLES": "api,worker",
        "THROUGHCARE_DEMO": "1" if given.demo else "0",
        "THROUGHCARE_HOME": str(network.home),
        "THROUGHCARE_REPLICATION": str(given.replication),
        **(_administrator(network) if service == "notifications" else {}),
    }


def _file(name: str, path: Path | None) -> dict[str, str]:
    return {name: str(path)} if path else {}


def _administrator(network: "Network") -> dict[str, str]:
    """Partners make new passwords on their page; only of our own Kafka (docs/decisions/0010)."""
    if network.kafka is None:
        return {}
    user, password = network.access.user, network.passwords.path(f"kafka.{network.access.user}")
    return {"THROUGHCARE_KAFKA_ADMIN_USER": user, "THROUGHCARE_KAFKA_ADMIN_PASSWORD_FILE": str(password)}
