"""Who works where, as far as accounts are known: those of the demo, which are the only ones that sign in.

A worker may be named by id without being known here; then nothing is assumed of them.
"""

from uuid import UUID

from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.cast import NAMES
from shared.security.permissions import Role

WALKS = (Role.CASE_MANAGER, Role.SUPERVISOR)


def workers_of(settings: Settings, agency: UUID | None) -> list[tuple[UUID, str]]:
    """Those of an agency who can be named for somebody, in the alphabet."""
    found = [a for a in demo.STAFF if a.agency == agency and a.role in WALKS] if settings.demo else []
    return sorted(((account.id, account.name) for account in found), key=lambda worker: worker[1])


def works_elsewhere(worker: UUID, agency: UUID) -> bool:
    """Whether we know of this worker that they are another agency's."""
    account = demo.by_id(worker)
    return account is not None and account.agency != agency


def worker_name(worker: UUID | None) -> str:
    """What pages call a worker; staff names are no secret of a person's."""
    return NAMES.get(worker, "Somebody") if worker else ""
