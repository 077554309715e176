"""Verifying an audit: walk the chain beside the rows and the anchors, and name the first row that does not fit.

The walk is pure: it is given links with their rows and says what is wrong. What it can't show stands in
docs/decisions/0012: a row that was false when it was written, and one that was gone before it was chained.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from asyncpg import Connection

from shared.security.anchors import Anchor, Signer
from shared.security.chain import Row, beginning, follow
from shared.security.chaining import SQL, head_of

BATCH = 5_000  # links read at a time
Kind = Literal["edited", "deleted", "reordered", "inserted", "unlinked", "truncated", "rewritten", "forged"]
Tell = Callable[[int, int], None]
"""Called with how many links are walked, of how many."""


class Linked(NamedTuple):
    """A link as it is stored, and the row that it names; None where there is no such row."""

    position: int
    number: int
    hash: bytes
    row: Row | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and with which row first. Without a number nobody can say any more which it was."""

    kind: Kind
    says: str
    position: int | None = None
    number: int | None = None


@dataclass(slots=True)
class Evidence:
    """The anchors of one service, by what they are worth."""

    believed: list[Anchor] = field(default_factory=list)
    foreign: list[Anchor] = field(default_factory=list)  # signed under another secret: they may agree, or alarm
    forged: list[Anchor] = field(default_factory=list)
    accepted: list[Anchor] = field(default_factory=list)  # losses that an operator has accepted in writing


@dataclass(slots=True)
class Report:
    """What was found in one service's audit."""

    service: str
    chained: int = 0
    waiting: int = 0
    findings: list[Finding] = field(default_factory=list)  # the first bad row first
    last: Anchor | None = None  # the last anchor that the chain agrees with
    agreed: int = 0  # how many do
    accepted: Sequence[Anchor] = ()

    @property
    def ok(self) -> bool:
        return not self.findings


def weigh(anchors: Iterable[Anchor], service: str, signer: Signer) -> Evidence:
    """What each anchor is worth. An accepted loss voids what was anchored beyond it until then."""
    found = Evidence()
    for anchor in dict.fromkeys(anchors):  # file and topic hold the same ones
        if anchor.service != service or (anchor.position < 1 and not anchor.is_acceptance):
            continue  # of another chain, or of none
        if not signer.is_ours(anchor):
            found.foreign.append(anchor)
        elif not signer.holds(anchor):
            found.forged.append(anchor)
        elif anchor.is_acceptance:
            found.accepted.append(anchor)
        else:
            found.believed.append(anchor)
    for kept in (found.believed, found.foreign):
        kept[:] = [anchor for anchor in kept if not _is_void(anchor, found.accepted)]
    return found


def _is_void(anchor: Anchor, accepted: Iterable[Anchor]) -> bool:
    return any(anchor.position > loss.position and anchor.when <= loss.when for loss in accepted)


class Walk:
    """Follows the chain of `service` from its beginning; `take` the links in their order."""

    def __init__(self, service: str, evidence: Evidence) -> None:
        self.last = beginning(service)
        self.number = 0  # of the last row that was right
        self.agreed: list[Anchor] = []
        self._after: tuple[int, int] | None = None  # position and number of the first row since the last agreed anchor
        self._settled = 0
        self._mine = frozenset(map(id, evidence.believed))
        self._ahead = sorted(evidence.believed + evidence.foreign, key=lambda anchor: anchor.position, reverse=True)

    def take(self, links: Sequence[Linked]) -> Finding | None:
        """The first that is wrong; nothing may be taken after it."""
        for number, link in enumerate(links):
            if found := self._step(link, links, number):
                return found
        return None

    def end(self) -> Finding | None:
        """Whether the chain reaches as far as an anchor says."""
        if not self._ahead:
            return None
        furthest, position = self._ahead[0], self.last.position + 1
        if id(furthest) not in self._mine:
            return _disagrees(furthest)
        behind = f"behind row {self.number}" if self.number else "from its first row"
        says = f"The chain was cut {behind}: it reached position {furthest.position} at {furthest.at}"
        return Finding("truncated", f"{says} and ends at {self.last.position}.", position)

    def _step(self, link: Linked, links: Sequence[Linked], at: int) -> Finding | None:
        position, number = self.last.position + 1, link.number
        if link.position != position:
            return self._out_of_line(link)
        if link.row is None:
            return Finding("deleted", f"Row {number} was deleted.", position, number)
        expected = follow(self.last, link.row)
        if expected.hash != link.hash:
            return self._why(link, link.row, links, at)
        if number <= self._settled:
            says = f"Row {number} was inserted later under an old number: an anchor had been there without it."
            return Finding("inserted", says, position, number)
        self._after = self._after or (position, number)
        self.last, self.number = expected, number
        return self._ask_anchors()

    def _out_of_line(self, link: Linked) -> Finding:
        position = self.last.position + 1
        if link.position < position:
            return Finding("inserted", f"There is more than one row {link.number}.", link.position, link.number)
        says = f"The link at position {position}, behind row {self.number}, is gone."
        return Finding("unlinked", says if self.number else f"The link at position {position} is gone.", position)

    def _why(self, link: Linked, row: Row, links: Sequence[Linked], at: int) -> Finding:
        """A hash that does not follow: was it another row's, or is this one another than it was?"""
        place, number = link.position, link.number
        for other in links:
            if other.row is None or other.number == number:
                continue
            if follow(self.last, other.row).hash in (link.hash, other.hash):
                return Finding("reordered", f"Row {number} stands in the place of row {other.number}.", place, number)
            if follow(self.last, other.row._replace(number=number)).hash == link.hash:
                says = f"Row {number} was moved: what it said stands as row {other.number}."
                return Finding("reordered", says, place, number)
        following = links[at + 1] if at + 1 < len(links) else None
        if following and following.row and follow(follow(self.last, row), following.row).hash == following.hash:
            return Finding("edited", f"The link of row {number} was edited; the row is as it was.", place, number)
        return Finding("edited", f"Row {number} is not what was chained: it was edited.", place, number)

    def _ask_anchors(self) -> Finding | None:
        here = []
        while self._ahead and self._ahead[-1].position == self.last.position:
            here.append(self._ahead.pop())
        for anchor in here:
            if anchor.hash != self.last.hash.hex():
                return self._rewritten(anchor) if id(anchor) in self._mine else _disagrees(anchor)
        for anchor in here:
            if id(anchor) in self._mine:
                self._settled, self._after = max(self._settled, anchor.settled), None
                self.agreed.append(anchor)
        return None

    def _rewritten(self, anchor: Anchor) -> Finding:
        assert self._after is not None, "an anchor that disagrees lies behind a row"
        position, number = self._after
        says = f"The chain was rewritten from row {number} on, the first since an anchor that agrees"
        return Finding("rewritten", f"{says}: at {anchor.at} it had another hash.", position, number)


def _disagrees(anchor: Anchor) -> Finding:
    says = f"An anchor at position {anchor.position}, signed under another secret at {anchor.at}, says something else."
    return Finding("forged", says, anchor.position)


def _forged(anchor: Anchor) -> Finding:
    says = f"An anchor at position {anchor.position}, as if of {anchor.at}, bears a signature that is not ours."
    return Finding("forged", says, anchor.position)


async def verify(
    connection: Connection,
    service: str,
    anchors: Iterable[Anchor],
    signer: Signer,
    tell: Tell = lambda done, total: None,
) -> Report:
    """Everything that can be said about one service's audit, each batch in a statement of its own.

    Rows and links that are added meanwhile are walked too, or wait.
    """
    evidence = weigh(anchors, service, signer)
    await connection.execute(SQL["keep_to_indexes"], False)
    head = await head_of(connection)
    walk = Walk(service, evidence)
    found = await _walk(connection, walk, await connection.fetchval(SQL["rows_of"]), tell)
    settled = max([head.settled, *(anchor.settled for anchor in evidence.believed)])
    waiting, outside = await _outside(connection, settled)
    return Report(
        service,
        await connection.fetchval(SQL["rows_of"]),
        waiting,
        [*_rows(found, outside), *map(_forged, evidence.forged), *_unanchored(walk, evidence)],
        walk.agreed[-1] if walk.agreed else None,
        len(walk.agreed),
        evidence.accepted,
    )


async def _walk(connection: Connection, walk: Walk, total: int, tell: Tell) -> Finding | None:
    while True:
        rows = await connection.fetch(SQL["linked"], walk.last.position, BATCH)
        if not rows:
            return walk.end()
        if found := walk.take([_linked(*row) for row in rows]):
            return found
        tell(walk.last.position, total)


def _linked(position: int, linked: int, hash: bytes, *row: Any) -> Linked:
    return Linked(position, linked, hash, None if row[0] is None else Row(*row))


async def _outside(connection: Connection, settled: int) -> tuple[int, int | None]:
    """How many rows wait for a link, and the first of those that should have one."""
    waiting, outside, after = 0, None, -(2**63)
    while True:
        row = await connection.fetchrow(SQL["outside"], after, 10 * BATCH, settled)
        assert row is not None, "counting always gives a row"
        if row["last"] is None:
            return waiting, outside
        waiting, after = waiting + row["waiting"], row["last"]
        outside = outside if outside is not None else row["outside"]


def _rows(found: Finding | None, outside: int | None) -> list[Finding]:
    """What is wrong with rows: at most the first in the chain, and the first that is not in it."""
    if outside is None:
        return [found] if found else []
    if found and found.kind in ("unlinked", "truncated"):
        return [Finding(found.kind, f"{found.says} Row {outside} has lost its link.", found.position, outside)]
    alone = Finding("inserted", f"Row {outside} was inserted out of the chain, under an old number.", None, outside)
    both = [alone, *([found] if found else [])]
    return sorted(both, key=lambda each: outside + 1 if each.number is None else each.number)


def _unanchored(walk: Walk, evidence: Evidence) -> list[Finding]:
    """A chain that nothing outside vouches for could be any chain."""
    if not walk.last.position or evidence.believed or evidence.accepted:
        return []
    return [Finding("truncated", "No anchor was found: nothing outside the database vouches for these rows.")]
