"""What a failed poll had drained is read again: the consumer goes back to where the database is, and only then on."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException

from shared.messaging.edge import Edge, _until_something
from shared.runtime.settings import Settings

HERE, THERE = TopicPartition("throughcare.person.v1", 1), TopicPartition("throughcare.person.v1", 2)


class Consumer:
    """Two partitions, both moved on by a poll that nobody got anything of."""

    def __init__(self) -> None:
        self.places = {HERE: 7, THERE: 9}

    def assignment(self) -> set[TopicPartition]:
        return set(self.places)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.places[place] = offset

    async def getmany(self, **how: object) -> dict[TopicPartition, list[object]]:
        raise CorruptRecordException


class Known:
    """An inbox whose database has taken what came before offset 4 of one partition, and nothing of the other."""

    service = "reporting"

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        return {(HERE.topic, HERE.partition): 4}


def test_after_a_failed_poll_every_partition_is_where_the_database_is():
    consumer, edge = Consumer(), Edge(Settings(demo=True), Known())  # type: ignore[arg-type]
    edge._consumer_of = lambda: consumer
    with pytest.raises(CorruptRecordException):
        asyncio.run(_until_something(consumer.getmany, edge._rewind)())
    assert consumer.places == {HERE: 4, THERE: 0}


def test_an_empty_poll_is_no_end():
    answers = [{}, {}, {HERE: ["a record"]}]

    async def getmany(**how: object) -> dict[TopicPartition, list[str]]:
        return answers.pop(0)

    async def rewind() -> None:
        raise AssertionError("nothing failed")

    assert asyncio.run(_until_something(getmany, rewind)()) == {HERE: ["a record"]}
