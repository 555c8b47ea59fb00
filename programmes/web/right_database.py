"""Nothing is shown from a database that is given up, and nothing taken: it would be lost with it.

`programmes restore` into another database says in the key folder which one counts from then on; a web process that was not
stopped would go on with the old one, and give places in it.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from programmes.core.which_database import GivenUp, OwnDatabase

# They need no database, or say how it stands.
_WITHOUT = ("/static/", "/health/", "/metrics")


def keep_to_the_right_database(app: ASGIApp) -> ASGIApp:
    """Middleware: raises GivenUp. Without a restore that nobody has confirmed it asks the database nothing."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not scope["path"].startswith(_WITHOUT):
            state = scope["litestar_app"].state
            own: OwnDatabase = state.own_database
            if await own.is_given_up(state.key_folder.folder):
                raise GivenUp
        await app(scope, receive, send)

    return middleware
