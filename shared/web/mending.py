"""What pydantic found wrong, in words that say what to do, each with the way to its place.

Nothing of what was sent is repeated: an error message reaches logs and screens that its sender never sees.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

BODY = ("body", "query", "path", "header", "cookie")

# Filled from the error's own context; {field} is the last name on the way to the place.
SENTENCES: Mapping[str, str] = {
    "missing": "“{field}” is missing.",
    "json_invalid": "The body can’t be read as JSON.",
    "extra_forbidden": "“{field}” is not known here. Leave it out.",
    "string_type": "“{field}” has to be text.",
    "string_too_short": "“{field}” needs at least {min_length} characters.",
    "string_too_long": "“{field}” can have at most {max_length} characters.",
    "string_pattern_mismatch": "“{field}” does not have the form that is needed.",
    "too_short": "“{field}” needs at least {min_length}.",
    "too_long": "“{field}” can have at most {max_length}.",
    "int_type": "“{field}” has to be a whole number.",
    "int_parsing": "“{field}” has to be a whole number.",
    "int_from_float": "“{field}” has to be a whole number.",
    "float_type": "“{field}” has to be a number.",
    "float_parsing": "“{field}” has to be a number.",
    "greater_than": "“{field}” has to be more than {gt}.",
    "greater_than_equal": "“{field}” has to be {ge} or more.",
    "less_than": "“{field}” has to be less than {lt}.",
    "less_than_equal": "“{field}” can be {le} at most.",
    "bool_type": "“{field}” has to be true or false.",
    "bool_parsing": "“{field}” has to be yes or no.",
    "enum": "“{field}” has to be one of: {expected}.",
    "literal_error": "“{field}” has to be one of: {expected}.",
    "union_tag_invalid": "“{field}” is not one of the kinds known here.",
    "union_tag_not_found": "“{field}” does not say which kind it is.",
    "uuid_type": "“{field}” has to be an id.",
    "uuid_parsing": "“{field}” is not an id of ours.",
    "uuid_version": "“{field}” is not an id of ours.",
    "date_type": "“{field}” has to be a day, like 2026-11-24.",
    "date_parsing": "“{field}” has to be a day, like 2026-11-24.",
    "date_from_datetime_parsing": "“{field}” has to be a day, like 2026-11-24.",
    "date_from_datetime_inexact": "“{field}” has to be a day without a time.",
    "time_type": "“{field}” has to be a time, like 16:00.",
    "time_parsing": "“{field}” has to be a time, like 16:00.",
    "datetime_type": "“{field}” has to be a day and time, like 2026-11-24T16:00:00Z.",
    "datetime_parsing": "“{field}” has to be a day and time, like 2026-11-24T16:00:00Z.",
    "datetime_from_date_parsing": "“{field}” has to be a day and time, like 2026-11-24T16:00:00Z.",
    "timezone_aware": "“{field}” needs its time zone, like 2026-11-24T16:00:00Z.",
    "datetime_past": "“{field}” has to lie behind us.",
    "datetime_future": "“{field}” has to lie ahead.",
    "date_past": "“{field}” has to lie behind us.",
    "date_future": "“{field}” has to lie ahead.",
    "url_parsing": "“{field}” has to be a web address.",
    "url_scheme": "“{field}” has to start with {expected_schemes}.",
    "model_attributes_type": "“{field}” has to be an object with names and values.",
    "model_type": "“{field}” has to be an object with names and values.",
    "dict_type": "“{field}” has to be an object with names and values.",
    "list_type": "“{field}” has to be a list.",
    "none_required": "“{field}” has to stay empty.",
}
OTHERWISE = "“{field}” can’t be read here. See openapi.json for its form."


class Mend(BaseModel):
    """One thing to mend. `pointer` finds it in a JSON body, `parameter` names it in the address or the headers."""

    detail: str
    field: str
    pointer: str | None = None
    parameter: str | None = None


def mends(errors: Sequence[Any]) -> list[Mend]:
    return [_mend(error) for error in errors]


def sentence(error: Mapping[str, Any], field: str | None = None) -> str:
    """What to do about one pydantic error; a `ValueError` of our own validators speaks for itself."""
    context = {name: value for name, value in error.get("ctx", {}).items() if name != "error"}
    own = error.get("ctx", {}).get("error")
    if error["type"] == "value_error" and isinstance(own, ValueError):
        return str(own)
    return SENTENCES.get(error["type"], OTHERWISE).format(field=field or _name(error["loc"]), **context)


def _name(loc: Sequence[str | int]) -> str:
    """The innermost name in plain words; a list's index belongs to the name before it."""
    names = [step for step in loc if isinstance(step, str)]
    inner = names[1:] if names and names[0] in BODY else names
    return inner[-1].replace("_", " ") if inner else "the body"


def _mend(error: Mapping[str, Any]) -> Mend:
    place, *steps = error["loc"] or ("body",)
    if error["type"] == "json_invalid":
        steps = []  # its only step is a character's number
    field = ".".join(str(step) for step in steps) or "body"
    if place != "body":
        return Mend(detail=sentence(error), field=field, parameter=field)
    pointer = "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    return Mend(detail=sentence(error), field=field, pointer=pointer)
