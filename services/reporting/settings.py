"""Settings of reporting alone: whose months are counted, and what the agencies have agreed on."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.runtime.settings import PREFIX


class Mirror(BaseSettings):
    """Read once by each process, beside `shared.runtime.settings.Settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    timezone: str = Field("America/New_York", description="in which the network's months begin and end")
    agreed_hours: float = Field(
        16, gt=0, le=1000, description="open hours to a first answer; two days of eight, as the referral's own clock"
    )

    @field_validator("timezone")
    @classmethod
    def is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone is called {name}") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
