"""What runs: caseplan, the work itself; wired from settings, nothing else."""

from pathlib import Path

from services.caseplan import api, pages
from services.caseplan.conduct import CLOCKS
from services.caseplan.reactions import reactions
from shared.process import Service, run
from shared.runtime.settings import Settings


def service(settings: Settings) -> Service:
    return Service("caseplan", Path(__file__).parent, reactions, (pages.router, api.router), CLOCKS)


if __name__ == "__main__":
    run(service)
