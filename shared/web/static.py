"""Static files under content-hashed URLs, ours and htmx, read once when the process starts.

htmx is found through the installed django-htmx distribution's own file list: nothing of Django is imported
and no third-party file lives in this repository. Style sheets are one file per concern here and one request there.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

OURS = Path(__file__).parent / "static"
STYLES = ("tokens", "base", "layout", "marks", "actions", "lists", "figures", "mine", "print")
HTMX = ("htmx-4.min.js", "ext/hx-sse-4.min.js")
ICONS = ("icon.svg", "plain.svg")
MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
YEAR = "public, max-age=31536000, immutable"

_HASHED = re.compile(r"/(?P<stem>[a-z]+)\.(?P<digest>[0-9a-f]{12})\.(?P<kind>css|js|svg)")


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    zipped: bytes
    media: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every static file by its plain name: `page.css`, `page.js` and the icons."""
    wheel = Path(str(distribution("django-htmx").locate_file("django_htmx/static/django_htmx")))
    scripts = [*(wheel / name for name in HTMX), OURS / "parts.js", OURS / "listen.js", OURS / "keep.js"]
    files = {
        "page.css": b"\n".join((OURS / f"{name}.css").read_bytes() for name in STYLES),
        "page.js": b";\n".join(path.read_bytes() for path in scripts),
        **{name: (OURS / name).read_bytes() for name in ICONS},
    }
    return {name: _asset(name, body) for name, body in files.items()}


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(body, gzip.compress(body, mtime=0), MEDIA[name.rpartition(".")[2]], digest)


class StaticFiles:
    """The ASGI app behind `/<service>/static`. A known name with an older hash is answered too, uncached: during a
    rollout a page drawn by the previous version must not lose its style."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def url(self, name: str) -> str:
        stem, _, kind = name.rpartition(".")
        return f"{self.prefix}/{stem}.{assets()[name].digest}.{kind}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = _HASHED.fullmatch(get_route_path(scope))
        asset = assets().get(f"{match['stem']}.{match['kind']}") if match else None
        if match is None or asset is None:
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        headers = {
            "Cache-Control": YEAR if match["digest"] == asset.digest else "no-cache",
            "Vary": "Accept-Encoding",
        }
        body = asset.body
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            body, headers["Content-Encoding"] = asset.zipped, "gzip"
        await Response(body, media_type=asset.media, headers=headers)(scope, receive, send)
