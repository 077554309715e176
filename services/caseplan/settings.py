"""How long silence may last: settings of the network, read once. Each default names its source where it is declared.

`THROUGHCARE_PATIENCE='{"referral": {"answer": 3}}'` changes some of them and leaves the others.
"""

import os

from pydantic import BaseModel, ConfigDict

from services.caseplan import concerns, plans, promises, referrals, setbacks


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    referral: referrals.Patience = referrals.Patience()
    setback: setbacks.Patience = setbacks.Patience()
    concern: concerns.Patience = concerns.Patience()
    promise: promises.Patience = promises.Patience()
    plan: plans.Patience = plans.Patience()


def read_patience() -> Patience:
    """Raises pydantic's ValidationError, which names the setting, for a time that makes no sense."""
    return Patience.model_validate_json(os.environ.get("THROUGHCARE_PATIENCE") or "{}")


PATIENCE = read_patience()
