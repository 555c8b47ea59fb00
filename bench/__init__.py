"""`make bench`: how fast the service is beside the floor, a bare route doing the same statements on raw asyncpg."""
