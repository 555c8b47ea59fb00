"""A real OpenID Connect provider on this machine (oidc-provider-mock), and one whose answers are altered on the way."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from programmes.settings import SingleSignOn
from tests.conftest import GROUPS

Claims = dict[str, Any]


@contextmanager
def running() -> Iterator[str]:
    """The provider, on 127.0.0.1; its address."""
    with pytest.MonkeyPatch.context() as patch:
        # It has no TLS on this machine, and says so unless told that this is meant.
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        server = make_server("127.0.0.1", 0, oidc_provider_mock.app(require_nonce=True), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def about(issuer: str) -> SingleSignOn:
    return SingleSignOn(issuer, "stod", "hemlig:ö", "kommunens konto", "groups", GROUPS)


async def employ(issuer: str, subject: str, name: str, *groups: str) -> None:
    """Somebody whom the provider knows, in these groups."""
    claims = {"name": name, "preferred_username": name.partition(" ")[0], "groups": list(groups)}
    async with httpx.AsyncClient(transport=Plain()) as client:
        assert (await client.put(f"{issuer}/users/{subject}", json=claims)).status_code == 204


def asked(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def say_yes(address: str, subject: str, action: str = "") -> str:
    """What a person does at the provider: say who they are, or (`action="deny"`) no. Where it leads them."""
    async with httpx.AsyncClient(transport=Plain()) as client:
        form = {"action": action} if action else {"sub": subject}
        answer = await client.post(address, data=form)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


async def through(client: httpx.AsyncClient, subject: str, start: str = "/logga-in/konto") -> httpx.Response:
    """From the link on the sign-in page to the provider and back."""
    there = await client.get(start)
    assert there.status_code == 303, there.text
    back = await say_yes(there.headers["location"], subject)
    return await client.get(back)


class Plain(httpx.AsyncHTTPTransport):
    """Without TLS, which the tests' provider has not: to read the certificates takes longer than all of its answers."""

    def __init__(self) -> None:
        super().__init__(verify=False)


class Listening(Plain):
    """Passes everything on, and remembers what was sent to the token endpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, dict[str, str]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            self.sent.append((request.headers.get("authorization", ""), form))
        return await super().handle_async_request(request)


@cache
def a_key() -> RSAKey:
    """Made once, as it takes a while."""
    return RSAKey.generate_key(2048, {"kid": "a"})


class Lying(Plain):
    """The same provider with other keys, and with what `lie` makes of the claims of its ID tokens and of other answers."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.published = a_key(), {"keys": [{}]}
        self.publish(self.key)
        self.lie: Callable[[Claims], Claims] = dict
        self.token: Callable[[Claims], Any] | None = None
        self.others: dict[str, Callable[[Claims], Any]] = {}
        self.looked = 0

    def publish(self, key: RSAKey) -> None:
        self.published = {"keys": [key.as_dict(private=False)]}

    def signed(self, claims: Claims, key: RSAKey | None = None) -> str:
        # Not by joserfc's own way with claims, which has no room for half a sign of UTF-16: a liar has.
        signer = key or self.key
        return jws.serialize_compact({"alg": "RS256", "kid": str(signer.kid)}, json.dumps(claims), signer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        found = json.loads(await answer.aread()) if answer.status_code == 200 else {}
        path = request.url.path
        if path.endswith("/jwks"):
            self.looked += 1
            found = self.published
        if path.endswith("/token"):
            claims = json.loads(jws.extract_compact(found["id_token"].encode()).payload)
            told = self.lie(claims)
            found["id_token"] = self.token(told) if self.token else self.signed(told)
        for end, change in self.others.items():
            if path.endswith(end):
                changed = change(found)
                if isinstance(changed, httpx.Response):
                    return changed
                found = changed
        return httpx.Response(answer.status_code, json=found)
