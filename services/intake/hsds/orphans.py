"""Rows of the small tables that name what the package does not have: what they say is lost, so each is told."""

from collections.abc import Iterable, Iterator, Mapping

from services.intake.hsds.tables import Problem, Row

CALLED: Mapping[str, str] = {"service": "service", "location": "location", "organization": "organisation"}


def orphans(linked: Iterable[tuple[str, Row]], ids: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    """Each row is held beside the ids of the package. A location stays: its services may name their organisation."""
    for table, row in linked:
        named = [kind for kind in CALLED if kind != table and row.get(f"{kind}_id")]
        lost = [kind for kind in named if row.get(f"{kind}_id") not in ids[kind]]
        whole = table == "service_at_location" or (len(lost) == len(named) and table != "location")
        for kind in lost:
            says = f"is no {CALLED[kind]} of the package: add it, or name another."
            says += " The row is left out." if whole else ""
            yield row.problem(says, field=f"{kind}_id", skipped=whole and kind == lost[0])
