"""Signing in and out, for all four services: one origin, one session, one short-lived token that each of them reads."""

from fastapi import APIRouter

from services.intake.signing_in import choosing, door
from shared.runtime.settings import Settings
from shared.security.attempts import Attempts


def router(settings: Settings, *, attempts: Attempts | None = None) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.include_router(door.router)
    routes.include_router(choosing.router(settings, attempts or Attempts()))
    return routes
