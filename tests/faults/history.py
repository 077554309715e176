"""The judge. Pure: it reads a history that others have gathered, and trusts no counter of ours.

What was intended and answered, what the owners' archives say happened, every effect in the order it was made, every
record that a partner's own client read, and when each revocation was in effect.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

# What happens once in the life of its subject, whatever caused it.
ONCE = frozenset(
    f"throughcare.{name}.v1"
    for name in (
        "person.welcomed", "consent.revoked", "consent.lapsed", "referral.drafted", "setback.reported", "promise.made",
        "promise.came_due", "message.decided", "message.sent", "consent.halted",
    )
)  # fmt: skip
NO_PERSON = frozenset({"partner.stream.heartbeat.v1", "partner.test.hello.v1"})
EXAMPLES = 30


class Outcome(Enum):
    UNKNOWN = auto()
    DONE = auto()
    REFUSED = auto()


@dataclass
class Intent:
    """A command, by its Idempotency-Key, and what its sender was told in the end."""

    key: str
    who: str
    what: str
    outcome: Outcome = Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as its owner has it."""

    topic: str
    subject: str
    sequence: int
    id: str
    type: str
    cause: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of a consumer's witness."""

    topic: str
    subject: str
    sequence: int
    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A record that the partner's client read, as it kept it."""

    topic: str
    offset: int
    raw: str
    id: str
    type: str
    data: Mapping[str, Any]


@dataclass
class Ended:
    """A consent that was seen to be in effect ended: by then the partner's topics ended there.

    `reads` are the answers to whoever asked for detail afterwards. `reference` is the partner's name for the consent.
    """

    consent: str
    reference: str
    ends: Mapping[str, int]
    reads: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class History:
    intents: Sequence[Intent]
    facts: Sequence[Fact]
    effects: Mapping[str, Sequence[Effect]]  # by consumer, in the order they were made
    listens: Mapping[str, frozenset[str]]  # consumer -> topics
    said: Sequence[Said]
    owed: Mapping[str, str]  # the partner's reference -> type of the record that must have come
    ended: Sequence[Ended]
    stuck: Sequence[str] = ()  # what had to come and did not
    answered: Sequence[tuple[str, str]] = ()  # (referral, answer) that got a receipt: taken
    parked: Mapping[str, int] = field(default_factory=dict)
    poison: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Findings:
    """What went wrong, counted; `examples` say where to look."""

    lost: int = 0
    doubled: int = 0
    inverted: int = 0
    disclosed_after_revocation: int = 0
    miscounted: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{kind}: {what}")

    @property
    def clean(self) -> bool:
        wrong = self.lost + self.doubled + self.inverted + self.disclosed_after_revocation + self.miscounted
        return wrong == 0


def judge(history: History) -> Findings:
    findings = Findings()
    judge_commands(findings, history.intents, history.facts)
    judge_sequences(findings, history.facts)
    judge_attempts(findings, history.facts)
    for consumer, topics in history.listens.items():
        heard = [fact for fact in history.facts if fact.topic in topics]
        judge_effects(findings, consumer, heard, history.effects[consumer])
    judge_streams(findings, history.said)
    judge_owed(findings, history.owed, history.said)
    judge_answers(findings, history.answered, history.facts)
    judge_disclosure(findings, history.ended, history.said)
    judge_counts(findings, history)
    for what in history.stuck:
        findings.note("lost", what)
    return findings


def judge_commands(findings: Findings, intents: Iterable[Intent], facts: Sequence[Fact]) -> None:
    """Whatever was answered "done" left its events, once; whatever was refused left none."""
    by_cause: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.cause is not None:
            by_cause[fact.cause].append(fact)
    for intent in intents:
        done = bool(by_cause.get(intent.key))
        if intent.outcome is Outcome.DONE and not done:
            findings.note("lost", f"{intent.what} ({intent.key}) was answered and left no event")
        if intent.outcome is Outcome.REFUSED and done:
            findings.note("lost", f"the answer to {intent.what} ({intent.key}), which was done and then refused")
    once: Counter[tuple[str | None, str, str, str]] = Counter()
    for fact in facts:
        if fact.cause is not None:
            once[fact.cause, fact.topic, fact.type, fact.subject] += 1
        if fact.type in ONCE:
            once[None, fact.topic, fact.type, fact.subject] += 1
    for (cause, _, type, subject), count in once.items():
        if count > 1:
            findings.note("doubled", f"{type} of {subject} came {count} times by {cause or 'whatever cause'}")


def judge_sequences(findings: Findings, facts: Iterable[Fact]) -> None:
    """Every aggregate's sequence counts from 1 without gap and without fork."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for fact in facts:
        found[fact.topic, fact.subject].append(fact.sequence)
    for (topic, subject), sequences in found.items():
        if sorted(sequences) != list(range(1, len(sequences) + 1)):
            findings.note("inverted", f"{topic} {subject} has sequences {sorted(sequences)[:20]}")


def judge_attempts(findings: Findings, facts: Iterable[Fact]) -> None:
    """Each attempt to reach somebody counts one more than the one before, whoever else wrote one down just then.

    It is the only count in an event: where two commands read one state, one of them overwrites the other's.
    """
    counted: Counter[str] = Counter()
    for fact in sorted(facts, key=lambda fact: fact.sequence):
        if fact.type == "throughcare.referral.disputed.v1":
            counted[fact.subject] = 0  # tried anew before "not reached" is said again
        elif fact.type == "throughcare.referral.contact_tried.v1":
            counted[fact.subject] += 1
            if fact.data["attempts"] != counted[fact.subject]:
                findings.note(
                    "lost", f"attempt {counted[fact.subject]} of {fact.subject} counts {fact.data['attempts']}"
                )
                counted[fact.subject] = fact.data["attempts"]


def judge_effects(findings: Findings, consumer: str, facts: Iterable[Fact], effects: Sequence[Effect]) -> None:
    """Every event of a topic that is heard had its effect once, in the order of its aggregate."""
    seen = Counter(effect.id for effect in effects)
    known = set()
    for fact in facts:
        known.add(fact.id)
        if not seen[fact.id]:
            findings.note("lost", f"{consumer} did not hear {fact.type} of {fact.subject}, sequence {fact.sequence}")
    for effect in effects:
        if effect.id not in known:
            known.add(effect.id)
            findings.note("lost", f"{effect.topic} {effect.subject}/{effect.sequence} moved {consumer}, and is nowhere")
    for id, count in seen.items():
        if count > 1:
            findings.note("doubled", f"{id} moved {consumer} {count} times")
    last: dict[tuple[str, str], int] = defaultdict(int)
    for effect in effects:
        where = effect.topic, effect.subject
        if effect.sequence < last[where]:
            findings.note("inverted", f"{consumer} heard {where}: {effect.sequence} after {last[where]}")
        last[where] = effect.sequence


def judge_streams(findings: Findings, said: Sequence[Said]) -> None:
    """A partner may read a record again, never another one in its place; nothing is missing or out of order."""
    bytes_of: dict[str, str] = {}
    at: dict[tuple[str, int, int], str] = {}
    highest: dict[tuple[str, int], int] = defaultdict(int)
    for record in said:
        if bytes_of.setdefault(record.id, record.raw) != record.raw:
            findings.note("doubled", f"{record.topic}: {record.id} came with other bytes")
        stream, sequence = (record.topic, record.data["life"]), record.data["sequence"]
        where = (*stream, sequence)
        is_new = where not in at
        if at.setdefault(where, record.id) != record.id:
            findings.note("doubled", f"{where} is {at[where]} and {record.id}")
        if is_new and sequence < highest[stream]:
            findings.note("inverted", f"{where} came after {highest[stream]}")
        highest[stream] = max(highest[stream], sequence)
    for stream, last in highest.items():
        missing = [sequence for sequence in range(1, last + 1) if (*stream, sequence) not in at]
        if missing:
            findings.note("lost", f"{stream} lacks {missing[:20]} of {last}")


def judge_owed(findings: Findings, owed: Mapping[str, str], said: Iterable[Said]) -> None:
    """What was sent under a consent that nobody took back has come."""
    came = {(record.data.get("reference"), record.type) for record in said}
    for reference, type in owed.items():
        if (reference, type) not in came:
            findings.note("lost", f"{type} {reference} never came to the partner")


def judge_answers(findings: Findings, answered: Iterable[tuple[str, str]], facts: Iterable[Fact]) -> None:
    """An answer with a receipt was taken, and once."""
    taken = Counter(
        (str(fact.data["referral"]), str(fact.data["answer"]))
        for fact in facts
        if fact.type == "throughcare.answer.received.v1"
    )
    for answer in answered:
        if not taken[answer]:
            findings.note("lost", f"the answer {answer[1]} to {answer[0]}, which got its receipt")
    for answer, count in taken.items():
        if count > 1:
            findings.note("doubled", f"the answer {answer[1]} to {answer[0]} was taken {count} times")


def judge_disclosure(findings: Findings, ended: Iterable[Ended], said: Sequence[Said]) -> None:
    """Once a revocation was in effect nothing was written under that consent, and no detail was read."""
    under: dict[str, list[Said]] = defaultdict(list)
    for record in said:
        if record.type not in NO_PERSON and "consent" in record.data:
            under[record.data["consent"]["reference"]].append(record)
    for one in ended:
        late = {r.offset: r for r in under[one.reference] if r.offset >= one.ends.get(r.topic, r.offset + 1)}
        for record in late.values():
            findings.note(
                "disclosed_after_revocation",
                f"{record.type} at {record.topic}/{record.offset}, {one.consent} was in effect ended at {one.ends}",
            )
        for path, status in one.reads:
            if status < 300:
                findings.note("disclosed_after_revocation", f"{path} was read after {one.consent} was in effect ended")


def judge_counts(findings: Findings, history: History) -> None:
    """Parked is exactly the poison, and ignored exactly what nobody could know; per consumer."""
    for consumer in history.listens:
        for what, got, meant in (
            ("parked", history.parked, history.poison),
            ("ignored", history.ignored, history.unknown),
        ):
            if got.get(consumer, 0) != meant.get(consumer, 0):
                findings.note("miscounted", f"{consumer} {what} {got.get(consumer, 0)} of {meant.get(consumer, 0)}")
