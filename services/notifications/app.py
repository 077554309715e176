"""The notifications service: the voice. Messages to people, and the streams of partner agencies' own systems."""

from pathlib import Path

from services.notifications import api, pages
from services.notifications.answers.edge import hear_answers
from services.notifications.answers.recalling import recall_receipts
from services.notifications.courier import carry_messages
from services.notifications.halting import halt
from services.notifications.pages import zone_of
from services.notifications.partners import AGREEMENT_CLOCK, expire_agreement
from services.notifications.reactions import reactions_of
from services.notifications.refolding import refold
from services.notifications.settings import Voice
from services.notifications.streams.relay import relay_to_partners
from services.notifications.told import tell_acknowledged
from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.web import looks


def service(settings: Settings) -> Service:
    return Service(
        "notifications",
        Path(__file__).parent,
        reactions_of(settings, Voice()),
        (pages.router, api.router, looks.router("notifications", zone_of)),
        {AGREEMENT_CLOCK: expire_agreement},
        refold=refold,
        recall=recall_receipts,
        tasks=(relay_to_partners, tell_acknowledged, halt, hear_answers, carry_messages),
    )


if __name__ == "__main__":
    run(service)
