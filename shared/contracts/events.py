"""What every event is made of. Its `data` carries ids and coded facts, never a name, a contact or free text; what is
said of a person travels sealed all the same (`compartments`).

A class is its own registration: defining it makes its type known to the codec, the schemas and the AsyncAPI documents.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.kinds import ServiceField

EVENTS: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """The data of one event. Readers ignore fields they do not know: adding an optional one breaks nobody.

    `topic` names the family, `type` the fact; both are neutral words. A breaking change gets a new type (`.v2`).
    `in_clear`: it must act without a key, also once every key is gone, as revocations and erasures do.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str]
    type: ClassVar[str]
    in_clear: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        kind = cls.__dict__.get("type")
        if kind is None:
            return  # a family's base, not a fact of its own
        if kind in EVENTS and EVENTS[kind].__qualname__ != cls.__qualname__:
            raise TypeError(f"two event classes claim the type {kind}")
        EVENTS[kind] = cls


class SideEvent(Event):
    """An event that every service says on a topic of its own: `channel` with the name of `service` in it."""

    channel: ClassVar[str]  # throughcare.{service}.halted.v1

    service: ServiceField

    @property
    def topic(self) -> str:  # type: ignore[override]
        return self.channel.format(service=self.service)


def topic_of(kind: type[Event]) -> str:
    """The topic of a type; for side events and partners' views with `{service}` or `{slug}` where a name belongs."""
    return kind.channel if issubclass(kind, SideEvent) else kind.topic
