"""Forms that need no script: a token against forgery, a key against sending twice, and nothing typed is lost.

The token is an HMAC of a random cookie (signed double submit), so no server keeps a list of them. `guard` runs
before every route of an app that `web_app` made; a page never has to remember it.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.runtime.errors import Invalid, NotAllowed, Refused
from shared.runtime.ids import uuid7
from shared.runtime.letters import Unreadable, readable
from shared.runtime.settings import Settings
from shared.web.accept import is_htmx
from shared.web.mending import sentence
from shared.web.say import Lang
from shared.web.words import lang_of

TOKEN, TOKEN_HEADER = "_csrf", "X-CSRF-Token"
KEY = "_key"  # the command layer reads it where there is no Idempotency-Key header
SAID = "said"  # cookie with the code of what the next page says back
SAFE = {"GET", "HEAD", "OPTIONS"}
LONGEST_PATH = 500  # of a page that somebody's request says to lead back to
FORM_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")

_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # no host, no space, nothing a browser would drop and then see one
_CODE = re.compile(r"[a-z][a-z-]{0,40}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

M = TypeVar("M", bound=BaseModel)


class NoForm(Refused):
    title = "This form can’t be read"

    def __init__(self) -> None:
        super().__init__("Nothing was saved. Send it from its own page. It takes words, and no files.")


class StaleForm(NotAllowed):
    title = "This page has been open for too long"

    def __init__(self) -> None:
        super().__init__("Nothing was saved. Open the page again and send it once more.")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise Unreadable(
            "There is a hidden character in it. Type it again instead of pasting.",
            "Hay un signo escondido. Escríbalo otra vez en lugar de pegarlo.",
        )
    return readable(text)


# What a person types in one line or in several. Postgres refuses NUL in text, and nobody types one.
_Typed = AfterValidator(_printable)
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), _Typed]
Lines = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), _Typed]


@dataclass
class Form(Generic[M]):
    """What was typed, what to mend, and the model once nothing is. Templates read the first two."""

    typed: dict[str, str | list[str]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)  # field -> what to do about it
    value: M | None = None
    prefix: str = ""  # of the ids of its fields, where a page has several forms

    def refuse(self, error: Invalid, lang: Lang = "en") -> "Form[M]":
        """A rule of the domain said no after the form itself was fine."""
        self.wrong[error.field] = error.es if lang == "es" else str(error)
        self.value = None
        return self


async def posted(request: Request) -> FormData:
    """What a form sent. No form here takes a file; one that comes is refused before it is kept anywhere."""
    try:
        return await request.form(max_files=0)
    except HTTPException as error:
        if error.status_code != NoForm.status:
            raise
        raise NoForm from None  # Starlette's own words name its limits


def blank(prefix: str = "", **typed: str | list[str]) -> Form[Any]:
    """A form that nobody has sent yet, with what we already know filled in."""
    return Form(typed=typed, prefix=prefix)


async def read(
    request: Request, model: type[M], *, prefix: str = "", words: Mapping[str, str] | None = None
) -> Form[M]:
    """The posted form as `model`. Empty counts as not given; `words` says by field what to do when it is wrong."""
    sent = await posted(request)
    form: Form[M] = Form(prefix=prefix)
    for name in dict.fromkeys(key for key in sent if key not in (TOKEN, KEY)):
        values = [value for value in sent.getlist(name) if isinstance(value, str)]
        many = name in model.model_fields and _is_list(model.model_fields[name].annotation)
        form.typed[name] = values if many else values[-1] if values else ""
    given = {name: value for name, value in form.typed.items() if value not in ("", [], [""])}
    try:
        form.value = model.model_validate(given)
    except ValidationError as error:
        for found in error.errors():
            name = str(found["loc"][0]) if found["loc"] else ""
            said = _unreadable(found, request) or (words or {}).get(name) or _sentence(found, model, lang_of(request))
            form.wrong.setdefault(name, said)
    return form


def _unreadable(found: Any, request: Request) -> str:
    """More exact than what a form says of its field by itself: how to type the same so that it can be shown."""
    error = found.get("ctx", {}).get("error")
    if not isinstance(error, Unreadable):
        return ""
    return error.es if lang_of(request) == "es" else str(error)


def _sentence(found: Any, model: type[BaseModel], lang: Lang) -> str:
    info = model.model_fields.get(str(found["loc"][0])) if found["loc"] else None
    if found["type"] == "missing":
        return "Falta esto." if lang == "es" else "This one is needed."
    return sentence(found, info.title if info else None)


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return any(_is_list(choice) for choice in get_args(annotation))
    return (get_origin(annotation) or annotation) in (list, tuple, set, frozenset)


def new_key() -> str:
    """A fresh idempotency key: one per rendered form, so a second press of the button is the first one's answer."""
    return str(uuid7())


def see_other(url: str, request: Request | None = None, *, said: str | None = None) -> Response:
    """The answer to a form that was taken: go and look (303), so a reload sends nothing again.

    `said` is a code (never a sentence: it lies in a cookie) that the next page's `render(said={...})` puts in words.
    Pass `request` where htmx may have sent the form: it then loads the page instead of swapping it in.
    """
    if not _OWN_PATH.fullmatch(url):
        raise ValueError("see_other leads to a path of our own")
    response: Response
    if request is not None and is_htmx(request):
        response = Response(status_code=204, headers={"HX-Redirect": url})
    else:
        response = RedirectResponse(url, 303)
    if said is not None:
        if not _CODE.fullmatch(said):
            raise ValueError(f"said takes a short code, not {said!r}")
        response.set_cookie(SAID, said, max_age=60, httponly=True, samesite="lax")
    return response


def is_own_path(path: str) -> bool:
    """Whether what a request sent is a path of our own: no other host, nothing that a browser would drop."""
    return len(path) <= LONGEST_PATH and _OWN_PATH.fullmatch(path) is not None


def back_to(path: str | None, otherwise: str) -> str:
    """Where a form leads afterwards: only to a path of our own."""
    return path if path and is_own_path(path) else otherwise


def cookie_name(settings: Settings) -> str:
    return "__Host-form" if is_https(settings) else "form"


def is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def sign(settings: Settings, cookie: str) -> str:
    """The token that belongs to `cookie`: only we can make it."""
    secret = settings.signing_secret.get_secret_value().encode()
    return urlsafe_b64encode(hmac.digest(secret, b"form:" + cookie.encode(), sha256)).decode().rstrip("=")


def token(request: Request, settings: Settings) -> str:
    """This browser's token; makes its cookie where there is none yet, for `remember` to set."""
    cookie = getattr(request.state, "form_cookie", None) or _cookie(request, settings)
    if cookie is None:
        cookie = request.state.form_cookie = token_urlsafe(16)
    return sign(settings, cookie)


def remember(request: Request, response: Response, settings: Settings) -> None:
    """Sets the cookie that `token` made, if it made one."""
    if cookie := getattr(request.state, "form_cookie", None):
        secure = is_https(settings)
        response.set_cookie(cookie_name(settings), cookie, httponly=True, samesite="lax", secure=secure)


def _cookie(request: Request, settings: Settings) -> str | None:
    value = request.cookies.get(cookie_name(settings), "")
    return value if _COOKIE_VALUE.fullmatch(value) else None


async def guard(request: Request) -> None:
    """Refuses what another site made a browser send. Programs, which send no cookie by themselves, pass."""
    if request.method in SAFE:
        return
    settings: Settings = request.app.state.settings
    if _from_elsewhere(request, settings):
        raise StaleForm
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _needs_token(request, media):
        return
    sent: object = request.headers.get(TOKEN_HEADER)
    if sent is None and media in FORM_MEDIA[:2]:
        sent = (await posted(request)).get(TOKEN)
    cookie = _cookie(request, settings)
    if cookie is None or not isinstance(sent, str):
        raise StaleForm
    if not hmac.compare_digest(sent.encode(), sign(settings, cookie).encode()):
        raise StaleForm


def _from_elsewhere(request: Request, settings: Settings) -> bool:
    """By the browser's own word. `Origin: null` says nothing: our own no-referrer policy makes browsers send it."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin", "null")
    ours = (request.headers.get("host", ""), urlsplit(settings.public_url).netloc)
    return origin != "null" and urlsplit(origin).netloc not in ours


def _needs_token(request: Request, media: str) -> bool:
    """JSON can't be sent from another site without asking first, and we never allow it. Forms can."""
    browser = any(name in request.headers for name in ("origin", "sec-fetch-site", "hx-request"))
    if media in FORM_MEDIA:
        return browser or bool(request.cookies)
    return browser and not media.endswith("json")
