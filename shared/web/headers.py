"""What every answer carries and what every request may weigh, as plain ASGI so that event streams pass untouched.

The policy has no unsafe-* word: pages have no inline script and no inline style, so a name that smuggles in markup
finds nothing that would run it, even where escaping failed.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LISTS = "/intake/release-lists/"  # what is sent there is read row by row as it comes, and never held whole by a service
LONGEST_LIST = 8 << 20  # bytes
HSTS = "max-age=63072000; includeSubDomains"


class SafeHeaders:
    """Sets the headers above on every answer, errors included, and `no-store` where the answer says nothing itself."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.always = {**ALWAYS, "Strict-Transport-Security": HSTS} if https else ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.always)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses a body over `limit` bytes with a 413 of ours, by its stated length or, where that is missing or a lie, by
    counting. Starlette's own limit answers in plain text, which no caller of ours expects.

    A packed body is refused with a 415: nothing here unpacks what somebody sent, so that no few bytes become many."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        limit = max(self.limit, LONGEST_LIST) if scope["path"].startswith(LISTS) else self.limit
        refused = _refused(headers, limit)
        seen = 0

        async def receive_within_limit() -> Message:
            nonlocal seen
            if refused:
                raise HTTPException(refused)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)


def _refused(headers: Headers, limit: int) -> int:
    """The status for a body that needs no reading; 0 for one that does."""
    stated = headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit:
        return 413
    return 0 if headers.get("content-encoding", "identity").strip().lower() in ("", "identity") else 415
