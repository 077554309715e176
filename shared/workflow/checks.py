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
        seen = []
        here = stage
        while workflow.is_open(here) and LAPSE in workflow.moves.get(here, {}):
            if here in seen:
                yield f"silence from {stage} never ends: it comes back to {here}"
                break
            seen.append(here)
            here = workflow.moves[here][LAPSE].to


def _reach(workflow: Workflow[Any]) -> Iterator[str]:
    reached = {workflow.first}
    while True:
        more = {move.to for stage, _, move in workflow.rows() if stage in reached and move.to is not None} - reached
        if not more:
            break
        reached |= more
    for stage in set(workflow.stages) - reached:
        yield f"{stage} is never reached"
