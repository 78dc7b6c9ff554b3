"""What a token says of itself."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tm_exporter.credentials import expiry


def jwt(claims: Any) -> str:
    """Return what looks like a JWT; nothing has signed it."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return f"e30.{body.decode()}.signature"


@pytest.mark.parametrize(
    ("token", "moment"),
    [
        pytest.param(jwt({"exp": 1234}), 1234.0, id="jwt"),
        pytest.param(jwt({"exp": 1234.5}), 1234.5, id="fraction"),
        pytest.param(jwt({"exp": "1234"}), 1234.0, id="number-as-text"),
        pytest.param(jwt({"exp": "soon"}), None, id="text"),
        pytest.param(jwt({"exp": None}), None, id="null"),
        pytest.param(jwt({"exp": True}), None, id="true"),
        pytest.param(jwt({"exp": 0}), None, id="zero"),
        pytest.param(jwt({"exp": -5}), None, id="negative"),
        pytest.param(jwt({"exp": float("nan")}), None, id="nan"),
        pytest.param(jwt({"exp": float("inf")}), None, id="infinity"),
        pytest.param(jwt({"exp": 10**400}), None, id="huge"),
        pytest.param(jwt({"exp": 1e20}), None, id="beyond-all-calendars"),
        pytest.param(jwt({}), None, id="without-expiry"),
        pytest.param(jwt([1]), None, id="list"),
        pytest.param("opaque", None, id="opaque"),
        pytest.param("a.b.c", None, id="dots"),
        pytest.param("..", None, id="empty-parts"),
    ],
)
def test_only_a_jwt_says_when_it_expires(token: str, moment: float | None) -> None:
    """Everything else is used until it is refused."""
    assert expiry(SecretStr(token)) == moment


@given(st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_any_text_can_be_a_token(token: str) -> None:
    """It is opaque to us, so nothing in it is wrong."""
    moment = expiry(SecretStr(token))

    assert moment is None or moment > 0


@given(st.recursive(st.none() | st.floats() | st.text(), st.lists))
def test_any_claim_can_be_in_a_token(claim: Any) -> None:
    """Nobody promised that it has the form of the standard."""
    moment = expiry(SecretStr(jwt({"exp": claim})))

    assert moment is None or moment > 0
