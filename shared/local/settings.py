"""What a person may set for the network on their own machine. Nothing has to be: every default works.

The same names as a service's settings where they mean the same; here credentials are an administrator's.
"""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.runtime.settings import PREFIX, SecretFiles

ROOT = Path(__file__).parents[2]


def _place(url: str) -> tuple[str, str]:
    """Server and database of an address."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2], parts.path.strip("/")


class LocalSettings(BaseSettings):
    """Read once by each command of `./throughcare`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(ROOT / ".throughcare", description="folder of all state; one network per folder")
    port: int | None = Field(None, ge=1, le=65535, description="front port; without it the first free one from 8000")
    postgres_port: int | None = Field(None, ge=1, le=65535, description="without it the first free one from 5432")
    kafka_port: int | None = Field(None, ge=1, le=65535, description="without it the first free one from 9092")
    public_url: str | None = Field(None, description="where people reach it; without it the front port of this machine")

    database: str | None = Field(None, description="a given Postgres with its administrator; none is started then")
    database_password: SecretStr = SecretStr("")
    database_ca_file: Path | None = None
    keys: str | None = Field(None, description="another Postgres for the key store alone, with its administrator")
    keys_password: SecretStr = SecretStr("")
    keys_ca_file: Path | None = None
    sealing_key_file: Path | None = Field(None, description="master secrets, one a line; without it one is made")
    erasures: Path | None = Field(None, description="folder of the erasure ledger, outside every backup")
    kafka: str | None = Field(None, description="a given Kafka, host:port separated by commas; none is started then")
    kafka_user: str = "admin"
    kafka_password: SecretStr = SecretStr("")
    kafka_security: Literal["SASL_PLAINTEXT", "SASL_SSL", "PLAINTEXT", "SSL"] = "SASL_PLAINTEXT"
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_ca_file: Path | None = None
    replication: int = Field(1, ge=1, description="copies of each topic; 3 on a real cluster")
    demo: bool = Field(True, description="demo accounts and a small demo network; loopback addresses only")

    @field_validator("home")
    @classmethod
    def can_be_written_into_settings(cls, home: Path) -> Path:
        """Kafka splits folders at a comma, Java splits its class path at a colon."""
        if set(str(home)) & set(",:\n\"'\\"):
            raise ValueError("choose a folder without comma, colon, quote or backslash in its name")
        return home.expanduser().absolute()

    @field_validator("database_ca_file", "kafka_ca_file", "keys_ca_file", "sealing_key_file")
    @classmethod
    def exists(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path and path.absolute()

    @model_validator(mode="after")
    def know_the_ledger(self) -> Self:
        """A disk that is not mounted looks like a ledger in which nobody stands, and a restore brings them back."""
        folder = self.erasures
        if folder and not folder.is_relative_to(self.home) and not folder.is_dir():
            raise ValueError(f"{PREFIX}ERASURES names {folder}, and there is none: make it, or mount what it lies on")
        return self

    @model_validator(mode="after")
    def know_the_administrator(self) -> Self:
        for name, given in (("DATABASE", self.database), ("KEYS", self.keys)):
            if given and not (given.startswith(("postgresql://", "postgres://")) and "@" in given):
                raise ValueError(f"{PREFIX}{name} looks like postgresql://administrator@host:5432/throughcare")
        if self.keys and self.database and _place(self.keys) == _place(self.database):
            raise ValueError(f"{PREFIX}KEYS names the database that holds everything else: give it one of its own")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings
