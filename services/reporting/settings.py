"""Settings of reporting alone: whose months are counted, and what the agencies have agreed on."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.runtime.settings import PREFIX
from shared.runtime.zones import known_zone


class Mirror(BaseSettings):
    """Read once by each process, beside `shared.runtime.settings.Settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    timezone: Annotated[str, AfterValidator(known_zone)] = Field(
        "America/New_York", description="in which the network's months begin and end"
    )
    agreed_hours: float = Field(
        16, gt=0, le=1000, description="open hours to a first answer; two days of eight, as the referral's own clock"
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
