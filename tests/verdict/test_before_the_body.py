"""What is decided before a body counts: the stages, and a status that is not 2xx."""

from typing import Any

import pytest

from tests.verdict.answers import (
    BROKEN,
    CUT,
    HUGE,
    LATE,
    error,
    exchange,
    fault,
    status_reason,
    whole_reason,
)
from tm_exporter.exchange import FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.section import Surface
from tm_exporter.verdict import QUOTA_CODES, QUOTA_TEXTS, UNKNOWN_CODES


STAGES = [
    (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION),
    (Stage.DNS, FaultKind.FAILED, Reason.DNS),
    (Stage.DNS, FaultKind.TIMEOUT, Reason.DNS),
    (Stage.PROXY, FaultKind.REFUSED, Reason.PROXY),
    (Stage.PROXY, FaultKind.TIMEOUT, Reason.PROXY),
    (Stage.PROXY, FaultKind.FAILED, Reason.PROXY),
    (Stage.PROXY, FaultKind.CLOSED, Reason.PROXY),
    (Stage.CONNECT, FaultKind.REFUSED, Reason.CONNECT_REFUSED),
    (Stage.CONNECT, FaultKind.TIMEOUT, Reason.CONNECT_TIMEOUT),
    (Stage.CONNECT, FaultKind.FAILED, Reason.CONNECT_FAILED),
    (Stage.CONNECT, FaultKind.CLOSED, Reason.CONNECT_FAILED),
    (Stage.TLS, FaultKind.FAILED, Reason.TLS),
    (Stage.TLS, FaultKind.TIMEOUT, Reason.TLS),
    (Stage.TLS, FaultKind.CLOSED, Reason.TLS),
    (Stage.HEAD, FaultKind.TIMEOUT, Reason.TIMEOUT),
    (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST),
    (Stage.HEAD, FaultKind.FAILED, Reason.CONNECTION_LOST),
    (Stage.HEAD, FaultKind.PROTOCOL, Reason.PROTOCOL),
]


@pytest.mark.parametrize(
    ("stage", "kind", "reason"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in STAGES],
)
def test_the_stage_that_failed_decides(
    stage: Stage, kind: FaultKind, reason: Reason
) -> None:
    """An exchange without a status is judged by how far it came."""
    seen = exchange(status=None, media=None, ended=fault(stage, kind))

    assert whole_reason(seen) is reason


STATUSES = [
    pytest.param(300, Reason.REDIRECT, id="300"),
    pytest.param(302, Reason.REDIRECT, id="302"),
    pytest.param(304, Reason.REDIRECT, id="304"),
    pytest.param(399, Reason.REDIRECT, id="399"),
    pytest.param(400, Reason.BAD_REQUEST, id="400"),
    pytest.param(401, Reason.AUTH, id="401"),
    pytest.param(402, Reason.QUOTA, id="402"),
    pytest.param(403, Reason.AUTH, id="403"),
    pytest.param(404, Reason.ROUTING, id="404"),
    pytest.param(405, Reason.BAD_REQUEST, id="405"),
    pytest.param(407, Reason.BAD_REQUEST, id="407-of-the-service-itself"),
    pytest.param(408, Reason.SERVER_ERROR, id="408"),
    pytest.param(409, Reason.BAD_REQUEST, id="409"),
    pytest.param(413, Reason.BAD_REQUEST, id="413"),
    pytest.param(422, Reason.BAD_REQUEST, id="422"),
    pytest.param(424, Reason.BAD_REQUEST, id="424"),
    pytest.param(425, Reason.SERVER_ERROR, id="425"),
    pytest.param(426, Reason.BAD_REQUEST, id="426"),
    pytest.param(428, Reason.BAD_REQUEST, id="428"),
    pytest.param(429, Reason.THROTTLED, id="429"),
    pytest.param(430, Reason.BAD_REQUEST, id="430"),
    pytest.param(498, Reason.BAD_REQUEST, id="498"),
    pytest.param(499, Reason.SERVER_ERROR, id="499"),
    pytest.param(500, Reason.SERVER_ERROR, id="500"),
    pytest.param(501, Reason.SERVER_ERROR, id="501"),
    pytest.param(502, Reason.SERVER_ERROR, id="502"),
    pytest.param(503, Reason.OVERLOADED, id="503"),
    pytest.param(504, Reason.SERVER_ERROR, id="504"),
    pytest.param(528, Reason.SERVER_ERROR, id="528"),
    pytest.param(529, Reason.OVERLOADED, id="529"),
    pytest.param(530, Reason.SERVER_ERROR, id="530"),
    pytest.param(599, Reason.SERVER_ERROR, id="599"),
    pytest.param(600, Reason.PROTOCOL, id="600-which-http-does-not-have"),
]


@pytest.mark.parametrize(("status", "reason"), STATUSES)
def test_a_status_that_is_not_success_decides(status: int, reason: Reason) -> None:
    """Without a telling body each status has one reason."""
    assert status_reason(status) is reason


@pytest.mark.parametrize("ended", [CUT, LATE, BROKEN, HUGE], ids=lambda it: it.kind)
@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_the_status_decides_whatever_becomes_of_the_body(
    status: int, ended: Any
) -> None:
    """A body that is cut, late, broken or endless is no other reason."""
    assert status_reason(status, b'{"err', ended=ended) is status_reason(status)


BODIES = [
    (429, error(code="insufficient_quota"), None, Reason.QUOTA, "429-code"),
    (429, error(type="insufficient_quota"), None, Reason.QUOTA, "429-type"),
    (
        429,
        error(code="insufficient_quota"),
        "7",
        Reason.THROTTLED,
        "429-code-with-retry-after",
    ),
    (429, error(message="credit balance"), None, Reason.THROTTLED, "429-text-only"),
    (
        429,
        error(message="the model does not exist"),
        None,
        Reason.THROTTLED,
        "429-unknown-model",
    ),
    (400, error(code="payment_required"), None, Reason.QUOTA, "400-code"),
    (401, error(code="insufficient_balance"), None, Reason.QUOTA, "401-code"),
    (404, error(code="insufficient_credit"), None, Reason.QUOTA, "404-code"),
    (408, error(code="insufficient_quota"), None, Reason.QUOTA, "408-code"),
    (
        400,
        error(code="INSUFFICIENT_QUOTA"),
        None,
        Reason.QUOTA,
        "400-code-in-capitals",
    ),
    (400, b'{"code": "insufficient_quota"}', None, Reason.QUOTA, "400-flat-code"),
    (500, error(code="insufficient_quota"), None, Reason.SERVER_ERROR, "500-code"),
    (503, error(code="insufficient_quota"), None, Reason.OVERLOADED, "503-code"),
    (302, error(code="insufficient_quota"), None, Reason.REDIRECT, "302-code"),
    (400, error(message="Insufficient balance"), None, Reason.QUOTA, "400-text"),
    (403, error(message="Insufficient balance"), None, Reason.QUOTA, "403-text"),
    (401, error(message="Insufficient balance"), None, Reason.AUTH, "401-text"),
    (422, error(message="Payment required"), None, Reason.BAD_REQUEST, "422-text"),
    (403, b"Your credit balance is empty", None, Reason.QUOTA, "403-plain-text"),
    (403, b'{"error": "out of credit"}', None, Reason.QUOTA, "403-error-is-a-text"),
    (403, b'{"detail": "out of credit"}', None, Reason.QUOTA, "403-detail"),
    (
        429,
        b'{"detail": {"code": "insufficient_quota"}}',
        None,
        Reason.QUOTA,
        "429-code-in-a-detail",
    ),
    (
        400,
        b'{"detail": {"error": {"type": "insufficient_quota"}}}',
        None,
        Reason.QUOTA,
        "400-error-in-a-detail",
    ),
    (
        422,
        b'{"detail": [{"msg": "The model `x` does not exist", "type": "value_error"}]}',
        None,
        Reason.ROUTING,
        "422-unknown-model-in-a-list",
    ),
    (
        422,
        b'{"detail": [{"msg": "Field required", "type": "missing"}]}',
        None,
        Reason.BAD_REQUEST,
        "422-field-required",
    ),
    (
        429,
        b'[{"error": {"code": "insufficient_quota"}}]',
        None,
        Reason.QUOTA,
        "429-error-in-a-list",
    ),
    (403, b'"out of credit"', None, Reason.QUOTA, "403-a-json-text"),
    (403, b"\xff\xfe", None, Reason.AUTH, "403-not-a-text"),
    (403, b'{"error": null}', None, Reason.AUTH, "403-error-null"),
    (403, b'{"error": {"code": []}}', None, Reason.AUTH, "403-code-is-a-list"),
    (402, error(code="model_not_found"), None, Reason.QUOTA, "402-unknown-model"),
    (
        400,
        error(message="The model `x` does not exist."),
        None,
        Reason.ROUTING,
        "400-unknown-model-by-text",
    ),
    (400, error(code="model_not_found"), None, Reason.ROUTING, "400-unknown-model"),
    (422, error(type="unknown_user"), None, Reason.ROUTING, "422-unknown-user"),
    (400, error(message="Unknown model: x"), None, Reason.ROUTING, "400-unknown"),
    (400, error(message="no such user"), None, Reason.ROUTING, "400-no-such-user"),
    (
        400,
        error(message="max_tokens exceeds what the model allows"),
        None,
        Reason.BAD_REQUEST,
        "400-about-a-known-model",
    ),
    (
        400,
        error(message="the tool was not found"),
        None,
        Reason.BAD_REQUEST,
        "400-something-else-not-found",
    ),
    (401, error(message="unknown user"), None, Reason.AUTH, "401-unknown-user"),
    (403, error(code="model_not_found"), None, Reason.AUTH, "403-unknown-model"),
    (503, error(code="model_not_found"), None, Reason.OVERLOADED, "503-unknown-model"),
]


@pytest.mark.parametrize(
    ("status", "body", "retry_after", "reason"),
    [pytest.param(*row[:4], id=row[4]) for row in BODIES],
)
def test_the_body_tells_quota_and_routing_only(
    status: int, body: bytes, retry_after: str | None, reason: Reason
) -> None:
    """Rows of the contract that need the body, and their neighbours."""
    assert status_reason(status, body, retry_after=retry_after) is reason


@pytest.mark.parametrize("code", sorted(QUOTA_CODES))
@pytest.mark.parametrize("field", ["code", "type"])
def test_each_quota_code_says_quota(field: str, code: str) -> None:
    """The codes are a published list, and either field may have one."""
    assert status_reason(400, error(**{field: code})) is Reason.QUOTA


@pytest.mark.parametrize("text", QUOTA_TEXTS)
@pytest.mark.parametrize("status", [400, 403])
def test_each_quota_text_says_quota(status: int, text: str) -> None:
    """The texts are a published list, too."""
    body = error(message=f"Sorry: {text.upper()}!")

    assert status_reason(status, body) is Reason.QUOTA


@pytest.mark.parametrize("code", sorted(UNKNOWN_CODES))
def test_each_code_of_the_unknown_says_routing(code: str) -> None:
    """A service that names the trouble need not use 404."""
    assert status_reason(400, error(code=code)) is Reason.ROUTING


@pytest.mark.parametrize(
    ("surface", "reason"),
    [
        ("serverless", Reason.ROUTING),
        ("on_demand", Reason.ROUTING),
        ("control_plane", Reason.BAD_REQUEST),
    ],
)
def test_404_means_routing_on_inference_surfaces_only(
    surface: Surface, reason: Reason
) -> None:
    """The Control Plane routes nothing to models: a 404 is a wrong request."""
    assert status_reason(404, surface=surface) is reason


def test_control_plane_404_that_names_the_user_is_routing() -> None:
    """A 4xx that says the user is unknown is routing on every surface."""
    body = error(message="User not found")

    assert status_reason(404, body, "control_plane") is Reason.ROUTING
