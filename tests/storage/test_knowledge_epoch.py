"""The count of changes: part of the transaction that changes something."""

from __future__ import annotations

import pytest

from appliance.storage import knowledge_epoch
from appliance.storage.database import Connection, Database


async def test_each_change_counts_and_an_undone_one_does_not(database: Database) -> None:
    assert await database.read(knowledge_epoch.current) == 0
    await database.write(knowledge_epoch.bump)
    await database.write(knowledge_epoch.bump)
    assert await database.read(knowledge_epoch.current) == 2

    def undone(tx: Connection) -> None:
        knowledge_epoch.bump(tx)
        raise ValueError

    with pytest.raises(ValueError):
        await database.write(undone)
    assert await database.read(knowledge_epoch.current) == 2
