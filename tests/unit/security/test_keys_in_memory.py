"""The key store of unit tests keeps the same rules as the real one."""

import pytest

from shared.security.sealing import Keys, MemoryKeys
from tests.unit.security.keys_contract import KeysContract


class TestMemoryKeys(KeysContract):
    @pytest.fixture
    def keys(self) -> Keys:
        return MemoryKeys()
