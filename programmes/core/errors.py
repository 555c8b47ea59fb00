"""Why a request cannot go on. These know nothing of HTTP; `web.errors` gives them pages.

A *refusal* (conditions not met, a start below its minimum) is no exception: it is a value that lists every reason.
"""


class CannotGoOn(Exception):
    """The common parent: nothing has been written when one of these leaves a service."""


class NotFound(CannotGoOn):
    """There is no such thing, or the asker must not learn that there is."""


class Forbidden(CannotGoOn):
    """The asker is known and may not do this."""


class Conflict(CannotGoOn):
    """Somebody else got there first, or the state has moved on. `code` names the message to show."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
