"""The OpenID Connect provider: asking it who somebody is, and believing it only what it has signed for us.

OpenID Connect Core 1.0 (authorization code flow), Discovery 1.0, RP-Initiated Logout 1.0; PKCE by RFC 7636.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from programmes.core.codes import new_token
from programmes.people.single_sign_on_rules import Told, groups_of, plain
from programmes.settings import SingleSignOn

# Signatures of a key pair only: `none` is no signature, and an HMAC would be made with what we know too.
_ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA", "Ed25519"]
_LEEWAY_SECONDS = 60
# For each step of a question to the provider, and for the whole of it; and the most that one answers.
_PATIENCE = httpx.Timeout(5.0)
_WHOLE_SECONDS = 8.0
_MOST_BYTES = 1_000_000
_KEPT = timedelta(hours=1)
# How long ago somebody may have signed in there when they were asked to do it again.
_AGAIN_SECONDS = 300
# A time after the year 9999 is none; nor is NaN, or a number that no float holds.
_LAST_SECOND = 253_402_300_800


class ProviderProblem(Exception):
    """Nobody is signed in. `reason` is a word for the page and the log; it repeats nothing that was sent."""

    reason = ""


class ProviderAway(ProviderProblem):
    """The provider does not answer, or says that it cannot now. Later it may work."""

    reason = "away"


class ProviderRefused(ProviderProblem):
    """The provider said no: the person gave up there, or may not use this service."""

    reason = "refused"


class ProviderLied(ProviderProblem):
    """What came back cannot be believed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Flow:
    """One way to the provider and back. The browser carries it, sealed; `state` ties the answer to that browser, `nonce`
    the token to this way, `verifier` the code to us (PKCE)."""

    state: str
    nonce: str
    verifier: str

    @staticmethod
    def fresh() -> "Flow":
        return Flow(new_token(), new_token(), new_token() + new_token())


class Provider:
    """The provider of the settings. What it publishes is kept for an hour in the memory of this process."""

    def __init__(self, about: SingleSignOn, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.about = about
        self._back = f"{base_url}/logga-in/svar"
        self._out = f"{base_url}/logga-in"
        self._transport = transport
        self._published: tuple[datetime, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    async def way_there(self, flow: Flow, now: datetime, again: bool) -> str:
        """Where to send the browser. `again`: they must sign in there once more, also if they, or whoever had a shared
        device before them, are signed in.

        Raises:
            ProviderAway, ProviderLied
        """
        more = {"prompt": "login", "max_age": "0"} if again else {}
        address = prepare_grant_uri(
            (await self._metadata(now))["authorization_endpoint"],
            self.about.client_id,
            "code",
            redirect_uri=self._back,
            scope="openid profile",
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
            **more,
        )
        return str(address)

    async def way_out(self, id_token: str, now: datetime) -> str:
        """Where to sign out there too, and come back from; empty if the provider has no such place. Without the ID token,
        which goes with the session, the provider asks whom to sign out.

        Raises:
            ProviderAway, ProviderLied
        """
        end = (await self._metadata(now)).get("end_session_endpoint")
        if not end:
            return ""
        asked = {"client_id": self.about.client_id, "post_logout_redirect_uri": self._out}
        if id_token:
            asked["id_token_hint"] = id_token
        return f"{end}{'&' if '?' in end else '?'}{urlencode(asked)}"

    async def answer(self, flow: Flow, said: dict[str, str], now: datetime, again: bool) -> Told:
        """Who came back, by the parameters of the address they came back to.

        Raises:
            ProviderAway, ProviderRefused, ProviderLied
        """
        if "error" in said:
            # Some leave the state out then. Nobody is signed in by this, whoever sent it.
            raise ProviderAway if said["error"] in {"server_error", "temporarily_unavailable"} else ProviderRefused
        if said.get("state") != flow.state:
            raise ProviderLied("state")
        # RFC 9207: a provider that names itself in the answer must be the one that was asked.
        if said.get("iss", self.about.issuer) != self.about.issuer:
            raise ProviderLied("issuer")
        if not said.get("code"):
            raise ProviderLied("code")
        tokens = await self._tokens(said["code"], flow, now)
        claims = await self._checked(tokens, flow, now)
        auth_time = claims.get("auth_time", 0)
        if again and not -_LEEWAY_SECONDS <= now.timestamp() - auth_time <= _AGAIN_SECONDS:
            raise ProviderLied("auth_time")
        more = await self._more(tokens, claims, now)
        groups = groups_of(more.get(self.about.groups_claim))
        if groups is None:
            raise ProviderLied("groups")
        username = plain(more.get("preferred_username")) or plain(more.get("email")) or plain(claims["sub"]) or "person"
        return Told(
            self.about.issuer,
            claims["sub"],
            plain(username.lower()),
            plain(more.get("name")) or username,
            groups,
            tokens["id_token"],
            auth_time,
        )

    async def _tokens(self, code: str, flow: Flow, now: datetime) -> dict[str, Any]:
        found = await self._metadata(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": flow.verifier,
            "client_id": self.about.client_id,
        }
        auth = None
        if secret := self.about.client_secret:
            ways = found.get("token_endpoint_auth_methods_supported")
            if not isinstance(ways, list) or "client_secret_basic" in ways:
                # RFC 6749, 2.3.1: both are encoded first, so that a colon in them divides nothing.
                auth = httpx.BasicAuth(quote(self.about.client_id, safe=""), quote(secret, safe=""))
            else:
                form["client_secret"] = secret
        tokens = await self._ask("POST", found["token_endpoint"], data=form, auth=auth)
        if not isinstance(tokens.get("id_token"), str):
            raise ProviderLied("token")
        return tokens

    async def _checked(self, tokens: dict[str, Any], flow: Flow, now: datetime) -> dict[str, Any]:
        """The claims of the ID token, its signature, issuer, audience, times and nonce checked (Core 1.0, 3.1.3.7)."""
        decoded = await self._decoded(tokens["id_token"], now)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self.about.issuer},
                "aud": {"essential": True, "value": self.about.client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
                "nonce": {"essential": True, "value": flow.nonce},
            },
            params={"nonce": flow.nonce, "client_id": self.about.client_id, "access_token": tokens.get("access_token")},
        )
        try:
            claims.validate(int(now.timestamp()), _LEEWAY_SECONDS)
        except ExpiredTokenError:
            raise ProviderLied("exp") from None
        except ClaimError as error:
            raise ProviderLied(error.claim if error.claim in {"iss", "aud", "nonce", "iat", "azp"} else "token") from None
        except (JoseError, TypeError, ValueError):
            raise ProviderLied("token") from None
        subject, when = claims["sub"], claims.get("auth_time", 0)
        # A database keeps no NUL in a text, and nobody's number at a provider has signs that can't be seen.
        fine = bool(plain(subject)) and len(subject) <= 255 and subject.isprintable()
        if not fine or isinstance(when, bool) or not isinstance(when, int | float) or not 0 <= when < _LAST_SECOND:
            raise ProviderLied("token")
        return dict(claims)

    async def _decoded(self, id_token: str, now: datetime) -> jwt.Token:
        """The token, if one of the provider's keys has signed it. Keys that have been changed since are fetched once."""
        for fresh in (False, True):
            try:
                return jwt.decode(id_token, await self._key_set(now, fresh), algorithms=_ALGORITHMS)
            except (JoseError, KeyError, TypeError, ValueError, RecursionError):
                continue
        raise ProviderLied("signature")

    async def _more(self, tokens: dict[str, Any], claims: dict[str, Any], now: datetime) -> dict[str, Any]:
        """The claims, with those of the user-info endpoint where the token itself names no groups."""
        address = (await self._metadata(now)).get("userinfo_endpoint")
        access = tokens.get("access_token")
        if self.about.groups_claim in claims or not address or access is None:
            return claims
        # RFC 6750, 2.1: it is sent in a header, which holds nothing else.
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            raise ProviderLied("token")
        more = await self._ask("GET", address, headers={"authorization": f"Bearer {access}"})
        if more.get("sub") != claims["sub"]:
            raise ProviderLied("subject")
        return {**more, **claims}

    async def _metadata(self, now: datetime) -> dict[str, Any]:
        if self._published and timedelta(0) <= now - self._published[0] < _KEPT:
            return self._published[1]
        found = await self._ask("GET", f"{self.about.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.about.issuer:
            raise ProviderLied("issuer")
        needed = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        others = [found[name] for name in ("userinfo_endpoint", "end_session_endpoint") if found.get(name)]
        if not all(self._reachable(address) for address in (*needed, *others)):
            raise ProviderLied("metadata")
        self._published, self._keys = (now, found), None
        return found

    def _reachable(self, address: object) -> bool:
        """Whether an address that the provider publishes may be used: as safe as the provider's own."""
        # Line breaks would be sent on as headers, and half a sign of UTF-16 can't be sent at all.
        if not isinstance(address, str) or not address.isascii() or not address.isprintable():
            return False
        try:
            scheme = urlsplit(address).scheme
        except ValueError:
            return False
        return scheme == "https" or (scheme == "http" and self.about.issuer.startswith("http://"))

    async def _key_set(self, now: datetime, fresh: bool) -> KeySet:
        if self._keys is None or fresh:
            found = await self._ask("GET", (await self._metadata(now))["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, KeyError, TypeError, ValueError):
                raise ProviderLied("keys") from None
        return self._keys

    async def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        """A JSON object from the provider. Nothing is followed elsewhere, and nothing is waited for longer than seconds."""
        try:
            client = httpx.AsyncClient(transport=self._transport, timeout=_PATIENCE)
            async with asyncio.timeout(_WHOLE_SECONDS), client:
                status, body = await _answer_of(client, method, address, **more)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderAway from error
        if status >= 500:
            raise ProviderAway
        if status != 200:
            raise ProviderLied("answer")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise ProviderLied("answer") from None
        if not isinstance(found, dict):
            raise ProviderLied("answer")
        return found


async def _answer_of(client: httpx.AsyncClient, method: str, address: str, **more: Any) -> tuple[int, bytes]:
    """Status and body. Raises ProviderLied for a body that no provider sends."""
    body = b""
    async with client.stream(method, address, **more) as got:
        async for part in got.aiter_bytes():
            body += part
            if len(body) > _MOST_BYTES:
                raise ProviderLied("answer")
    return got.status_code, body
