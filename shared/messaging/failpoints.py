"""Places where the fault harness ends the process, and the mutants it must catch.

Armed by two test-only variables and by nothing else; unarmed, a failpoint costs one comparison.
`THROUGHCARE_TEST_FAILPOINT=relay.acknowledged:3` kills this process the third time it gets there.
`THROUGHCARE_TEST_MUTANT=no_progress_check` breaks one guarantee on purpose.
"""

import os
import signal
from pathlib import Path

FAILPOINTS = {
    "command.written": "state and events are written, the transaction is not committed",
    "command.committed": "committed, the caller has no answer yet",
    "relay.fetched": "rows are read, nothing is sent",
    "relay.acknowledged": "the broker has the records, the archive does not",
    "relay.archived": "moved to the archive",
    "inbox.received": "records are here, nothing is done",
    "inbox.applied": "effects are made, the transaction is not committed",
    "inbox.committed": "committed, the group offset is not",
    "timer.claimed": "a due clock is taken, its effect is not made",
    "timer.applied": "a clock's effect is made, the transaction is not committed",
    "partner.numbered": "partners' rows have their sequence, nothing is written",
    "partner.written": "partners' logs hold the records, the Kafka transaction is not committed",
    "partner.committed": "partners can read the records, the archive does not hold them",
    "partner.archived": "partners' rows are moved to the archive",
    "halting.fenced": "older producers are ended, the revocation is not yet said to be in effect",
    "message.claimed": "a message is claimed, its carrier has not been asked",
    "message.carried": "the carrier has the message, its row does not say so",
    "answer.applied": "a partner's answers are taken, the transaction is not committed",
}
MUTANTS = {
    "ack_before_commit": "the consumer notes its offset before the effect is committed",
    "no_aggregate_lock": "a command reads its aggregate without locking it",
    "no_progress_check": "the consumer applies whatever arrives",
}

_armed, _, _nth = os.environ.get("THROUGHCARE_TEST_FAILPOINT", "").partition(":")
_left = int(_nth or 1)
MUTANT = os.environ.get("THROUGHCARE_TEST_MUTANT", "")


def reach(name: str) -> None:
    """Die here, as if by a power cut, if this is where the harness said to."""
    global _left
    if name != _armed:
        return
    _left -= 1
    if _left == 0:
        _note(name)
        os.kill(os.getpid(), signal.SIGKILL)


def _note(name: str) -> None:
    """What was hit, where the harness counts it, on the disk before the process is gone."""
    notes = os.environ.get("THROUGHCARE_TEST_FAILPOINT_NOTES")
    if notes:
        descriptor = os.open(Path(notes), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{name}\n".encode())
        os.fsync(descriptor)
