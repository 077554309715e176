"""A workflow as pages: a state diagram in Mermaid and a table, written from what the code decides by."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from shared.workflow.tables import LAPSE, Move, Workflow

MOST_ENDS = 3  # a move that may lead to more places than this is told in the table only
MARK = "<!-- Written by `./throughcare workflows write` from {source}; change it there. -->"


def mermaid(workflow: Workflow[Any], *, aside: frozenset[str] = frozenset()) -> str:
    """A stateDiagram-v2. Verbs in `aside` lead from nearly everywhere and would only cover the rest."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for stage, verb, move in workflow.rows():
        ends = workflow.ends(move)
        if verb in aside or len(ends) > MOST_ENDS:
            continue
        for end in sorted(ends - {stage}):
            arrows[stage, end].append("silence" if verb == LAPSE else _words(verb))
    drawn = {workflow.first} | {stage for arrow in arrows for stage in arrow}
    shown = [stage for stage in workflow.stages if stage in drawn]
    lines = [
        "stateDiagram-v2",
        f"    [*] --> {workflow.first}",
        *(f"    {stage}: {stage.label}" for stage in shown),
        *(f"    {start} --> {end}: {', '.join(verbs)}" for (start, end), verbs in arrows.items()),
        *(f"    {stage} --> [*]" for stage in shown if not workflow.is_open(stage)),
    ]
    return "\n".join(lines)


def crowded(workflow: Workflow[Any]) -> frozenset[str]:
    """Verbs that lead from at least half of the open stages to one and the same: drawn, they hide the story."""
    roads: dict[str, set[object]] = defaultdict(set)
    starts: dict[str, int] = defaultdict(int)
    for stage, verb, move in workflow.rows():
        if move.to != stage:
            roads[verb].add(move.to)
            starts[verb] += 1
    half = max(6, len(workflow.owners) // 2)
    return frozenset(verb for verb in roads if verb != LAPSE and len(roads[verb]) == 1 and starts[verb] >= half)


def page(workflow: Workflow[Any], source: str) -> str:
    """The whole Markdown page of one workflow: diagram, stages, moves, rules."""
    aside = crowded(workflow)
    parts = [
        MARK.format(source=f"`{source}`"),
        f"# {workflow.title}",
        workflow.says,
        f"```mermaid\n{mermaid(workflow, aside=aside)}\n```",
    ]
    if aside:
        named = ", ".join(f"*{_words(verb)}*" for verb in sorted(aside))
        parts.append(f"Possible nearly everywhere, and left out of the drawing for that: {named}. The table has them.")
    parts += ["## Stages", stages(workflow), "## Moves", moves(workflow)]
    rules = sorted({guard.name: guard.says for _, _, move in workflow.rows() for guard in move.guards}.items())
    if rules:
        parts += ["## Rules that hold a move back", "\n".join(f"- **{_words(name)}**: {says}" for name, says in rules)]
    if workflow.notes:
        parts += ["## And", "\n".join(f"- {note}" for note in workflow.notes)]
    return "\n\n".join(parts) + "\n"


def index(workflows: Iterable[Workflow[Any]], source: str) -> str:
    """The page that leads to the others."""
    lines = [f"- [{workflow.title}]({workflow.name}.md): {workflow.says}" for workflow in workflows]
    words = "Who may do what from where, and where it leads. The code decides by the same tables."
    return "\n\n".join([MARK.format(source=f"`{source}`"), "# Workflows", words, "\n".join(lines)]) + "\n"


def stages(workflow: Workflow[Any]) -> str:
    lines = ["| stage | on pages | what it means | who holds it |", "|---|---|---|---|"]
    for stage in workflow.stages:
        owner = workflow.owners.get(stage)
        holder = owner.label.lower() if owner else "at rest"
        lines.append(f"| `{stage}` | {stage.label} | {stage.explanation} | {holder} |")
    return "\n".join(lines)


def moves(workflow: Workflow[Any]) -> str:
    lines = ["| from | who | does | what happened | to | only if |", "|---|---|---|---|---|---|"]
    for stage, verb, move in workflow.rows():
        cells = (f"`{stage}`", _who(move), workflow.verbs[verb], _fact(move), _to(move, stage), _rules(move))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _who(move: Move[Any]) -> str:
    return " or ".join(party.label.lower() for party in move.by)


def _fact(move: Move[Any]) -> str:
    return f"`{move.event.type.removeprefix('throughcare.').rpartition('.')[0]}`" if move.event else "nothing is told"


def _to(move: Move[Any], stage: object) -> str:
    if move.to is None:
        return "where it was"
    return "stays" if move.to == stage else f"`{move.to}`"


def _rules(move: Move[Any]) -> str:
    return ", ".join(_words(guard.name) for guard in move.guards)


def _words(name: str) -> str:
    return name.replace("_", " ")
