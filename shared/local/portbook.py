"""Which part listens where: chosen once and remembered, so that a partner's client finds the broker where it was.

A port that was set is kept or refused. One that was chosen moves when another program took it meanwhile.
"""

import functools
import json
from collections.abc import Collection, Mapping
from pathlib import Path

from shared.contracts.topics import SERVICES
from shared.local import neighbours, ports, processes, trouble
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble

FIRST_CHOICE = {"front": 8000, "postgres": 5432, "kafka": 9092} | {s: 8101 + i for i, s in enumerate(SERVICES)}
SEEN_OUTSIDE = ("front", "postgres", "kafka")  # a person or a partner may have written these down
SERVERS = ("postgres", "kafka")


class PortBook:
    """The ports of one home."""

    def __init__(self, home: Path, settings: LocalSettings) -> None:
        self.home = home
        self.path = home / "network.json"
        self._set = {"front": settings.port, "postgres": settings.postgres_port, "kafka": settings.kafka_port}
        self._given = {"postgres": settings.database, "kafka": settings.kafka}

    @functools.cached_property
    def ports(self) -> dict[str, int]:
        """Those that were set, those remembered, and free ones for the rest."""
        remembered = self._remembered()
        chosen: dict[str, int] = {}
        for name, first in FIRST_CHOICE.items():
            fixed = self._set.get(name)
            if fixed is not None:
                chosen[name] = fixed
            elif name in remembered:
                chosen[name] = remembered[name]
            else:
                chosen[name] = ports.near(first, {*chosen.values(), *remembered.values()})
        return chosen

    def settle(self) -> list[str]:
        """Moves what can't have its port, and remembers all; a sentence for each move that a person should know."""
        remembered = self._remembered()
        notes = []
        with neighbours.of(self.home) as others:
            for name, port in self.ports.items():
                if self._may_stay(name, port, remembered, others.ports):
                    continue
                self.ports[name] = ports.near(port + 1, {*self.ports.values(), *others.ports})
                if name in remembered and name in SEEN_OUTSIDE:
                    notes.append(f"Port {port} was taken, so {name} moved to {self.ports[name]}.")
            self._remember()
            others.tell(self.ports.values())
        return notes

    def _may_stay(self, name: str, port: int, remembered: Mapping[str, int], others: Collection[int]) -> bool:
        """Raises Trouble where it may not, and may not move either."""
        running = processes.Daemon(self.home, name).pid is not None
        if self._given.get(name) or (running and remembered.get(name) == port):
            return True
        if running and name in SERVERS:
            raise Trouble(
                f"{name.capitalize()} runs on another port than {port}: run `./throughcare down`, then `up` again."
            )
        fixed = self._set.get(name) is not None
        if fixed and not ports.is_free(port):
            raise Trouble(
                f"Port {port} is taken by another program: stop that program, or set {_setting(name)} to another."
            )
        return ports.is_free(port) and (fixed or name in remembered or port not in others)

    def _remembered(self) -> dict[str, int]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["ports"]
            return {name: int(found[name]) for name in FIRST_CHOICE if name in found}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise trouble.of_disk(error, f"read {self.path}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Trouble(
                f"{self.path} is damaged: delete it, and the next `./throughcare up` chooses ports anew."
            ) from error

    def _remember(self) -> None:
        draft = self.path.with_name(".network.json.new")
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"ports": self.ports}, indent=2) + "\n", encoding="utf-8")
            draft.replace(self.path)
        except OSError as error:
            raise trouble.of_disk(error, f"write into {self.home}") from error


def _setting(name: str) -> str:
    return "THROUGHCARE_PORT" if name == "front" else f"THROUGHCARE_{name.upper()}_PORT"
