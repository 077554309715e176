"""How far it is, with nobody asked: points on Mercator's map, which an index of plain points can walk outwards.

The map is true to shape, so what is nearest on it is nearest on the ground; only its scale grows away from the equator,
and that is known. Within 25 miles the distance is right to half a per cent.
"""

from math import asinh, atan, cos, hypot, radians, sinh, tan

EARTH = 3958.8  # miles: its mean radius

Spot = tuple[float, float]  # on the map, in miles at the equator


def on_paper(latitude: float, longitude: float) -> Spot:
    return EARTH * radians(longitude), EARTH * asinh(tan(radians(latitude)))


def miles(distance: float, middle: Spot) -> float:
    """What a distance on the map, measured from `middle`, is on the ground."""
    return distance * _scale(middle)


def on_map(miles_: float, middle: Spot) -> float:
    """How far on the map so many miles around `middle` reach."""
    return miles_ / _scale(middle)


def between(one: Spot, other: Spot) -> float:
    return miles(hypot(one[0] - other[0], one[1] - other[1]), one)


def _scale(middle: Spot) -> float:
    return max(cos(atan(sinh(middle[1] / EARTH))), 1e-9)
