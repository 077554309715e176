"""Which partition a key has: written down, since another answer tomorrow would break the order of what is written."""

import pytest

from shared.messaging.outbox import shard_of


@pytest.mark.parametrize(
    ("key", "shard"),
    [("0198c4f2-7d3a-7b10-8c5e-2f6a9d0e4b71", 122_545_750 % 12), ("throughcare.referral.v1", 323_060_095 % 12)],
    ids=["a person", "a topic"],
)
def test_a_key_stands_for_ever_on_the_partition_of_its_crc32(key, shard):
    assert shard_of(key) == shard
