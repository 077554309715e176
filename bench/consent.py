"""`consent`: microseconds to decide whether something may be told, from all that was ever said and from what it left.

The first is how an answer of any moment is found again; the second is what a disclosure waits for.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from bench.found import Plan, Row, goal_cell
from bench.network import Servers
from services.intake.consents import Consent, Stage, Terms
from services.intake.consents.telling import (
    Confirmed,
    Ended,
    Fact,
    Given,
    Matter,
    Never,
    One,
    Renewed,
    Word,
    fold,
    judge,
    may_tell,
)

DECISIONS = 20_000  # a round
FACTS = 40  # a year with a dozen agencies: yeses, confirmations, renewals, ends, two nevers and a link
LIVES = 50
BEGAN, TODAY = datetime(2026, 11, 23, 14, tzinfo=UTC), date(2026, 11, 23)
HOME, MINE, OLD = UUID(int=1), UUID(int=2), UUID(int=3)
AGENCIES = [UUID(int=number) for number in range(10, 22)]
GOALS = {"history": 250.0, "standing": 10.0}  # microseconds; a round trip to Postgres takes some hundred


@dataclass(slots=True)
class Decided:
    """Microseconds a decision, in the middle of the rounds."""

    rounds: list[dict[str, float]]
    yes: float  # the share of decisions that were one
    name: str = "consent"

    @property
    def middle(self) -> dict[str, float]:
        return {way: median(one[way] for one in self.rounds) for way in GOALS}

    @property
    def reached(self) -> bool:
        return all(self.middle[way] <= goal for way, goal in GOALS.items())

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "microseconds": self.middle,
            "rounds": self.rounds,
            "yes": self.yes,
            "reached": self.reached,
        }

    def rows(self) -> list[Row]:
        says = {"history": f"a decision from a history of {FACTS} facts", "standing": "the same from what those left"}
        return [self._row(way, what) for way, what in says.items()]

    def _row(self, way: str, what: str) -> Row:
        took, goal = [one[way] for one in self.rounds], GOALS[way]
        spread = f"{min(took):.1f} to {max(took):.1f}"
        says = goal_cell(f"at most {goal:.0f} µs", self.middle[way] <= goal)
        return Row(self.name, what, f"{self.middle[way]:.1f} µs ({spread})", "", "", says, "")

    def notes(self) -> list[str]:
        return []


async def bench(at: Servers, plan: Plan) -> Decided:
    asked = _asked(plan.many(DECISIONS))
    rounds = []
    for number in range(plan.rounds + 1):  # the first warms up
        rounds.append(_microseconds(at, asked))
        plan.say(f"consent {number}/{plan.rounds}: {rounds[-1]}")
    return Decided(rounds[1:], _share(asked))


def _asked(decisions: int) -> list[tuple[list[Fact], Matter, datetime]]:
    chance = random.Random(7)
    lives = [_life(chance) for _ in range(LIVES)]
    now = BEGAN + timedelta(days=FACTS)
    return [
        (lives[n % LIVES], Matter(MINE, HOME, chance.choice(AGENCIES), frozenset({"referral"})), now)
        for n in range(decisions)
    ]


def _life(chance: random.Random) -> list[Fact]:
    history: list[Fact] = [One(BEGAN, MINE, OLD)]
    for day in range(1, FACTS):
        moment, agency = BEGAN + timedelta(days=day), chance.choice(AGENCIES)
        given = [fact.consent.id for fact in history if isinstance(fact, Given)]
        said = chance.choice(("yes", "yes", "confirm", "renew", "end", "never"))
        if said == "yes" or not given:
            terms = Terms(HOME, agency, frozenset({"referral", "contact"}), "referral", TODAY + timedelta(days=90))
            history.append(Given(moment, Consent(UUID(int=1000 + day), MINE, terms, Stage.CONFIRMED)))
        elif said == "confirm":
            history.append(Confirmed(moment, chance.choice(given)))
        elif said == "renew":
            history.append(Renewed(moment, chance.choice(given), TODAY + timedelta(days=200)))
        elif said == "end":
            history.append(Ended(moment, chance.choice(given)))
        else:
            history.append(Never(moment, OLD, agency, again=chance.random() < 0.7))
    return history


def _microseconds(at: Servers, asked: list[tuple[list[Fact], Matter, datetime]]) -> dict[str, float]:
    """From the whole history, and from what it left: the second is what a disclosure waits for."""
    watch = at.watch()
    for history, matter, moment in asked:
        may_tell(history, matter, moment)
    whole = watch.stop().seconds
    left = [(fold(history, moment), matter, moment) for history, matter, moment in asked[:LIVES]] * (
        len(asked) // LIVES
    )
    watch = at.watch()
    for standing, matter, moment in left:
        judge(standing, matter, moment)
    judged = watch.stop().seconds
    return {
        "history": round(whole / len(asked) * 1e6, 2),
        "standing": round(judged / max(1, len(left)) * 1e6, 2),
    }


def _share(asked: list[tuple[list[Fact], Matter, datetime]]) -> float:
    return round(sum(may_tell(*one) is Word.YES for one in asked) / len(asked), 2)
