"""Intake: the front door. Agencies and programs, people, consents, and the sign-in pages of all four services."""

from pathlib import Path

from services.intake import api, clocks, pages
from services.intake.consents import KIND
from services.intake.reactions import reactions
from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.security import signin


def service(settings: Settings) -> Service:
    routers = (signin.router(settings), pages.router, api.router)
    return Service("intake", Path(__file__).parent, reactions, routers, {KIND: clocks.lapse})


if __name__ == "__main__":
    run(service)
