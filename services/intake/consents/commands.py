"""What can be said of a consent. `paper`: by a sheet in their own hand, which the worker who writes it down has."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes in private. `shown`: the person has seen whom the recipient reports to, that they can take it back any
    day, that a no costs nothing, and that what was told can be told on."""

    verb: ClassVar = "grant"
    today: date
    shown: bool
    in_private: bool
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """A yes at intake, where others may listen. `shown` as above."""

    verb: ClassVar = "sign"
    today: date
    shown: bool
    paper: bool = False


@dataclass(frozen=True, slots=True)
class NotNow:
    verb: ClassVar = "not_now"


@dataclass(frozen=True, slots=True)
class Confirm:
    """Said again, where nobody else listens."""

    verb: ClassVar = "confirm"
    today: date
    in_private: bool
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Renew:
    """The same terms until a later day. `shown` as above; one that has come to its end is asked for anew."""

    verb: ClassVar = "renew"
    today: date
    until: date
    shown: bool
    in_private: bool
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Remind:
    """A word to the person, while there is time to decide, that it comes to its end."""

    verb: ClassVar = "remind"


@dataclass(frozen=True, slots=True)
class Revoke:
    verb: ClassVar = "revoke"
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """The one disclosure of a consent that is good for one has been made."""

    verb: ClassVar = "use"


@dataclass(frozen=True, slots=True)
class Erase:
    verb: ClassVar = "erase"


@dataclass(frozen=True, slots=True)
class Halt:
    """A service's word that under this consent nothing more goes out from it."""

    verb: ClassVar = "halt"
    service: str


@dataclass(frozen=True, slots=True)
class TakeEffect:
    verb: ClassVar = "take_effect"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Grant | Sign | NotNow | Confirm | Renew | Remind | Revoke | Use | Erase | Halt | TakeEffect | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}
