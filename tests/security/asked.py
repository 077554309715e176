"""What the network asks people to type: every field of text, by the routes' own description and by the pages' forms.

A field is known by its route and its name. Whoever adds a form adds one, and whoever plants canaries has to fill it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.routing import compile_path

from shared.contracts.topics import SERVICES
from shared.process import build
from shared.runtime.settings import Settings
from shared.security.edge import RouteEntry, entries
from tests.security.canaries import nameless, words

Field = tuple[str, str]  # the path of a route, and a name within its body or its query

TYPED = {"text", "search", "tel", "email", "password", "url"}
LEADS = {"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-push-url", "data-href"}


class Page(HTMLParser):
    """A page as far as it could tell somebody else something: its title, its addresses, and what its forms ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = ""
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.forms: list[tuple[str, str, list[str]]] = []  # method, action, names
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title"
        self.addresses += [value for name, value in given.items() if name in LEADS]
        if tag == "a":
            self.links.append(given.get("href", "").partition("#")[0])
        if "hx-get" in given:
            self.links.append(given["hx-get"])
        if tag == "form":
            self.forms.append((given.get("method", "get").upper(), given.get("action", ""), []))
        typed = tag == "textarea" or (tag == "input" and given.get("type", "text") in TYPED)
        if typed and "readonly" not in given and self.forms and given.get("name"):
            self.forms[-1][2].append(given["name"])

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@dataclass
class Route:
    service: str
    entry: RouteEntry
    spec: dict[str, Any] = field(default_factory=dict)  # of OpenAPI, with its references written out

    @property
    def path(self) -> str:
        return self.entry.path


@dataclass
class Map:
    """Every route of the four services."""

    routes: list[Route]

    def __post_init__(self) -> None:
        # Fixed words before parameters, as `people/find` goes before `people/{person_id}`.
        ordered = sorted(self.routes, key=lambda route: [part.startswith("{") for part in route.path.split("/")])
        self._known = [(compile_path(route.path)[0], route) for route in ordered]

    def of(self, address: str, method: str = "") -> str:
        """The path of the route that answers there; the address itself where none does."""
        path = urlsplit(address).path
        for pattern, route in self._known:
            if pattern.match(path) and (not method or method in route.entry.methods):
                return route.path
        return path

    def fields(self) -> set[Field]:
        """Every text that the routes' own descriptions ask for."""
        return {
            (route.path, name)
            for route in self.routes
            for operation in route.spec.values()
            for name in (*_texts(_body(operation)), *_queries(operation))
        }


def the_map() -> Map:
    settings = Settings(demo=True)
    return Map(
        [
            route
            for name in SERVICES
            for route in routes_of(name, build(import_module(f"services.{name}.app").service(settings), settings))
        ]
    )


def routes_of(service: str, app: FastAPI) -> list[Route]:
    spec = app.openapi()
    paths = {path: _written_out(operations, spec) for path, operations in spec["paths"].items()}
    return [Route(service, entry, _operations(paths.get(entry.path, {}), entry)) for entry in entries(app)]


def _operations(described: dict[str, Any], entry: RouteEntry) -> dict[str, Any]:
    return {method: described.get(method.lower(), {}) for method in entry.methods if method != "HEAD"}


def _written_out(node: Any, spec: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_written_out(item, spec) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(spec["components"]["schemas"][node["$ref"].rpartition("/")[2]], spec)
    return {name: _written_out(value, spec) for name, value in node.items()}


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = next(iter(content.values()), {}).get("schema", {})
    return schema


def _queries(operation: dict[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            yield from (parameter["name"] for _ in _texts(parameter["schema"]))


def _texts(schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """The fields of a schema into which anything at all could be written."""
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        yield from _texts(choice, place)
    for name, part in schema.get("properties", {}).items():
        yield from _texts(part, f"{place}.{name}")
    if "items" in schema:
        yield from _texts(schema["items"], f"{place}.#")
    if schema.get("type") == "string" and not {"format", "enum", "const"} & schema.keys():
        yield place.lstrip(".")


def filled(schema: dict[str, Any], text: str = "") -> Any:
    """A body with `text`, or a canary, in every place, also where an id, a day or a number belongs."""
    if "properties" in schema:
        return {name: filled(part, text) for name, part in schema["properties"].items()}
    choices = [*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())]
    if choices:
        return filled(choices[0], text)
    return [filled(schema["items"], text)] if "items" in schema else text or words()


def with_canaries(route: Route, method: str) -> tuple[Any, dict[str, str]]:
    """Body and query of one operation, a canary in each of their parts."""
    operation = route.spec[method]
    query = {p["name"]: words() for p in operation.get("parameters", ()) if p["in"] == "query"}
    schema = _body(operation)
    return (filled(schema) if schema else None), query


def typed_on(page: Page, here: str, known: Map) -> set[Field]:
    """Every text that a page's forms ask for."""
    return {
        (known.of(action or here, method), nameless(name)) for method, action, names in page.forms for name in names
    }


def parameters(path: str) -> list[str]:
    return re.findall(r"\{(\w+)(?::\w+)?\}", path)


def texts_of(route: Route, method: str, text: str) -> tuple[Any, set[str]]:
    """A body with `text` in all of its places, and which of them are for words."""
    schema = _body(route.spec[method])
    return (filled(schema, text) if schema else None), set(_texts(schema))
