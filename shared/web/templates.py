"""Pages from templates: a service's own folder first, then the layouts and parts that all four share.

Everything is escaped and an undefined name is an error, so a page can neither leak markup nor lose a fact silently.
`ui` in a template holds every macro of `templates/parts/`; there is nothing to import.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.runtime.settings import Settings
from shared.web import forms, say
from shared.web.accept import is_htmx
from shared.web.words import LANG_COOKIE, WORDS, Lang, lang_of, to_mend

SHARED = Path(__file__).parent / "templates"
SERVICES = Path(__file__).parents[2] / "services"
LEAVE = "/intake/leave"  # ends the session and is gone
PLAIN_PAGE = "/intake/recipe"  # where that leads unless a setting says otherwise: nothing of ours stands on it
YEAR = 365 * 24 * 3600  # seconds for which a chosen language is remembered
PARTS = ("status", "lists", "forms", "page", "charts")
# Nothing but these: `javascript:` and friends never reach an address, whoever wrote them.
SCHEMES = {"", "http", "https", "mailto", "tel", "sms"}


class UnsafeAddress(ValueError):
    """A template was handed an address that would run something or leave the path it belongs to."""


def href(url: object) -> str:
    """An address a person may follow. The check is on what a browser sees: it drops tabs and line breaks."""
    text = "".join(str(url).split()) if any(c in str(url) for c in "\t\r\n") else str(url).strip()
    if urlsplit(text).scheme.lower() not in SCHEMES:
        raise UnsafeAddress("not an address that a page may link to")
    return text


def path(url: object) -> str:
    """An address of our own origin: where forms go and parts come from."""
    text = href(url)
    if not text.startswith("/") or text.startswith(("//", "/\\")):
        raise UnsafeAddress("forms and parts stay on our own paths")
    return text


def environment(*folders: Path) -> Environment:
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(href=href, path=path)
    made.globals.update(say=say, new_key=forms.new_key, to_mend_title=to_mend)
    return made


@cache
def of_service(service: str) -> Environment:
    return environment(SERVICES / service / "templates")


class Parts:
    """The macros of `templates/parts/*.html` as attributes; a file opens with the page's context when first used."""

    def __init__(self, env: Environment, context: Mapping[str, Any]) -> None:
        self._files = _macro_files(env)
        self._env = env
        self._context = context

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._files:
            raise AttributeError(f"no part is called {name}")
        module = self._env.get_template(self._files[name]).make_module(dict(self._context))
        for own, macro in _macros(module).items():
            self.__dict__[own] = macro
        return self.__dict__[name]


def _in(lang: Lang, request: Request) -> str:
    """The same page in another language; nowhere for what a form was answered with, which has no address."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*kept, ('lang', lang)])}" if request.method == "GET" else ""


def _macros(module: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_") and callable(value)}


@cache
def _macro_files(env: Environment) -> dict[str, str]:
    """Which file each macro stands in."""
    names: dict[str, str] = {}
    for part in PARTS:
        file = f"parts/{part}.html"
        template: Template = env.get_template(file)
        names.update(dict.fromkeys(_macros(template.make_module({"w": WORDS["en"], "csrf": "", "lang": "en"})), file))
    return names


def render(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    said: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The page `template` with `context`, this browser's form token, and what the last form's answer has to say.

    `said` maps the codes given to `see_other(said=...)` to sentences.
    """
    web = request.app.state
    settings: Settings = web.settings
    env: Environment = web.templates
    lang = context.pop("lang", None) or lang_of(request)
    part = is_htmx(request)
    code = request.cookies.get(forms.SAID) if said is not None and not part else None
    base: dict[str, Any] = {
        "request": request,
        "lang": lang,
        "w": WORDS[lang],
        "part": part,
        "in_other_language": _in("en" if lang == "es" else "es", request),
        "asset": web.static.url,
        "csrf": forms.token(request, settings),
        "leave": LEAVE,
        "leave_to": settings.leave_to or PLAIN_PAGE,
        "toast": (said or {}).get(code or ""),
        **context,
    }
    base["ui"] = Parts(env, base)
    response = HTMLResponse(env.get_template(template).render(base), status, dict(headers or {}))
    forms.remember(request, response, settings)
    if (asked := request.query_params.get("lang")) in WORDS:  # a page that has one language only changes no choice
        response.set_cookie(LANG_COOKIE, str(asked), max_age=YEAR, httponly=True, samesite="lax")
    if code:
        response.delete_cookie(forms.SAID)
    return response
