"""When API keys end, by their id."""

from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, pulled
from tm_exporter.catalog import API_KEY_EXPIRY_TIMESTAMP_SECONDS
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.api_keys import ApiKeysPull, ApiKeysSection
from tm_exporter.simulator.server import Simulator


END = "2026-12-24T18:00:00Z"
SECONDS = 1_798_135_200.0


async def api_keys(*rows: Any) -> Outcome:
    """Read the keys."""
    return await pulled(ApiKeysPull, ApiKeysSection(), {"apiKeys": list(rows)})


def ends(outcome: Outcome) -> dict[tuple[str, ...], float]:
    """Return the ends by id."""
    return values(outcome, API_KEY_EXPIRY_TIMESTAMP_SECONDS)


async def test_keys_of_the_simulated_account(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """One of the two that are not deleted has an end, in twenty days."""
    outcome = await ApiKeysPull(ApiKeysSection(), KEY, client).run()

    left = ends(outcome)["key-2",] - service.world.now()
    assert set(ends(outcome)) == {("key-2",)}
    assert left == pytest.approx(20 * 86_400, abs=60)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param({"expiresAt": END}, {("k",): SECONDS}, id="ends"),
        pytest.param({"expiresAt": SECONDS}, {("k",): SECONDS}, id="number"),
        pytest.param({"expiresAt": None}, {}, id="null"),
        pytest.param({}, {}, id="left-out"),
        pytest.param({"expiresAt": "0001-01-01T00:00:00Z"}, {}, id="year-one"),
        pytest.param({"expiresAt": "1970-01-01T00:00:00Z"}, {}, id="epoch"),
        pytest.param({"expiresAt": END, "deletedAt": END}, {}, id="deleted"),
        pytest.param(
            {"expiresAt": END, "deletedAt": "1970-01-01T00:00:00Z"},
            {("k",): SECONDS},
            id="never-deleted",
        ),
        pytest.param({"id": "", "expiresAt": END}, {}, id="no-id"),
    ],
)
async def test_which_keys_end(row: dict[str, Any], expected: Any) -> None:
    """A key that never ends, or is deleted, has no series."""
    outcome = await api_keys({"id": "k", "name": 5, "scopes": "?"} | row)

    assert outcome.verdict.passed
    assert ends(outcome) == expected


@pytest.mark.parametrize(
    "row",
    [
        {"id": 5, "expiresAt": END},
        {"id": "k", "expiresAt": "later"},
        {"id": "k", "deletedAt": {}},
        5,
    ],
)
async def test_what_is_no_key(row: Any) -> None:
    """A wrong end would be worse than none."""
    outcome = await api_keys(row)

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert outcome.samples == ()
