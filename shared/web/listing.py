"""A list as its address says it: which rows, in which order, which page of them.

Nothing of it is kept anywhere else, so a list can be sent, gone back to and read with no script. A name never stands in
an address: who is sought by name is posted (menu.FIND). Whatever an address says that we do not offer is not heard.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
Options = tuple[tuple[str, str], ...]
ORDER, PAGE, AFTER = "order", "page", "after"
FURTHEST = 10_000  # pages: an address may say any number


@dataclass(frozen=True, slots=True)
class Filter:
    """One question that makes a list shorter; its first answer, `every`, leaves it as it is."""

    name: str
    label: str
    options: Options
    every: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list lets its reader choose. The first order is the usual one; `keeps` goes along untouched."""

    here: str
    filters: tuple[Filter, ...] = ()
    orders: Options = ()
    size: int = 40
    keeps: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()  # what the page has a field of its own for


@dataclass(frozen=True, slots=True)
class View:
    """The list as an address asks for it."""

    offer: Offer
    chosen: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    page: int = 1
    after: str = ""  # the last row shown before, where a list goes on from a row and not by pages
    kept: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        return any((*self.chosen.values(), *self.typed.values()))

    def url(self, **changes: object) -> str:
        """Of the same list with something changed; what is usual is left out of it."""
        usual = {ORDER: self.offer.orders[0][0] if self.offer.orders else "", PAGE: 1}
        said = {**self.typed, **self.kept, **self.chosen, ORDER: self.order, PAGE: self.page, **changes}
        query = {name: value for name, value in said.items() if value and value != usual.get(name)}
        return f"{self.offer.here}?{urlencode(query)}" if query else self.offer.here

    @property
    def everything(self) -> str:
        """The whole list again, in the order that was chosen."""
        return self.url(page=1, **dict.fromkeys((*self.chosen, *self.typed), ""))


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """The rows of one page, and where the others are. `total` counts all that match, where that is known."""

    rows: Sequence[T]
    first: int = 0
    total: int | None = None
    before: str = ""
    after: str = ""

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def asked(offer: Offer, query: Mapping[str, str]) -> View:
    """What of an address is on offer; the rest counts as not said."""
    orders = [key for key, _ in offer.orders] or [""]
    chosen = {one.name: _one_of(query.get(one.name, ""), [key for key, _ in one.options]) for one in offer.filters}
    said = query.get(PAGE, "")
    page = min(int(said), FURTHEST) if said.isascii() and said.isdecimal() else 1
    order = _one_of(query.get(ORDER, ""), orders) or orders[0]
    kept, typed = ({name: query[name] for name in names if query.get(name)} for names in (offer.keeps, offer.typed))
    return View(offer, chosen, order, max(1, page), query.get(AFTER, ""), kept, typed)


def _one_of(said: str, known: Sequence[str]) -> str:
    return said if said in known else ""


def paged(
    view: View,
    rows: Sequence[T],
    *,
    keep: Mapping[str, Callable[[T, str], bool]] | None = None,
    sort: Mapping[str, Callable[[T], Any]] | None = None,
) -> Pages[T]:
    """One page of rows held in memory: what every chosen filter keeps, by the order's key, which has to be total.

    A page past the last is the last: what was there a moment ago may have gone.
    """
    found = [row for row in rows if all(test(row, view.chosen[name]) for name, test in (keep or {}).items()
             if view.chosen.get(name))]  # fmt: skip
    if sort and view.order in sort:
        found.sort(key=sort[view.order])
    size = view.offer.size
    page = min(view.page, max(1, -(-len(found) // size)))
    start = (page - 1) * size
    here = found[start : start + size]
    return Pages(
        here,
        start + 1 if here else 0,
        len(found),
        view.url(page=page - 1) if page > 1 else "",
        view.url(page=page + 1) if start + size < len(found) else "",
    )


def keyed(view: View, rows: Sequence[T], key: Callable[[T], object]) -> Pages[T]:
    """One page of a list that goes on after a row, read with one row more than the page holds."""
    here = rows[: view.offer.size]
    more = view.url(page=1, after=key(here[-1])) if len(rows) > len(here) else ""
    return Pages(here, before=view.url(page=1) if view.after else "", after=more)
