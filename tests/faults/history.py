"""The judge: compares what was intended and acknowledged, what the source says happened, and every effect.

It trusts no counter of ours; it looks at rows that nothing ever updates.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.load import Intent
from tests.faults.stage import Stage

FACTS = """
SELECT topic, subject, sequence, id, causationid FROM event_archive WHERE topic = $1
UNION SELECT topic, subject, sequence, id, causationid FROM outbox WHERE topic = $1
UNION SELECT topic, subject, sequence, id, causationid FROM outbox_blocked WHERE topic = $1
"""
EFFECTS = "SELECT subject, sequence, id FROM witness WHERE topic = $1 ORDER BY number"
LETTERS = """
SELECT count(*) FILTER (WHERE subject IS NOT NULL) AS parked, count(*) FILTER (WHERE subject IS NULL) AS foreign_records
  FROM dead_letter WHERE topic = $1 AND state = 'parked'
"""
ACCOUNT = """
SELECT coalesce(sum(applied), 0) AS applied, coalesce(sum(ignored), 0) AS ignored FROM consumer_offset WHERE topic = $1
"""


@dataclass
class Findings:
    """What went wrong, counted; `examples` say where to look."""

    produced: int = 0
    applied: int = 0
    ignored: int = 0
    parked: int = 0
    foreign: int = 0
    lost: int = 0
    doubled: int = 0
    inverted: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {what}")


def judge_source(findings: Findings, intents: Iterable[Intent], acknowledged: set[str], facts: list[Any]) -> None:
    """Every acknowledged command left exactly its events, and every aggregate's sequence has no gap and no fork."""
    caused = Counter(fact["causationid"] for fact in facts)
    for intent in intents:
        wanted = {intent.key: intent.count} | ({f"ring:{intent.ring}": 1} if intent.ring else {})
        for cause, count in wanted.items():
            if intent.key in acknowledged and caused[cause] < count:
                findings.note("lost", f"{cause} left {caused[cause]} events of {count}")
            if caused[cause] > count:
                findings.note("doubled", f"{cause} left {caused[cause]} events of {count}")
    sequences = defaultdict(list)
    for fact in facts:
        sequences[fact["subject"]].append(fact["sequence"])
    for subject, found in sequences.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            findings.note("inverted", f"{subject} has sequences {sorted(found)[:20]}")


def judge_effects(findings: Findings, facts: list[Any], effects: list[Any]) -> None:
    """Every event of the source had its effect once, in the order of its aggregate."""
    seen = Counter(effect["id"] for effect in effects)
    for fact in facts:
        if not seen[fact["id"]]:
            findings.note("lost", f"{fact['subject']} sequence {fact['sequence']} had no effect")
    for id, count in seen.items():
        if count > 1:
            findings.note("doubled", f"{id} had {count} effects")
    last: dict[str, int] = defaultdict(int)
    for effect in effects:
        if effect["sequence"] < last[effect["subject"]]:
            findings.note("inverted", f"{effect['subject']}: {effect['sequence']} after {last[effect['subject']]}")
        last[effect["subject"]] = effect["sequence"]


async def judge(
    stage: Stage, intents: list[Intent], acknowledged: set[str], source: str, reader: str, topic: str
) -> Findings:
    """The whole judgment over one topic, from its source to one reader."""
    findings = Findings()
    writer = await stage.connect(source)
    facts = await writer.fetch(FACTS, topic)
    await writer.close()
    readers = await stage.connect(reader)
    effects = await readers.fetch(EFFECTS, topic)
    letters = await readers.fetchrow(LETTERS, topic)
    account = await readers.fetchrow(ACCOUNT, topic)
    await readers.close()
    assert letters is not None and account is not None, "aggregates always have a row"
    findings.produced = len(facts)
    findings.applied, findings.ignored = int(account["applied"]), int(account["ignored"])
    findings.parked, findings.foreign = letters["parked"], letters["foreign_records"]
    judge_source(findings, intents, acknowledged, facts)
    judge_effects(findings, facts, effects)
    return findings
