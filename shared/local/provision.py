"""What a fresh Postgres needs before a service can sign in: the database, roles, schemas, grants, migrations.

Two roles a service: `<service>_owner` owns the schema and migrates it, `<service>` is what the process signs
in as and may only read and write rows. Nobody may anything in another's schema.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from shared.contracts.topics import SERVICES
from shared.local.passwords import Passwords
from shared.local.trouble import Trouble
from shared.runtime import sql
from shared.runtime.migrations import migrate

ROOT = Path(__file__).parents[2]
DATABASE = "throughcare"
SQL = sql.load(__file__, "provision.sql")
ITERATIONS = 4096  # Postgres' own default; the passwords are 256 random bits


def folders(service: str) -> tuple[Path, ...]:
    """Where the migrations of a service's schema lie, in the order they run."""
    shared = ROOT / "shared"
    return (
        shared / "messaging" / "migrations",
        shared / "security" / "migrations",
        ROOT / "services" / service / "migrations",
    )


class Databases:
    """The databases of one server, set up for all services. Every call may be repeated."""

    def __init__(
        self,
        admin_url: str,
        passwords: Passwords,
        *,
        ca_file: Path | None = None,
        setting: str = "THROUGHCARE_DATABASE",
    ) -> None:
        self.admin_url = _with_ca(admin_url, ca_file)
        self.passwords = passwords
        self._setting = setting  # what a person looks at when it can't be reached

    def url(self, role: str | None = None, database: str = DATABASE, *, password: bool = True) -> str:
        """The address of `database` for `role`; for the administrator without one."""
        parts = urlsplit(self.admin_url)
        if role is None:
            return urlunsplit(parts._replace(path=f"/{database}"))
        address = parts.netloc.rpartition("@")[2]
        secret = f":{quote(self.passwords.of(f'postgres.{role}'), safe='')}" if password else ""
        return urlunsplit(parts._replace(netloc=f"{role}{secret}@{address}", path=f"/{database}"))

    async def ensure_roles(self) -> None:
        """The roles are the server's, shared by all its databases."""
        async with self.connected() as connection:
            for service in SERVICES:
                for role in (f"{service}_owner", service):
                    await self.ensure_role(connection, role, service)

    async def ensure(self, database: str = DATABASE) -> None:
        """The database with its schemas and grants, empty of tables still."""
        await self.create(database)
        async with self.connected(database) as connection:
            await self._close_to_others(connection, database)
            for service in SERVICES:
                await connection.execute(filled("ensure_schema", service=service))

    async def clone(self, template: str, database: str) -> None:
        """A copy of `template`, which nobody may be connected to; the grants on a database itself are not copied."""
        await self.create(database, template)
        async with self.connected(database) as connection:
            await self._close_to_others(connection, database)

    async def drop(self, database: str) -> None:
        async with self.connected() as connection:
            await connection.execute(filled("drop_database", database=database))

    async def migrate(self, database: str = DATABASE) -> dict[str, list[str]]:
        """Each schema by its own owner, side by side; the migrations applied now, by schema."""
        applied = await asyncio.gather(*(migrate(self.url(f"{s}_owner", database), s, folders(s)) for s in SERVICES))
        return dict(zip(SERVICES, applied, strict=True))

    async def create(self, database: str, template: str = "template1") -> None:
        """Unless it is there."""
        async with self.connected() as connection:
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another `up`, this moment
                if not await connection.fetchval(SQL["database_exists"], database):
                    await connection.execute(filled("create_database", database=database, template=template))

    async def _close_to_others(self, connection: asyncpg.Connection, database: str) -> None:
        await connection.execute(filled("close_database", database=database))
        for service in SERVICES:
            await connection.execute(filled("open_database", database=database, service=service))

    async def ensure_role(self, connection: asyncpg.Connection, role: str, service: str) -> None:
        if not await connection.fetchval(SQL["role_exists"], role):
            await connection.execute(filled("create_role", role=role))
        verifier = scram_verifier(self.passwords.of(f"postgres.{role}"))
        await connection.execute(filled("set_role", role=role, service=service) + f" PASSWORD '{verifier}'")
        await connection.execute(filled("set_search_path", role=role, service=service))
        if role.endswith("_owner") and not await connection.fetchval(SQL["am_superuser"]):
            await connection.execute(filled("join_role", role=role))

    @asynccontextmanager
    async def connected(self, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        """As the administrator. Raises Trouble."""
        connection = await self._connect(database)
        try:
            yield connection
        finally:
            await connection.close()

    async def _connect(self, database: str) -> asyncpg.Connection:
        url = self.url(None, database)
        address = urlsplit(url).netloc.rpartition("@")[2]
        try:
            return await asyncpg.connect(url, timeout=15)
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise Trouble(
                f"Postgres at {address} refuses the user or password: "
                f"check {self._setting} and {self._setting}_PASSWORD."
            ) from error
        except (OSError, TimeoutError) as error:
            if isinstance(error, ssl.SSLError) or "SSL" in str(error):
                raise Trouble(
                    f"Postgres at {address} speaks no TLS, or its certificate is not signed by whom we trust: "
                    f"check {self._setting}_CA_FILE."
                ) from error
            raise Trouble(f"Nothing answers as Postgres at {address}: check {self._setting}.") from error


def filled(name: str, **names: str) -> str:
    """A statement with its names put in. They are our own words, but checked: utility statements take no parameters."""
    for value in names.values():
        if not value.replace("_", "a").isalnum() or not value.isascii():
            raise ValueError(f"{value!r} can't be a name in SQL")
    statement = SQL[name]
    for key, value in names.items():
        statement = statement.replace(f"{{{key}}}", value)
    return statement


def named(url: str | None) -> str:
    """The database that an address names; empty where it names none of ours."""
    name = urlsplit(url or "").path.strip("/")
    return "" if name == "postgres" else name


def signed_in(url: str, password: str) -> str:
    """The address with its password in it."""
    parts = urlsplit(url)
    user, _, address = parts.netloc.rpartition("@")
    if password and ":" not in user:
        parts = parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}")
    return urlunsplit(parts)


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What Postgres stores for a password (RFC 5803). Made here, so the password itself is in no statement or log."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


def _with_ca(url: str, ca_file: Path | None) -> str:
    """With a CA, TLS is required and the server's name checked."""
    if ca_file is None:
        return url
    parts = urlsplit(url)
    query: Mapping[str, str] = {**dict(parse_qsl(parts.query)), "sslmode": "verify-full", "sslrootcert": str(ca_file)}
    return urlunsplit(parts._replace(query=urlencode(query)))
