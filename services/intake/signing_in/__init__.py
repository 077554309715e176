"""Signing in and out, for all four services: one origin, one session, one short-lived token that each of them reads."""

from fastapi import APIRouter

from services.intake.signing_in import (
    choosing,
    door,
    elsewhere,
    invitations,
    invited,
    own,
    own_pin,
    persons,
    staff,
    wrong_number,
)
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.pins import Pins
from services.intake.signing_in.proving import Proving
from services.intake.signing_in.tries import Tries
from shared.runtime.settings import Settings


def router(settings: Settings) -> APIRouter:
    tries, hashing = Tries(), Passwords()
    pins = Pins(settings, hashing)
    proving = Proving(tries, hashing)
    routes = APIRouter()
    routes.include_router(door.router)
    routes.include_router(staff.router(proving))
    routes.include_router(elsewhere.router(settings, tries))
    routes.include_router(own.router(proving, hashing))
    routes.include_router(invitations.router(tries, hashing))
    routes.include_router(choosing.router(settings, tries))
    routes.include_router(persons.router(pins, tries))
    routes.include_router(wrong_number.router(settings, tries))
    routes.include_router(own_pin.router(pins, tries))
    routes.include_router(invited.router(pins, tries))
    return routes
