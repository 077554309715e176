"""Routes by the words of their paths, so that a request is compared with a handful of routes and not with all of them.

FastAPI tries one route after the other, and again for each level of included routers: of caseplan's hundred and more
that was a third of the processor time of a command (measured).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class Words(NamedTuple):
    """What all paths of a branch have in common: how they begin and end, and how many parts they have."""

    begin: str
    end: str
    parts: int

    def are_in(self, path: str) -> bool:
        return path.startswith(self.begin) and path.endswith(self.end) and path.count("/") == self.parts


class Branch(APIRouter):
    """Routes with the same words. What has others is not even looked at."""

    def __init__(self, words: Words, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=list(routes))
        self._words = words

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if self._words.are_in(scope["path"]) else (Match.NONE, {})


def branched(routers: Iterable[APIRouter]) -> Iterator[APIRouter]:
    """The same routes, in their order within each branch; two levels, so that each is a short list.

    Routers that were included in these must have been included plainly: what a route needs is the route's own. Raises
    TypeError where something would be lost.
    """
    contexts = [context for router in routers for context in iter_route_contexts(router.routes)]
    for context in contexts:
        own = getattr(context.original_route, "dependant", None)
        if own is not None and len(own.dependencies) != len(context.dependant.dependencies):
            raise TypeError(f"{context.path} was included with dependencies: give them to its own router")
    routes = [context.original_route for context in contexts]
    for words, group in _grouped(routes, ends=False).items():
        twigs = _grouped(group, ends=True)
        branch = Branch(words, group if len(twigs) == 1 else ())
        for twig, few in twigs.items() if len(twigs) > 1 else ():
            branch.include_router(Branch(twig, few))
        yield branch


def _grouped(routes: Iterable[BaseRoute], *, ends: bool) -> dict[Words, list[BaseRoute]]:
    found: dict[Words, list[BaseRoute]] = {}
    for route in routes:
        if not isinstance(route, APIRoute) or ":path}" in route.path:
            raise TypeError(f"{route} can't be told by the words of its path")
        begin, brace, _ = route.path.partition("{")
        end = route.path.rpartition("}")[2] if brace and ends else ""
        found.setdefault(Words(begin, end, route.path.count("/")), []).append(route)
    return found
