"""How long a session lives, and what is told of the browser that has it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
SHARED_IDLE = timedelta(minutes=10)
LONGEST = timedelta(hours=12)
# By how much the clock may be set back without signing anybody out.
AHEAD = timedelta(hours=1)
# How long somebody may take between the password and the code, or for setting up the app.
HALF = timedelta(minutes=15)

# The first mark that stands in what a browser says of itself decides: several pretend to be others.
_BROWSERS = (
    ("edg", "edge"),
    ("opr/", "opera"),
    ("samsungbrowser", "samsung"),
    ("firefox", "firefox"),
    ("fxios", "firefox"),
    ("crios", "chrome"),
    ("chrom", "chrome"),
    ("safari", "safari"),
)
_SYSTEMS = (
    ("iphone", "iphone"),
    ("ipad", "ipad"),
    ("android", "android"),
    ("cros", "chromebook"),
    ("windows", "windows"),
    ("mac os", "mac"),
    ("linux", "linux"),
)


@dataclass(frozen=True)
class Browser:
    """The browser that somebody signs in with. Nothing of what it says of itself, and no address, is kept.

    `earlier` is the token of the session it has, `device` the signed cookie of an earlier sign-in, `lane` one of sixteen
    by where the request comes from (`attempt_rules`). A `shared` one is somebody else's in a moment.
    """

    earlier: str = ""
    device: str = ""
    word: str = "other/other"
    lane: int = 0
    shared: bool = False


def session_alive(created_at: datetime, seen_at: datetime, now: datetime, shared: bool = False) -> bool:
    """Half an hour without a request ends a session, ten minutes on a shared device, and twelve hours end it anyway.

    One from the future was begun while a clock was wrong, and would not end until then: it has ended.
    """
    if created_at > now + AHEAD or seen_at > now + AHEAD:
        return False
    return now - seen_at < (SHARED_IDLE if shared else IDLE) and now - created_at < LONGEST


def device_word(user_agent: str) -> str:
    """Browser and system out of two short lists, such as `firefox/windows`; all else is `other`."""
    said = user_agent[:500].lower()
    browser = next((word for mark, word in _BROWSERS if mark in said), "other")
    system = next((word for mark, word in _SYSTEMS if mark in said), "other")
    return f"{browser}/{system}"
