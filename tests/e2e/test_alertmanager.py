"""What a real Alertmanager keeps back, by the example that we ship."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.alertmanager import EXAMPLE
from tests.e2e.alertmanager import alertmanager as running
from tests.e2e.waiting import eventually


ACCOUNT = {"target": "account", "surface": "control_plane"}
CRITICAL, WARNING, NONE = "critical", "warning", "none"

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Alertmanager:
    """A running server."""

    url: str

    def heard_of(self, case: str, alerts: list[Labels]) -> set[str]:
        """
        Tell it of alerts at once, and return the names of those not kept back.

        Args:
            case: What sets these alerts apart from those of other cases.
            alerts: Their labels; a job that is not there is that of the case.
        """
        told = [{"labels": {"job": case, **labels}} for labels in alerts]
        jobs = {alert["labels"]["job"] for alert in told}
        answer = httpx.post(f"{self.url}/api/v2/alerts", json=told, trust_env=False)
        answer.raise_for_status()

        def mine() -> list[dict[str, dict[str, str]]] | None:
            found = [
                alert
                for alert in httpx.get(
                    f"{self.url}/api/v2/alerts", trust_env=False
                ).json()
                if alert["labels"]["job"] in jobs
            ]
            states = {alert["status"]["state"] for alert in found}
            done = len(found) == len(told) and "unprocessed" not in states
            return found if done else None

        found = eventually(mine, within=30, what="state of all alerts")
        return {
            f"{alert['labels']['alertname']}/{alert['labels']['severity']}"
            for alert in found
            if alert["status"]["state"] == "active"
        }


@pytest.fixture(scope="module", params=["oldest", "newest"])
def alertmanager(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Alertmanager]:
    """Run the Alertmanager of a lane with the example, groups without waiting."""
    config = EXAMPLE.read_text(encoding="utf-8")
    at_once = config.replace("group_wait: 1m", "group_wait: 0s")
    deaf = at_once.replace("127.0.0.1:5001", "127.0.0.1:1")
    folder = tmp_path_factory.mktemp("alertmanager")
    with running(request.param, deaf, folder) as url:
        yield Alertmanager(url)


def alert(name: str, severity: str = CRITICAL, **labels: str) -> Labels:
    """Return the labels of an alert."""
    return {"alertname": f"Tensormesh{name}", "severity": severity, **labels}


def of(target: str, name: str, severity: str = CRITICAL, **labels: str) -> Labels:
    """Return the labels of an alert about an inference target."""
    return alert(name, severity, target=target, surface="serverless", **labels)


def test_a_surface_with_nine_models_is_one_page(alertmanager: Alertmanager) -> None:
    """And staging beside it keeps its own."""
    models = [
        of("prod", name, model=f"m{number}", probe="chat_stream")
        for number in range(9)
        for name in ("ErrorBudgetBurn", "TtftBudgetBurn", "ModelVanished")
    ]

    heard = alertmanager.heard_of(
        "surface",
        [of("prod", "SurfaceDown"), *models, of("staging", "Throttled", model="m1")],
    )

    assert heard == {"TensormeshSurfaceDown/critical", "TensormeshThrottled/critical"}


def test_what_burns_on_after_an_outage_does_not_page(
    alertmanager: Alertmanager,
) -> None:
    """The outage is over, and its page resolved."""
    heard = alertmanager.heard_of(
        "afterwards",
        [
            of("prod", "IncidentKnown", NONE),
            of("prod", "ErrorBudgetBurn", model="m", probe="chat_stream"),
            of("prod", "ErrorBudgetBurn", WARNING, model="m", probe="chat_stream"),
            of("prod", "ModelVanished", model="m"),
        ],
    )

    assert heard == {
        "TensormeshIncidentKnown/none",
        "TensormeshModelVanished/critical",
    }


def test_what_burns_on_after_a_model_was_gone_does_not_page(
    alertmanager: Alertmanager,
) -> None:
    """Another model of the same target goes on to page."""
    burns = [of("prod", "ErrorBudgetBurn", model=name, probe="chat") for name in "mn"]

    heard = alertmanager.heard_of(
        "model-afterwards", [of("prod", "IncidentKnown", NONE, model="m"), burns[0]]
    )
    heard_of_another = alertmanager.heard_of(
        "other-model", [of("prod", "IncidentKnown", NONE, model="m"), burns[1]]
    )

    assert heard == {"TensormeshIncidentKnown/none"}
    assert heard_of_another == {
        "TensormeshIncidentKnown/none",
        "TensormeshErrorBudgetBurn/critical",
    }


def test_a_model_that_is_only_not_listed_keeps_back_no_page(
    alertmanager: Alertmanager,
) -> None:
    """Half of the requests to it fail, say, and never three in a row."""
    heard = alertmanager.heard_of(
        "unlisted",
        [
            of("prod", "ModelVanished", WARNING, model="m"),
            of("prod", "CatalogMismatch", WARNING, model="m"),
            of("prod", "ErrorBudgetBurn", model="m", probe="chat_stream"),
        ],
    )

    assert heard == {
        "TensormeshModelVanished/warning",
        "TensormeshErrorBudgetBurn/critical",
    }


def test_a_revoked_key_is_one_page(alertmanager: Alertmanager) -> None:
    """Although all that it opened fails."""
    heard = alertmanager.heard_of(
        "key",
        [
            of("prod", "ApiKeyInvalid"),
            of("prod", "ErrorBudgetBurn", model="a", probe="chat_stream"),
            of("prod", "ErrorBudgetBurn", model="b", probe="chat_stream"),
            of("prod", "ProbeFailing", WARNING, model="a", probe="chat"),
            of("prod", "CertificateExpiring", WARNING),
        ],
    )

    assert heard == {
        "TensormeshApiKeyInvalid/critical",
        "TensormeshCertificateExpiring/warning",
    }


def test_an_empty_balance_is_one_page(alertmanager: Alertmanager) -> None:
    """It covers what fails on the targets of its account, and no other's."""
    heard = alertmanager.heard_of(
        "balance",
        [
            alert("BalanceEmpty", currency="USD", **ACCOUNT),
            of("prod", "TargetUnpaid", NONE, account="account"),
            of("prod", "ApiKeyInvalid"),
            of("prod", "ErrorBudgetBurn", model="m", probe="chat_stream"),
            of("other", "ErrorBudgetBurn", WARNING, model="m", probe="chat_stream"),
        ],
    )

    assert heard == {
        "TensormeshBalanceEmpty/critical",
        "TensormeshTargetUnpaid/none",
        "TensormeshErrorBudgetBurn/warning",
    }


def test_a_renamed_model_is_one_page(alertmanager: Alertmanager) -> None:
    """Another model of the same target keeps its own."""
    heard = alertmanager.heard_of(
        "renamed",
        [
            of("prod", "ModelVanished", model="a"),
            of("prod", "ModelVanished", WARNING, model="a"),
            of("prod", "CatalogMismatch", WARNING, model="a"),
            of("prod", "ErrorBudgetBurn", model="a", probe="chat_stream"),
            of("prod", "TtftBudgetBurn", WARNING, model="b", probe="chat_stream"),
        ],
    )

    assert heard == {
        "TensormeshModelVanished/critical",
        "TensormeshTtftBudgetBurn/warning",
    }


def test_our_own_network_is_one_page(alertmanager: Alertmanager) -> None:
    """Whatever seems to be wrong with the targets behind it."""
    heard = alertmanager.heard_of(
        "network",
        [
            *(of(target, "OwnNetworkDown") for target in ("prod", "staging")),
            *(of(target, "SurfaceDown") for target in ("prod", "staging")),
            of("prod", "ErrorBudgetBurn", model="m", probe="chat_stream"),
            alert("InstanceOffline", WARNING, instance="a"),
        ],
    )

    assert heard == {"TensormeshOwnNetworkDown/critical"}


def test_a_dead_exporter_is_one_page(alertmanager: Alertmanager) -> None:
    """The watchdog and another installation go on."""
    heard = alertmanager.heard_of(
        "dead",
        [
            alert("ExporterDown"),
            alert("Watchdog", NONE),
            alert("InstanceDown", WARNING, instance="a"),
            alert("MoneyUnwatched", **ACCOUNT),
            {**of("prod", "Throttled", WARNING, model="m"), "job": "alive"},
        ],
    )

    assert heard == {
        "TensormeshExporterDown/critical",
        "TensormeshWatchdog/none",
        "TensormeshThrottled/warning",
    }


def test_a_page_stands_for_the_ticket_of_its_name(alertmanager: Alertmanager) -> None:
    """And a refused token for the balance that it hides, unless that pages."""
    heard = alertmanager.heard_of(
        "graded",
        [
            alert("RunwayShort", **ACCOUNT),
            alert("RunwayShort", WARNING, **ACCOUNT),
            alert("ControlPlaneTokenInvalid", WARNING, **ACCOUNT),
            alert("MoneyUnwatched", WARNING, **ACCOUNT),
            alert("MoneyUnwatched", CRITICAL, **{**ACCOUNT, "target": "poor"}),
            alert("ControlPlaneTokenInvalid", WARNING, **{**ACCOUNT, "target": "poor"}),
        ],
    )

    assert heard == {
        "TensormeshRunwayShort/critical",
        "TensormeshControlPlaneTokenInvalid/warning",
        "TensormeshMoneyUnwatched/critical",
    }
