"""What every master key must do, ours and a key service's. Whoever implements `Master` inherits this class.

It gives `master`, and `stranger`: another key of the same kind.
"""

import asyncio
import os

import pytest

from shared.security.masters import Damaged, Master

PLACE, ELSEWHERE = b"throughcare.key\0ray\0contact", b"throughcare.key\0jo\0contact"


class MastersContract:
    async def test_what_was_wrapped_unwraps(self, master: Master):
        for key in (os.urandom(32), bytes(32)):
            assert await master.unwrap(PLACE, await master.wrap(PLACE, key)) == key

    async def test_the_key_does_not_show(self, master: Master):
        key = os.urandom(32)
        wrapped = await master.wrap(PLACE, key)
        assert key not in wrapped
        assert key[:8] not in wrapped

    async def test_the_same_key_never_looks_the_same_twice(self, master: Master):
        key = os.urandom(32)
        assert len({await master.wrap(PLACE, key) for _ in range(20)}) == 20

    async def test_a_wrapped_key_opens_at_its_own_place_alone(self, master: Master):
        wrapped = await master.wrap(PLACE, os.urandom(32))
        for place in (ELSEWHERE, b"", PLACE + b"\0"):
            with pytest.raises(Damaged):
                await master.unwrap(place, wrapped)

    async def test_any_change_and_any_cut_is_noticed(self, master: Master):
        wrapped = await master.wrap(PLACE, os.urandom(32))
        for place in range(len(wrapped)):
            changed = bytearray(wrapped)
            changed[place] ^= 1
            for bad in (bytes(changed), wrapped[:place]):
                with pytest.raises(Damaged):
                    await master.unwrap(PLACE, bad)

    async def test_another_master_key_opens_nothing_of_it(self, master: Master, stranger: Master):
        with pytest.raises(Damaged):
            await stranger.unwrap(PLACE, await master.wrap(PLACE, os.urandom(32)))

    async def test_its_name_is_its_own_stays_and_fits_beside_each_key(self, master: Master, stranger: Master):
        assert master.id != stranger.id
        assert 0 < len(master.id) <= 64
        before = master.id
        await master.wrap(PLACE, bytes(32))
        assert master.id == before

    async def test_many_can_be_asked_at_once(self, master: Master):
        keys = [os.urandom(32) for _ in range(50)]
        wrapped = await asyncio.gather(*(master.wrap(PLACE, key) for key in keys))
        assert await asyncio.gather(*(master.unwrap(PLACE, one) for one in wrapped)) == keys
