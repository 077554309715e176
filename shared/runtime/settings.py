"""Settings: one frozen class, read once from the environment (`THROUGHCARE_*`).

A secret may come from a file instead (`THROUGHCARE_KAFKA_PASSWORD_FILE=/run/secrets/...`), so that it
stands in no process list and no compose file.
"""

import os
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "THROUGHCARE_"
DEMO_SECRET = "demo-only-secret-do-not-use-for-real-people"  # noqa: S105  a marker, refused outside the demo


class SecretFiles(EnvSettingsSource):
    """Reads `<KEY>_FILE` for every field; the file's last line break is not part of the secret."""

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self.settings_cls.model_fields:
            path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
            if path:
                found[name] = _read(name, Path(path))
        return found


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise SystemExit(f"{PREFIX}{name.upper()}_FILE names {path}, which can't be read: {error.strerror}.") from error


def secrets_in(text: str) -> list[str]:
    """The secrets of a file that may hold several, one a line, newest first."""
    return list(dict.fromkeys(line for line in text.split("\n") if line.strip()))


def keeps_secrets(address: str) -> bool:
    """Whether nobody on the way there can read along: TLS, or this machine."""
    try:
        parts = urlsplit(address)
        on_this_machine = parts.hostname in ("127.0.0.1", "::1", "localhost")
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and on_this_machine))


class Address(NamedTuple):
    """Where a database is, and how to sign in to it."""

    url: str
    password: str
    ca_file: Path | None


class Settings(BaseSettings):
    """What a process of any service needs to run. Each field says its unit, and why its default is what it is."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database: str = Field(
        "postgresql://127.0.0.1:5432/throughcare", description="Postgres URL with user, without password"
    )
    database_password: SecretStr = SecretStr("")
    database_ca_file: Path | None = Field(None, description="CA certificate; set, TLS is required and verified")
    database_pool: int = Field(10, ge=2, description="connections a process may hold")

    keys: str = Field("", description="Postgres URL of the key store; without it the database `<name>_keys` beside")
    keys_password: SecretStr = SecretStr("")
    keys_ca_file: Path | None = None
    keys_pool: int = Field(4, ge=1, description="connections to it; each is held for one statement")

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers, host:port separated by commas")
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_security: Literal["SASL_PLAINTEXT", "SASL_SSL", "PLAINTEXT", "SSL"] = "SASL_PLAINTEXT"
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_ca_file: Path | None = None
    replication: int = Field(1, ge=1, description="copies of each topic; 3 on a real cluster")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = Field("http://127.0.0.1:8000", description="where people reach the front port")
    leave_to: str = Field(
        "https://www.weather.gov/", description="where “Leave this page” leads; empty, to a recipe of our own"
    )
    roles: str = Field("api,worker", description="api, worker, or both separated by a comma")
    home: Path = Field(Path(".throughcare"), description="folder of this machine's own network")
    anchors: Path | None = Field(
        None, description="folder of the audit's anchors, away from the database; without it <home>/anchors"
    )

    demo: bool = Field(False, description="demo accounts and demo secrets; loopback addresses only")
    signing_secret: SecretStr = Field(
        SecretStr(DEMO_SECRET), description="mixed into PINs, references, forms and anchors"
    )
    signing_keys: Path | None = Field(None, description="JWKS with the private key of tokens; intake's alone")
    verifying_keys: Path | None = Field(None, description="JWKS with the public keys of tokens; the demo needs none")
    sealing_key: SecretStr = Field(
        SecretStr(DEMO_SECRET), description="wraps the keys of people; several, one a line: the first wraps, all open"
    )
    sealing_key_file: Path | None = Field(None, description="read again when it changes: no restart for a rotation")
    erasures: Path | None = Field(
        None, description="folder of the erasure ledger, outside every backup; without it `erasures` under home"
    )

    oidc_issuer: str = Field("", description="OpenID issuer where staff may sign in, exactly as it names itself")
    oidc_client_id: str = Field("", description="what the issuer calls us")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="empty for a public client: PKCE stands alone")
    oidc_claim: str = Field("email", description="by which claim accounts are known there; an e-mail must be verified")
    oidc_name: str = Field("your work account", description="what the sign-in page calls it")
    passwords: bool = Field(True, description="whether staff may sign in with a password and a code of ours")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp: str = Field("", description="OpenTelemetry collector, http://host:4318; empty sends no traces")
    relay_batch: int = Field(
        512, ge=1, description="outbox rows per shard and round; 512 x 12 fill one request of 1 MB"
    )
    relay_idle: float = Field(0.02, gt=0, le=0.05, description="seconds between polls of an empty outbox; at most 0.05")
    inbox_batch: int = Field(
        2000, ge=1, description="records per transaction; 200 reach 0.22 of a COPY loop, 2,000 0.37"
    )

    @model_validator(mode="after")
    def refuse_demo_secrets(self) -> Self:
        """Outside the demo a default secret is a door left open."""
        if self.demo:
            if self.host not in ("127.0.0.1", "::1", "localhost"):
                raise ValueError(
                    "THROUGHCARE_DEMO=1 serves on loopback addresses only; unset it or set THROUGHCARE_HOST=127.0.0.1"
                )
            return self
        for name in ("signing_secret", "sealing_key"):
            secrets = secrets_in(getattr(self, name).get_secret_value())
            if not secrets or DEMO_SECRET in secrets:
                raise ValueError(f"set {PREFIX}{name.upper()} (or {PREFIX}{name.upper()}_FILE) to a secret of your own")
        return self

    @model_validator(mode="after")
    def know_the_roles(self) -> Self:
        if not self.role_set or self.role_set - {"api", "worker"}:
            raise ValueError("THROUGHCARE_ROLES is api, worker, or api,worker")
        return self

    @model_validator(mode="after")
    def know_the_issuer(self) -> Self:
        if self.oidc_issuer and not (keeps_secrets(self.oidc_issuer) and self.oidc_client_id):
            raise ValueError(f"{PREFIX}OIDC_ISSUER is an https address, and needs {PREFIX}OIDC_CLIENT_ID beside it")
        if not (self.passwords or self.oidc_issuer):
            raise ValueError(f"without {PREFIX}PASSWORDS nobody could sign in: set {PREFIX}OIDC_ISSUER first")
        return self

    @property
    def anchors_folder(self) -> Path:
        return self.anchors or self.home / "anchors"

    @property
    def role_set(self) -> frozenset[str]:
        return frozenset(role.strip() for role in self.roles.split(",") if role.strip())

    @property
    def main_store(self) -> Address:
        """The service's own schema."""
        return Address(self.database, self.database_password.get_secret_value(), self.database_ca_file)

    @property
    def key_store(self) -> Address:
        """A database of its own: backed up apart, or not at all."""
        if self.keys:
            return Address(self.keys, self.keys_password.get_secret_value(), self.keys_ca_file)
        beside = self.main_store
        parts = urlsplit(beside.url)
        return beside._replace(url=urlunsplit(parts._replace(path=f"{parts.path}_keys")))

    @property
    def ledger(self) -> Path:
        """The folder of the erasure ledger."""
        return self.erasures or self.home / "erasures"

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # by keyword, and only those we use
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        **_: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings
