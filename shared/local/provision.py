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
from collections.abc import Mapping
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
KEY_STORE = "keys"
ITERATIONS = 4096  # Postgres' own default; the passwords are 256 random bits


def folders(service: str) -> tuple[Path, ...]:
    """Where the migrations of a service's schema lie, in the order they run."""
    shared = ROOT / "shared"
    if service == KEY_STORE:
        return (shared / "security" / "keystore" / "migrations",)
    return (
        shared / "messaging" / "migrations",
        shared / "security" / "migrations",
        ROOT / "services" / service / "migrations",
    )


class Databases:
    """The databases of one server, set up for all services. Every call may be repeated."""

    def __init__(self, admin_url: str, passwords: Passwords, *, ca_file: Path | None = None) -> None:
        self.admin_url = _with_ca(admin_url, ca_file)
        self.passwords = passwords

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
        connection = await self._connect()
        try:
            for service in SERVICES:
                for role in (f"{service}_owner", service):
                    await self._ensure_role(connection, role, service)
            await self._ensure_role(connection, f"{KEY_STORE}_owner", KEY_STORE)
        finally:
            await connection.close()

    async def ensure(self, database: str = DATABASE) -> None:
        """The database with its schemas and grants, empty of tables still."""
        await self._create(database)
        connection = await self._connect(database)
        try:
            await self._close_to_others(connection, database)
            for service in SERVICES:
                await connection.execute(_filled("ensure_schema", service=service))
            await connection.execute(SQL["ensure_key_store"])
            for service in SERVICES:
                await connection.execute(_filled("open_key_store", service=service))
        finally:
            await connection.close()

    async def clone(self, template: str, database: str) -> None:
        """A copy of `template`, which nobody may be connected to; the grants on a database itself are not copied."""
        await self._create(database, template)
        connection = await self._connect(database)
        try:
            await self._close_to_others(connection, database)
        finally:
            await connection.close()

    async def drop(self, database: str) -> None:
        connection = await self._connect()
        try:
            await connection.execute(_filled("drop_database", database=database))
        finally:
            await connection.close()

    async def migrate(self, database: str = DATABASE) -> dict[str, list[str]]:
        """Each schema by its own owner, side by side; the migrations applied now, by schema."""
        schemas = (*SERVICES, KEY_STORE)
        applied = await asyncio.gather(*(migrate(self.url(f"{s}_owner", database), s, folders(s)) for s in schemas))
        return dict(zip(schemas, applied, strict=True))

    async def _create(self, database: str, template: str = "template1") -> None:
        connection = await self._connect()
        try:
            if not await connection.fetchval(SQL["database_exists"], database):
                await connection.execute(_filled("create_database", database=database, template=template))
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            pass  # another `up` made it in the same moment
        finally:
            await connection.close()

    async def _close_to_others(self, connection: asyncpg.Connection, database: str) -> None:
        await connection.execute(_filled("close_database", database=database))
        for service in SERVICES:
            await connection.execute(_filled("open_database", database=database, service=service))
        await connection.execute(_filled("open_to", database=database, role=f"{KEY_STORE}_owner"))

    async def _ensure_role(self, connection: asyncpg.Connection, role: str, service: str) -> None:
        if not await connection.fetchval(SQL["role_exists"], role):
            await connection.execute(_filled("create_role", role=role))
        verifier = scram_verifier(self.passwords.of(f"postgres.{role}"))
        await connection.execute(_filled("set_role", role=role, service=service) + f" PASSWORD '{verifier}'")
        await connection.execute(_filled("set_search_path", role=role, service=service))
        if role.endswith("_owner") and not await connection.fetchval(SQL["am_superuser"]):
            await connection.execute(_filled("join_role", role=role))

    async def _connect(self, database: str = "postgres") -> asyncpg.Connection:
        url = self.url(None, database)
        address = urlsplit(url).netloc.rpartition("@")[2]
        try:
            return await asyncpg.connect(url, timeout=15)
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise Trouble(
                f"Postgres at {address} refuses the user or password: "
                "check THROUGHCARE_DATABASE and THROUGHCARE_DATABASE_PASSWORD."
            ) from error
        except (OSError, TimeoutError) as error:
            if isinstance(error, ssl.SSLError) or "SSL" in str(error):
                raise Trouble(
                    f"Postgres at {address} speaks no TLS, or its certificate is not signed by whom we trust: "
                    "check THROUGHCARE_DATABASE_CA_FILE."
                ) from error
            raise Trouble(f"Nothing answers as Postgres at {address}: check THROUGHCARE_DATABASE.") from error


def _filled(name: str, **names: str) -> str:
    """A statement with its names put in. They are our own words, but checked: utility statements take no parameters."""
    for value in names.values():
        if not value.replace("_", "a").isalnum() or not value.isascii():
            raise ValueError(f"{value!r} can't be a name in SQL")
    statement = SQL[name]
    for key, value in names.items():
        statement = statement.replace(f"{{{key}}}", value)
    return statement


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
