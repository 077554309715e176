"""`secrets`: makes what the containers of docker-compose.yml sign in with, one file each; what is there stays.

`secrets rotate signing` changes the key that tokens are signed with while everything runs.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from shared.contracts.topics import SERVICES
from shared.local.keystore import OWNER
from shared.local.network import Network
from shared.local.passwords import Passwords
from shared.local.trouble import Trouble
from shared.security import signing
from shared.security.tokens import LIFE

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "secrets"
FILES = "files"  # a folder in the closed one: containers, each a user of its own, are given what lies in it
TOKENS = "tokens"  # a folder for each half of the keys of tokens, since a file that is mounted alone never changes
ADMINISTRATORS = ("postgres.admin", "kafka.admin")
JAAS = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="{0}" user_admin="{0}";'
)

app = typer.Typer(help="Make the secrets that docker compose hands to each container; rotate keys.")
Folder = Annotated[Path, typer.Option(help="Where docker-compose.yml looks.", file_okay=False)]


def names() -> list[str]:
    roles = [role for service in SERVICES for role in (service, f"{service}_owner")] + [OWNER]
    return [
        "signing",
        "sealing",
        *ADMINISTRATORS,
        *(f"postgres.{role}" for role in roles),
        *(f"kafka.{service}" for service in SERVICES),
    ]


@app.callback(invoke_without_command=True)
def make(context: typer.Context, folder: Folder = FOLDER) -> None:
    """Make the secrets that docker compose hands to each container; what is there stays."""
    if context.invoked_subcommand is not None:
        return
    passwords = Passwords(folder / FILES)
    passwords.folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # before anything lies in it that others may read
    for name in names():
        if (folder / name).exists():  # as an earlier version laid them, in a folder that others could enter
            (folder / name).replace(passwords.folder / name)
        passwords.path(name).chmod(0o644)
    signing.ensure(folder / TOKENS)
    for half in (signing.PRIVATE, signing.PUBLIC):
        (folder / TOKENS / half).chmod(0o644)
    passwords.folder.chmod(0o711)
    jaas = JAAS.format(passwords.of("kafka.admin"))
    environment = "".join(
        f"KAFKA_LISTENER_NAME_{listener}_PLAIN_SASL_JAAS_CONFIG={jaas}\n" for listener in ("SASL", "CONTROLLER")
    )
    (folder / "kafka.env").write_text(environment, encoding="ascii")
    (folder / "kafka.env").chmod(0o600)
    print(f"{len(names())} secrets and the keys of tokens in {folder}. Next: docker compose up --build")


@app.command()
def rotate(
    what: Annotated[Literal["signing"], typer.Argument(help="signing: the key that tokens are signed with.")],
    folder: Annotated[
        Path | None, typer.Option(help="The folder of `secrets`; without it, this machine's network.", file_okay=False)
    ] = None,
) -> None:
    """A new key while everything runs: nobody is signed out, and the old key is believed for some minutes more."""
    tokens = folder / TOKENS if folder else Network().tokens
    if not (tokens / signing.PRIVATE).exists():
        raise Trouble(f"There are no keys of tokens in {tokens}: run ./throughcare up, or secrets, before you rotate.")
    kid = asyncio.run(signing.rotate(tokens, LIFE, asyncio.sleep))
    print(f"Tokens are signed with the key {kid} from now on; the one before is refused after {LIFE // 60} minutes.")
