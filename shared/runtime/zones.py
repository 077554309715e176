"""Time zones by their names: which of them this machine knows."""

from zoneinfo import ZoneInfo

NAME_ONE = "Name a time zone such as America/New_York."


def known_zone(name: str) -> str:
    """`name`, or ValueError for one that can't be looked up here: an unknown one, and a path that is none."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(NAME_ONE) from None
