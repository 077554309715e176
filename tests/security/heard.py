"""Every request of a test's client and every answer: into which fields canaries went, and where they came back."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.security.asked import Field, Map, Page
from tests.security.canaries import PUBLIC, in_text, leaves, nameless

# A form that a canary can't be right in, and that says so: passwords and codes, and the one that shows how forms do.
AT_THE_DOOR = ("/intake/sign-in", "/intake/account/", "/intake/me/pin", "/intake/session", "/intake/styleguide")
LEADING = {"back", "next", "seen", "read"}  # where to go, and what stood there: never kept


@dataclass
class Exchange:
    """One request of a known route, and its answer."""

    route: str
    address: str
    sent: dict[str, str]  # canary by field
    status: int
    headers: list[tuple[str, str]]
    text: str
    is_page: bool

    @property
    def told(self) -> list[str]:
        """Where it says a canary to somebody who was not to see it: in a header, a title, an address, a refusal."""
        own = set(in_text(self.address))  # who asked for an address knows it
        found = [name for name, value in self.headers if set(in_text(value)) - own]
        if self.is_page:
            page = Page(self.text)
            found += ["title" for canary in in_text(page.title) if PUBLIC not in canary]
            found += [address for address in page.addresses if set(in_text(address)) - own]
        if self.status >= 400 and set(in_text(self._said)) & set(self.sent.values()):
            found.append(self._said)
        return found

    @property
    def _said(self) -> str:
        """What the answer says by itself: a form keeps what was typed, which is no word of ours."""
        if not self.is_page:
            return self.text
        kept = r"""(?s)<textarea.*?</textarea>|value="[^"]*"|<title>.*?</title>"""
        return unescape(re.sub(kept, "", self.text))

    def took(self, name: str) -> bool:
        """Whether the canary in this field was taken, or refused by the field's name, as an unknown code is."""
        if self.status < 400 or name in LEADING:
            return True
        if self.is_page or self.route.startswith(AT_THE_DOOR):
            return self.route.startswith(AT_THE_DOOR) and self.status in (401, 404, 409, 422, 429)
        errors = json.loads(self.text or "{}").get("errors") or ()
        return name in {nameless(error["field"]) for error in errors}


@dataclass
class Heard:
    """All that was said, by a client whose hooks this has."""

    known: Map
    exchanges: list[Exchange] = field(default_factory=list)
    pages: dict[Field, str] = field(default_factory=dict)

    def client(self, url: str, **more: Any) -> httpx.AsyncClient:
        hooks = {"response": [self._hear]}
        return httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, event_hooks=hooks, **more)

    async def _hear(self, answer: httpx.Response) -> None:
        await answer.aread()
        asked = answer.request
        media = answer.headers.get("content-type", "")
        self.exchanges.append(
            Exchange(
                self.known.of(asked.url.path, asked.method),
                str(asked.url),
                _canaries(asked),
                answer.status_code,
                answer.headers.multi_items(),
                answer.text if media.startswith(("text/html", "application/")) else "",
                media.startswith("text/html"),
            )
        )

    def taken(self) -> set[Field]:
        """Fields in which a canary was taken, or refused by name."""
        return {(one.route, name) for one in self.exchanges for name in one.sent if one.took(name)}

    def canaries(self, *routes: str) -> dict[str, list[str]]:
        """What was taken by routes that begin so, by field."""
        found = defaultdict(list)
        for one in self.exchanges:
            if one.route.startswith(routes) and one.status < 400:
                for name, canary in one.sent.items():
                    found[f"{one.route} {name}"].append(canary)
        return found


def _canaries(asked: httpx.Request) -> dict[str, str]:
    values = list(asked.url.params.multi_items())
    media = asked.headers.get("content-type", "")
    if media.startswith("application/json"):
        values += leaves(json.loads(asked.content))
    elif media.startswith("application/x-www-form-urlencoded"):
        values += [(nameless(name), value) for name, value in parse_qsl(asked.content.decode())]
    return {name: found[0] for name, value in values if isinstance(value, str) and (found := in_text(value))}
