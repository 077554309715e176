"""Health: `/healthz` says that the process lives, `/readyz` that it can work, `/metrics` how it is doing."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Check = Callable[[], Awaitable[bool]]


class Health:
    """What this process depends on. `ready` goes off first when it stops."""

    def __init__(self) -> None:
        self.ready = False
        self._checks: dict[str, Check] = {}

    def watch(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def look(self) -> dict[str, bool]:
        """Each dependency by name; a check that raises counts as a no."""
        found = {"started": self.ready}
        for name, check in self._checks.items():
            try:
                found[name] = await check()
            except Exception:  # whatever it is, it is not ready
                found[name] = False
        return found


def health_router(health: Health, registry: CollectorRegistry) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def ready() -> JSONResponse:
        found = await health.look()
        return JSONResponse(found, 200 if all(found.values()) else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
