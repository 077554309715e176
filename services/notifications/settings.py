"""Settings of notifications alone: how often streams beat, when people sleep, who administers Kafka from its page."""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.runtime.settings import PREFIX, SecretFiles
from shared.runtime.zones import known_zone


class Voice(BaseSettings):
    """Read once by each process, beside `shared.runtime.settings.Settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    heartbeat_seconds: float = Field(
        180, gt=0, le=3600, description="seconds between heartbeats of a partner's stream, give or take a quarter"
    )
    partner_quota: int = Field(20_000_000, ge=1_000, description="bytes a second that a partner may read")
    timezone: Annotated[str, AfterValidator(known_zone)] = Field(
        "America/New_York", description="for people whose agency's own is not known"
    )
    quiet_from: int = Field(20, ge=0, le=23, description="local hour from which people are not written to")
    quiet_until: int = Field(9, ge=0, le=23, description="local hour until which they are not")
    kafka_admin_user: str = Field("", description="lets the partner page make new passwords; empty: only the command")
    kafka_admin_password: SecretStr = SecretStr("")

    @property
    def quiet(self) -> tuple[time, time]:
        return time(self.quiet_from), time(self.quiet_until)

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
