"""The web side that every service starts from: safe headers, one way to say no, static files, templates, form guard.

A service adds routes to what `web_app` returns and nothing else about HTTP; what all four must never differ in is here.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment
from starlette.exceptions import HTTPException

from shared.runtime.errors import ThroughcareError
from shared.runtime.settings import Settings
from shared.web import forms, problems, templates
from shared.web.headers import BodyLimit, SafeHeaders
from shared.web.static import StaticFiles
from shared.web.styleguide import add_styleguide

BODY_LIMIT = 256 * 1024  # bytes; an event over 256 KiB is refused at the command, so a larger body can't become one

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def web_app(
    service: str,
    *,
    settings: Settings,
    lifespan: Lifespan | None = None,
    env: Environment | None = None,
    body_limit: int = BODY_LIMIT,
) -> FastAPI:
    """A FastAPI app that serves under `/<service>`; its docs pages are off because they load a CDN's script."""
    prefix = f"/{service}"
    app = FastAPI(
        title=f"Throughcare {service}",
        lifespan=lifespan,
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would redirect to the name of the process, not of the front port
        dependencies=[Depends(forms.guard)],
        responses=problems.RESPONSES,
    )
    app.state.settings = settings
    app.state.static = StaticFiles(f"{prefix}/static")
    app.state.templates = env or templates.of_service(service)
    app.mount(f"{prefix}/static", app.state.static, name="static")
    for kind in (HTTPException, RequestValidationError, ThroughcareError):
        app.add_exception_handler(kind, problems.answer)
    # The last added stands outermost.
    app.add_middleware(BodyLimit, limit=body_limit)
    app.add_middleware(problems.CatchAll)
    app.add_middleware(SafeHeaders, https=forms.is_https(settings))
    if settings.demo:
        add_styleguide(app, prefix)
    return app
