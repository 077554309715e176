"""What a person may set for the network on their own machine. Nothing has to be: every default works.

The same names as a service's settings where they mean the same; here credentials are an administrator's.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.runtime.settings import PREFIX, SecretFiles

ROOT = Path(__file__).parents[2]


class LocalSettings(BaseSettings):
    """Read once by each command of `./throughcare`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(ROOT / ".throughcare", description="folder of all state; one network per folder")
    port: int | None = Field(None, ge=1, le=65535, description="front port; without it the first free one from 8000")
    postgres_port: int | None = Field(None, ge=1, le=65535, description="without it the first free one from 5432")
    kafka_port: int | None = Field(None, ge=1, le=65535, description="without it the first free one from 9092")

    database: str | None = Field(None, description="a given Postgres with its administrator; none is started then")
    database_password: SecretStr = SecretStr("")
    database_ca_file: Path | None = None
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

    @field_validator("database_ca_file", "kafka_ca_file")
    @classmethod
    def exists(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path and path.absolute()

    @model_validator(mode="after")
    def know_the_administrator(self) -> Self:
        if self.database and not (self.database.startswith(("postgresql://", "postgres://")) and "@" in self.database):
            raise ValueError(f"{PREFIX}DATABASE looks like postgresql://administrator@host:5432/throughcare")
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
