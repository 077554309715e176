"""Who is asking: a browser that wants a page, htmx that wants a part, or a program that wants JSON."""

from starlette.requests import Request


def is_htmx(request: Request) -> bool:
    """True when htmx asks, so a part of a page is wanted and the frame around it stands already."""
    return request.headers.get("hx-request") == "true"


def wants_html(request: Request) -> bool:
    """True when the caller prefers a page. `*/*` alone is a program's: curl and every HTTP library send it."""
    if is_htmx(request):
        return True
    accept = request.headers.get("accept", "*/*")
    return _weight(accept, "text", "html") > _weight(accept, "application", "json")


def _weight(accept: str, main: str, sub: str) -> float:
    """The quality RFC 9110 gives a media type; the most exact range that covers it counts."""
    best = (-1, 0.0)
    for item in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in item.split(";"))
        names = [f"{main}/{sub}", f"{main}/*", "*/*"]
        if media in names:
            quality = next((_number(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
            best = max(best, (2 - names.index(media), quality))
    return best[1]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
