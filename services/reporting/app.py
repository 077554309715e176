"""What runs: reporting, the mirror; wired from settings, nothing else."""

from pathlib import Path

from services.reporting import api, mirror, pages
from services.reporting.reactions import reactions
from shared.process import Service, run
from shared.runtime.settings import Settings


def service(settings: Settings) -> Service:
    mirror.settings()  # read now, so that a wrong one is said at the start
    return Service("reporting", Path(__file__).parent, reactions, (api.router, pages.router))


if __name__ == "__main__":
    run(service)
