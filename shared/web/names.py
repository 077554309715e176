"""A person's name on another service's page: intake alone holds it, so the page asks for it as it loads.

Without a script the plain word stays, as the text of whatever link it stands in.
"""

from uuid import UUID

from markupsafe import Markup

# An answer that is no name (not theirs to see, intake away) leaves the plain word standing.
_NAMED = Markup(
    '<span hx-get="/intake/people/{person}/name" hx-trigger="load" hx-swap="innerHTML"'
    ' hx-status:4xx="swap:none" hx-status:5xx="swap:none">{plain}</span>'
)


def named(person: UUID, plain: str = "Open") -> Markup:
    """For a template or a record of parts.py, inside of a link to the person's page."""
    return _NAMED.format(person=person, plain=plain)
