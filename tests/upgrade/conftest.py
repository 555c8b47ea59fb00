"""A migrated database of a test's own."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.conftest import clone, settings_for


@pytest.fixture
async def own(server: PrivateServer, settings: Settings) -> AsyncIterator[Settings]:
    """A migrated database of this test's own."""
    name = f"upgraded_{os.getpid()}"
    await clone(server, name)
    yield settings_for(server, name, settings.key_folder.parent)
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


@pytest.fixture
async def looked(own: Settings) -> AsyncIterator[asyncpg.Connection]:
    """The owner's look into it."""
    connection = await asyncpg.connect(own.database_url)
    yield connection
    await connection.close()
