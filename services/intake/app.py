"""Intake: the front door. Agencies and programs, people, consents, and the sign-in pages of all four services."""

from pathlib import Path

from services.intake import (
    api,
    arrivals,
    clocks,
    demands,
    emergencies,
    erasures,
    first_days,
    invited,
    links,
    naming,
    pages,
    signing_in,
)
from services.intake.alike import keep_compared
from services.intake.consents import KIND, REMINDER
from services.intake.disclosing import told
from services.intake.findable import keep_findable
from services.intake.pages.shared import zone_of
from services.intake.reactions import reactions
from services.intake.refolding import refold
from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.web import disclosures, looks


def service(settings: Settings) -> Service:
    routers = (
        signing_in.router(settings),
        pages.router,
        api.router,
        looks.router("intake", zone_of),
        disclosures.router("intake", told, zone_of),
    )
    ringing = {
        KIND: clocks.lapse,
        REMINDER: clocks.remind,
        erasures.KIND: clocks.erase,
        demands.KIND: clocks.tell_of_demand,
        emergencies.KIND: clocks.ask_for_review,
        links.KIND: clocks.lapse_link,
        links.LATE: clocks.be_late,
        arrivals.KIND: clocks.ring_for_answer,
        first_days.KIND: clocks.ring_for_thing,
        invited.KIND: naming.lapse,
        naming.KIND: naming.make_invitations,
    }
    return Service("intake", Path(__file__).parent, reactions, routers, ringing, (keep_findable, keep_compared), refold)


if __name__ == "__main__":
    run(service)
