"""docs/permissions.md, written from the table, so that what people read is what the code checks."""

from collections.abc import Mapping

from shared.security.table import ANY, BY_SERVICE, PUBLIC_PATHS, RELATIONS, ROLES, Entry, Relation, Relations, Role

OPENING = """# Who may do what

Written by `./throughcare permissions write` from `shared/security/table.py`; do not edit it here. What is not in a
table below is not allowed. Each route of each service declares one action, and does not start without.

A cell says what has to tie somebody to the row:

{relations}
*Else* is what a refused person is told: **not allowed**, or, where even the row's existence would tell something,
**not found** unless they may do the action named there. Nobody's own page exists for staff, nor staff's for a person.

{roles}"""
PATHS = """## Open by their path

Files and generated documents, which are nobody's function.
"""


def document() -> str:
    roles = _table("role", "who", {_word(role): says for role, says in ROLES.items()})
    relations = _table("word", "meaning", {_word(relation): says for relation, says in RELATIONS.items()})
    paths = _table("path", "what", {f"`{path}`": says for path, says in PUBLIC_PATHS.items()})
    sections = [_section(service, entries) for service, entries in BY_SERVICE.items()]
    return "\n".join((OPENING.format(roles=roles, relations=relations), *sections, PATHS, paths))


def _table(left: str, right: str, rows: Mapping[str, str]) -> str:
    lines = "".join(f"| {name} | {says} |\n" for name, says in rows.items())
    return f"| {left} | {right} |\n|---|---|\n{lines}"


def _section(service: str, entries: tuple[Entry, ...]) -> str:
    title = service if " " in service else f"`{service}`"
    rows = "".join(_row(entry) + "\n" for entry in entries)
    return f"## {title[0].upper() + title[1:]}\n\n| action | what it is | who | else |\n|---|---|---|---|\n{rows}"


def _row(entry: Entry) -> str:
    return f"| `{entry.action}` | {entry.says} | {_who(entry)} | {_else(entry)} |"


def _who(entry: Entry) -> str:
    if all(entry.needs.get(role) == ANY for role in Role):
        return "everybody"
    return "; ".join(f"**{_word(role)}**: {_ties(entry.needs[role])}" for role in Role if role in entry.needs)


def _ties(relations: Relations) -> str:
    return " or ".join(_word(relation) for relation in Relation if relation in relations)


def _else(entry: Entry) -> str:
    if all(entry.needs.get(role) == ANY for role in Role):
        return ""
    if entry.behind is None:
        return "not allowed"
    return "not found" if entry.behind == entry.action else f"not found, unless `{entry.behind}`"


def _word(name: str) -> str:
    return name.replace("_", " ")
