"""What must hold of every workflow's table, whatever it is about. The tests ask this of each of them."""

from collections.abc import Iterator
from typing import Any

from shared.workflow.tables import LAPSE, Party, Workflow


def faults(workflow: Workflow[Any]) -> list[str]:
    """Sentences about what is wrong with the table; empty when nothing is."""
    return [
        *_words(workflow),
        *_rows(workflow),
        *_silence(workflow),
        *_reach(workflow),
    ]


def _words(workflow: Workflow[Any]) -> Iterator[str]:
    labels: dict[str, object] = {}
    for stage in workflow.stages:
        if not stage.label or not stage.explanation.endswith("."):
            yield f"{stage} lacks a label or an explanation that is a sentence"
        if labels.setdefault(stage.label, stage) is not stage:
            yield f"{stage} has the label of {labels[stage.label]}"
    used = {verb for _, verb, _ in workflow.rows()}
    for verb in used ^ set(workflow.verbs):
        yield f"the verb {verb} is {'not explained' if verb in used else 'explained but leads nowhere'}"


def _rows(workflow: Workflow[Any]) -> Iterator[str]:
    for stage in set(workflow.stages) ^ set(workflow.moves):
        yield f"{stage} has no row, or is no stage"
    for stage, verb, move in workflow.rows():
        if not move.by:
            yield f"nobody can {verb} from {stage}"
        if (Party.CLOCK in move.by) != (verb == LAPSE) or (verb == LAPSE and len(move.by) > 1):
            yield f"{verb} from {stage}: the clock does nothing but lapse, and nobody else lapses"
        if verb == LAPSE and (move.to == stage) != (stage in workflow.rings_again):
            yield f"silence at {stage} rings again without being said to, or is said to and does not"
        for guard in move.guards:
            if not guard.says.endswith("."):
                yield f"the rule {guard.name} does not say what would meet it"
        if verb == LAPSE and move.guards:
            yield f"a rule holds silence back at {stage}"


def _silence(workflow: Workflow[Any]) -> Iterator[str]:
    for stage in workflow.stages:
        has_clock = LAPSE in workflow.moves.get(stage, {})
        if has_clock != workflow.is_open(stage):
            yield f"{stage} is open without a clock, or at rest with one"
        if not has_clock:
            continue
        silent = _after_silence(workflow, stage)
        if silent is not None:
            yield f"silence from {stage} never ends: it comes back to {silent}"


def _after_silence(workflow: Workflow[Any], start: Any) -> Any | None:
    """The stage that silence comes back to, though nobody said that it may."""
    seen: set[Any] = set()
    here = {start}
    while here:
        here = {stage for stage in here if workflow.is_open(stage) and stage not in workflow.rings_again}
        if here & seen:
            return sorted(here & seen)[0]
        seen |= here
        lapses = [workflow.moves[stage].get(LAPSE) for stage in here]
        here = {end for move in lapses if move is not None for end in workflow.ends(move)}
    return None


def _reach(workflow: Workflow[Any]) -> Iterator[str]:
    reached: set[Any] = {workflow.first}
    while True:
        more = {end for stage, _, move in workflow.rows() if stage in reached for end in workflow.ends(move)} - reached
        if not more:
            break
        reached |= more
    for stage in set(workflow.stages) - reached:
        yield f"{stage} is never reached"
