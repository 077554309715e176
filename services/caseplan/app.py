"""What runs: caseplan, the work itself; wired from settings, nothing else."""

from pathlib import Path

from services.caseplan import api, pages
from services.caseplan.conduct import CLOCKS
from services.caseplan.copies import zone_of_person
from services.caseplan.disclosing import told
from services.caseplan.reactions import reactions
from services.caseplan.refolding import refold
from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.web import disclosures, looks


def service(settings: Settings) -> Service:
    account = disclosures.router("caseplan", told, zone_of_person)
    routers = (pages.router, api.router, looks.router("caseplan", zone_of_person), account)
    return Service("caseplan", Path(__file__).parent, reactions, routers, CLOCKS, refold=refold)


if __name__ == "__main__":
    run(service)
