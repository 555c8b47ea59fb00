"""What a mail server's answer says about the address that it was asked about. No I/O."""

import re

# The answers that RFC 5321 (4.2.2, 4.2.3) has for a mailbox that is not there; 552 is one that is full, 554 of no mailbox.
_NO_MAILBOX = frozenset({550, 551, 553})
# A reason that the server gives itself goes before (RFC 3463): of the address of who is to receive it (3.2; 7, 8 and 9 are
# of the sender's), and of a mailbox that is closed (3.3). All others, as 5.7.1 (who may send here at all), are of none.
_GIVEN = re.compile(r"\s*5\.(\d{1,3})\.(\d{1,3})\b")
_OF_ADDRESS = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10), (2, 0), (2, 1)})


def is_of_address(code: int, said: str) -> bool:
    """Whether a refusal of the recipient is one of that address, for good. What may be of the whole server, of whoever
    sends or of its rules says nothing of it: else everybody's address would be held to be wrong because ours was."""
    if code not in _NO_MAILBOX:
        return False
    given = _GIVEN.match(said)
    return given is None or (int(given[1]), int(given[2])) in _OF_ADDRESS
