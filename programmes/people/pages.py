"""What the pages of sign-in and of one's own account show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.core.clock import local_date
from programmes.core.i18n import clock, day_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.qr import QUIET, symbol


@dataclass(frozen=True)
class SignInPage:
    """The ways in: by single sign-on (`provider` is what it is called, or empty), by name and password (`local`), or both.

    `problem` is what went wrong on the way back from the provider, as title and text. `shared`: somebody has said that
    this device is, so the provider asks everybody to sign in anew.
    """

    form: object
    back: str
    out: str
    provider: str
    local: bool
    problem: tuple[str, str] = ("", "")
    shared: bool = False


@dataclass(frozen=True)
class SignedOutPage:
    """Signed out here; `address` is where to sign out at the provider too, or empty when it can't be reached."""

    provider: str
    address: str


@dataclass(frozen=True)
class NoRolePage:
    """The provider knows somebody who has no role here."""

    name: str
    provider: str
    ended: bool = False


@dataclass(frozen=True)
class CodePage:
    """Where the code of the app, or a recovery code, is typed. `name`: whose password was right."""

    form: object
    back: str
    name: str


@dataclass(frozen=True)
class Key:
    """A secret for a code app, as a QR symbol and as it is typed."""

    path: str
    view_box: str
    quiet_from: int
    quiet_size: int
    typed: str
    sealed: str


@dataclass(frozen=True)
class KeyPage:
    """Setting up a code app: required before the first session, or by choice."""

    form: object
    key: Key
    back: str
    instead: bool = False
    name: str = ""


@dataclass(frozen=True)
class CodesPage:
    """Recovery codes, shown this once."""

    codes: tuple[str, ...]
    back: str


@dataclass(frozen=True)
class SessionRow:
    """A browser in which somebody is signed in."""

    mark: str
    device: str
    begun: str
    seen: str
    shared: bool
    mine: bool


@dataclass(frozen=True)
class AccountPage:
    """Somebody's own account."""

    username: str
    provider: str
    sessions: tuple[SessionRow, ...]
    factor_since: str
    factor_required: bool
    codes: int
    done: str = ""

    @property
    def others(self) -> bool:
        return len(self.sessions) > 1


@dataclass(frozen=True)
class PasswordPage:
    """Changing one's own password. `weak` are all reasons why the new one was not taken."""

    form: object
    username: str
    shortest: int
    weak: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfirmPage:
    """Showing that it is still oneself: `by` password, code, or at the provider, whose page is asked for with `query`."""

    form: object
    back: str
    above: str
    by: str
    provider: str
    query: str


@dataclass(frozen=True)
class NotConfirmedPage:
    """The provider could not say that it is them; `query` leads to asking once more."""

    title: str
    text: str
    query: str


@dataclass(frozen=True)
class ConfirmedPage:
    """It is oneself: the file, and the page it is taken from."""

    file: str
    above: str


def key(secret: str, address: str, sealed: str) -> Key:
    """A secret as its page shows it."""
    drawn = symbol(address)
    size = drawn.size + 2 * QUIET
    typed = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return Key(drawn.path, f"{-QUIET} {-QUIET} {size} {size}", -QUIET, size, typed, sealed)


_BROWSERS = {
    "edge": "Edge",
    "opera": "Opera",
    "samsung": "Samsung Internet",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
}
_SYSTEMS = {
    "iphone": "iPhone",
    "ipad": "iPad",
    "android": "Android",
    "chromebook": "Chromebook",
    "windows": "Windows",
    "mac": "Mac",
    "linux": "Linux",
}


def device(word: str) -> str:
    """`Firefox på Windows`, as far as it is known."""
    browser, _sep, system = word.partition("/")
    known = _BROWSERS.get(browser, ""), _SYSTEMS.get(system, "")
    if all(known):
        return _("%(browser)s på %(system)s", browser=known[0], system=known[1])
    return known[0] or known[1] or _("Okänd webbläsare")


def moment(at: datetime, now: datetime) -> str:
    """`idag 10.00`, or the day in words."""
    day = local_date(at)
    return f"{_('idag') if day == local_date(now) else day_long(day)} {clock(at)}"


def session_row(
    mark: str, word: str, shared: bool, created_at: datetime, seen_at: datetime, mine: bool, now: datetime
) -> SessionRow:
    """A session as its owner sees it."""
    seen = _("nu") if mine else moment(seen_at, now)
    return SessionRow(mark, device(word), moment(created_at, now), seen, shared, mine)


def refused(wait_seconds: int) -> str:
    """Too many tries, and how long to wait."""
    if wait_seconds > 90:
        return ngettext(
            "För många försök. Vänta %(n)s minut och försök igen.",
            "För många försök. Vänta %(n)s minuter och försök igen.",
            -(-wait_seconds // 60),
        )
    return ngettext(
        "För många försök. Vänta %(n)s sekund och försök igen.",
        "För många försök. Vänta %(n)s sekunder och försök igen.",
        wait_seconds,
    )


def weak(reasons: Sequence[str], shortest: int, longest: int) -> tuple[str, ...]:
    """Why a password was not taken, in words: every reason."""
    texts = {
        "short": _("Lösenordet är för kort. Det ska ha minst %(least)s tecken.", least=shortest),
        "long": _("Lösenordet är för långt. Det får ha högst %(most)s tecken.", most=longest),
        "own": _("Det innehåller ditt namn eller kommunens."),
        "common": _("Det innehåller vanliga ord som är lätta att gissa."),
        "repeat": _("Det upprepar samma tecken eller ord."),
        "sequence": _("Det innehåller tecken i följd, som abc eller 123."),
        "keyboard": _("Det innehåller tangenter som ligger bredvid varandra."),
        "date": _("Det innehåller ett datum eller ett årtal."),
        "guessable": _("Det är för lätt att gissa."),
    }
    return tuple(texts[reason] for reason in reasons)


def provider_words(name: str) -> str:
    """What the provider is called in a sentence; where the office has not named it, in the reader's language."""
    return _("kommunens konto") if name == "kommunens konto" else name


def problem(reason: str, again: bool = False) -> tuple[str, str]:
    """What went wrong with single sign-on, as title and text. Nobody is signed in; or (`again`) somebody stays so."""
    reasons = {
        "state": _("Inloggningen påbörjades i en annan flik eller webbläsare."),
        "late": _("Inloggningen tog för lång tid, eller påbörjades i en annan flik."),
        "nonce": _("Svaret hörde till en annan inloggning."),
        "issuer": _("Svaret kom från fel avsändare."),
        "iss": _("Svaret kom från fel avsändare."),
        "aud": _("Svaret var till någon annan tjänst."),
        "azp": _("Svaret var till någon annan tjänst."),
        "exp": _("Svaret hade gått ut."),
        "iat": _("Svaret hade fel tid."),
        "signature": _("Svarets underskrift stämde inte."),
        "auth_time": _("Svaret visade inte att du nyss har loggat in."),
        "somebody_else": _("Det var ett annat konto som loggade in."),
        "subject": _("Svaret handlade om två olika konton."),
        "groups": _("Det gick inte att förstå vilka grupper du är med i."),
    }
    special = {
        "away": (
            _("Inloggningen svarar inte"),
            _("Det går inte att nå kommunens inloggning just nu. Inget är ändrat. Försök igen om en stund."),
        ),
        "refused": (
            _("Inloggningen avbröts"),
            _("Försök igen, eller prata med den som sköter kommunens inloggning."),
        ),
        "unknown_role": (
            _("Din roll är inte inlagd än"),
            _(
                "Kommunens inloggning ger dig en roll som tjänsten inte har fått besked om. Den som sköter tjänsten behöver"
                " köra programmes migrate med inställningen PROGRAMMES_OIDC_ROLES."
            ),
        ),
    }
    if reason in special:
        return special[reason]
    why = reasons.get(reason, _("Svaret gick inte att förstå."))
    after = _("Försök igen. Händer det en gång till, säg till den som sköter tjänsten.")
    return _("Vi kunde inte se att det är du") if again else _("Du är inte inloggad"), f"{why} {after}"
