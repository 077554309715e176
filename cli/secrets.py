"""`secrets`: makes what the containers of docker-compose.yml sign in with, one file each; what is there stays."""

from pathlib import Path
from typing import Annotated

import typer

from shared.contracts.topics import SERVICES
from shared.local.keystore import OWNER
from shared.local.passwords import Passwords

ROOT = Path(__file__).parents[1]
ADMINISTRATORS = ("postgres.admin", "kafka.admin")
JAAS = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="{0}" user_admin="{0}";'
)


def names() -> list[str]:
    roles = [role for service in SERVICES for role in (service, f"{service}_owner")] + [OWNER]
    return [
        "signing",
        "sealing",
        *ADMINISTRATORS,
        *(f"postgres.{role}" for role in roles),
        *(f"kafka.{service}" for service in SERVICES),
    ]


def register(app: typer.Typer) -> None:
    @app.command()
    def secrets(
        folder: Annotated[Path, typer.Argument(help="Where docker-compose.yml looks.")] = ROOT / "secrets",
    ) -> None:
        """Make the secrets that docker compose hands to each container."""
        passwords = Passwords(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names():
            passwords.path(name).chmod(0o644)  # containers run as a user of their own; the folder is what is closed
        folder.chmod(0o711)
        jaas = JAAS.format(passwords.of("kafka.admin"))
        environment = "".join(
            f"KAFKA_LISTENER_NAME_{listener}_PLAIN_SASL_JAAS_CONFIG={jaas}\n" for listener in ("SASL", "CONTROLLER")
        )
        (folder / "kafka.env").write_text(environment, encoding="ascii")
        (folder / "kafka.env").chmod(0o600)
        print(f"{len(names())} secrets in {folder}. Next: docker compose up --build")
