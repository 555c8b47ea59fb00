"""Whatever a provider answers, it is believed or refused in a word: never an error of ours, and nothing of it in a log."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws

from programmes.people.provider_services import Flow, Provider, ProviderProblem
from programmes.people.single_sign_on_rules import Told
from tests.people.oidc import a_key, about

NOW = datetime(2026, 8, 3, 10, 0, tzinfo=UTC)
ISSUER = "http://provider.example"
FLOW = Flow("stat", "nonce", "verifier")
DEEP = "[" * 500 + "]" * 500
DEEPER = "[" * 400_000
# Half a sign of UTF-16, which no text of ours can hold, a NUL, and what a header cannot carry.
STRANGE: list[Any] = [
    None, True, 7, -1, 1e400, 10**400, "", "\ud800", "a\0b", "a\r\nb: c", "ö", [], {}, [[]], [{}], [None], {"a": [1]},
    ["\ud800"], "x" * 100_000, [str(n) for n in range(20_000)], json.loads(DEEP), [["stod-ledare"]], {"stod-ledare": True},
]  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["\ud800", "RSA", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def a_claim(name: str, value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, name: value}


class Answers:
    """A provider that answers each question with what `changed` makes of the right answer: an object, or the text itself."""

    def __init__(self, **changed: Callable[[dict[str, Any]], object]) -> None:
        self.changed = changed

    def __call__(self, request: httpx.Request) -> httpx.Response:
        end = request.url.path.rpartition("/")[2].replace("-", "_")
        found = self._right(end)
        if change := self.changed.get(end):
            found = change(found)
        return httpx.Response(200, text=found if isinstance(found, str) else json.dumps(found))

    def _right(self, end: str) -> Any:
        if end == "openid_configuration":
            places = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
            return {"issuer": ISSUER, **{place: f"{ISSUER}/{place.partition('_')[0]}" for place in places}}
        if end == "jwks":
            return {"keys": [a_key().as_dict(private=False)]}
        if end == "userinfo":
            return {"sub": "u-1", "groups": ["stod-ledare"]}
        return {"access_token": "a", "id_token": self._id_token()}

    def _id_token(self) -> str:
        now = int(NOW.timestamp())
        claims: Any = {
            "iss": ISSUER,
            "aud": "stod",
            "sub": "u-1",
            "exp": now + 60,
            "iat": now,
            "nonce": "nonce",
            "name": "Kim",
        }
        if change := self.changed.get("claims"):
            claims = change(claims)
        body = claims if isinstance(claims, str) else json.dumps(claims)
        return jws.serialize_compact({"alg": "RS256", "kid": "a"}, body.encode("utf-8", "surrogatepass"), a_key())


def asked(**changed: Callable[[dict[str, Any]], object]) -> Told | ProviderProblem:
    """What comes of one sign-in. Whatever else is raised is an error of ours."""

    async def ask() -> Told | ProviderProblem:
        provider = Provider(about(ISSUER), "http://127.0.0.1", httpx.MockTransport(Answers(**changed)))
        try:
            return await provider.answer(FLOW, {"state": "stat", "code": "c"}, NOW, again=False)
        except ProviderProblem as problem:
            return problem

    return asyncio.run(ask())


def test_an_honest_answer_is_believed() -> None:
    told = asked()
    assert isinstance(told, Told)
    assert (told.subject, told.name, told.groups) == ("u-1", "Kim", frozenset({"stod-ledare"}))


PLACES = [
    *(
        ("claims", name)
        for name in ("sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "auth_time", "at_hash", "acr", "amr")
    ),
    *(("claims", name) for name in ("name", "preferred_username", "email", "groups", "iss", "jti")),
    *(("token", name) for name in ("access_token", "id_token", "expires_in")),
    *(("userinfo", name) for name in ("sub", "groups", "name")),
    *(("openid_configuration", name) for name in ("issuer", "jwks_uri", "userinfo_endpoint", "token_endpoint")),
    ("openid_configuration", "token_endpoint_auth_methods_supported"),
    ("openid_configuration", "end_session_endpoint"),
    ("jwks", "keys"),
]


@pytest.mark.parametrize(("end", "name"), PLACES)
def test_a_strange_value_is_understood_or_refused(end: str, name: str) -> None:
    for value in STRANGE:
        found = asked(**{end: a_claim(name, value)})
        if isinstance(found, Told):
            shown = f"{found.subject}{found.username}{found.name}"
            assert shown.isprintable(), (value, shown)
            assert shown.encode()


@pytest.mark.parametrize("name", ["kty", "kid", "alg", "use", "key_ops", "n", "e", "x5c", "x5t", "crv"])
def test_a_strange_key_is_passed_over_or_refused(name: str) -> None:
    for value in STRANGE:
        asked(jwks=lambda found, value=value: {"keys": [{**found["keys"][0], name: value}]})  # type: ignore[misc]
        asked(jwks=lambda found, value=value: {"keys": [value, *found["keys"]]})  # type: ignore[misc]


@pytest.mark.parametrize("end", ["openid_configuration", "jwks", "token", "userinfo", "claims"])
@pytest.mark.parametrize("text", [DEEPER, DEEP, "{" * 9, '{"keys":' * 300_000, "9" * 5000, "\x00", "NaN", '"\\ud800"', ""])
def test_a_text_that_is_no_answer_is_refused(end: str, text: str) -> None:
    problem = asked(**{end: lambda _: text})
    assert isinstance(problem, ProviderProblem)
    assert problem.reason in {"answer", "signature", "token", "keys"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PLACES), JSON)
@example(("claims", "groups"), {"a": 1})
def test_any_value_is_understood_or_refused(place: tuple[str, str], value: object) -> None:
    end, name = place
    asked(**{end: a_claim(name, value)})


@pytest.mark.parametrize(
    "value", [7, True, {"stod-ledare": True}, [["stod-ledare"]], [{"name": "stod-ledare"}], ["a", None]]
)
@pytest.mark.parametrize("end", ["claims", "userinfo"])
def test_groups_that_are_no_names_are_refused_and_not_taken_for_none(end: str, value: object) -> None:
    problem = asked(**{end: a_claim("groups", value)})
    assert isinstance(problem, ProviderProblem)
    assert problem.reason == "groups"


def test_many_groups_are_looked_through_and_none_or_one_are_fine() -> None:
    for value, meant in (
        (["stod-ledare", *map(str, range(20_000))], True),
        ("stod-ledare", True),
        ([], False),
        (None, False),
    ):
        told = asked(userinfo=a_claim("groups", value))
        assert isinstance(told, Told)
        assert ("stod-ledare" in told.groups) == meant
