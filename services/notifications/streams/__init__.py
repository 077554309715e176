"""Partners' streams: from decided rows to each partner's own log, in order, without gaps, never after consent ended.

A partner's rows belong to one shard, and a shard to one owner, who gives each row its sequence and writes it with a
transactional producer. Whoever initialises the shard's transactional id anew has ended all that older producers of it
could still have said: that is how a revocation knows that nothing can leave late.
"""

from shared.messaging.outbox import shard_of as _shard_of

OWNERS = "notifications partners"  # what the owners' advisory locks are called
STREAMS = ("referral", "setback", "receipt")


def topic_of(slug: str, stream: str) -> str:
    return f"partner.{slug}.{stream}.v1"


def shard_of(partner: object) -> int:
    """Where a partner's rows belong, for ever."""
    return _shard_of(str(partner))


def transactional_id(shard: int) -> str:
    return f"throughcare.notifications.partners.{shard}"
