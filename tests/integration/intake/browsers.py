"""Browsers in front of intake: they keep cookies, read forms and follow them; each test has its own count of tries."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
from fastapi import FastAPI

from services.intake.app import service
from shared.process import build
from shared.security import demo
from shared.security.tokens import Tokens
from tests.integration.intake.world import Door

HTML = {"Accept": "text/html"}
BASE = "http://127.0.0.1:8000"


class Browsers:
    """The count of tries begins anew with each of these, as it does with a process."""

    def __init__(self, door: Door, **changed: Any) -> None:
        self.door = door
        self.settings = door.settings.model_copy(update=changed)
        self.tokens = Tokens(self.settings)
        self.app: FastAPI = build(service(self.settings), self.settings)
        self.app.state.running = replace(door.running, settings=self.settings)

    @asynccontextmanager
    async def open(self, *, at: str = "127.0.0.1", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, client=(at, 5000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={**HTML, **headers}) as client:
            yield client

    async def choose(self, asks: httpx.AsyncClient, name: str = "Dana") -> httpx.Response:
        """Sign in to the demo by choosing."""
        page = await asks.get("/intake/sign-in")
        return await asks.post("/intake/sign-in", data=fields(page.text, name))

    def who(self, asks: httpx.AsyncClient) -> demo.Account | None:
        token = asks.cookies.get(self.tokens.cookie_name)
        return demo.by_id(self.tokens.read(token).actor.id) if token else None

    def lose_token(self, asks: httpx.AsyncClient) -> None:
        """As if its five minutes were over."""
        asks.cookies.delete(self.tokens.cookie_name)


def fields(page: str, near: str) -> dict[str, str]:
    """The hidden fields of the form that holds `near`."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if near in unescape(form))
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form)}
