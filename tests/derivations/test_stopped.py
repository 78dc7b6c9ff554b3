"""Which deployments need not answer."""

import pytest

from tests.derivations.learned import Life, every, of_account
from tm_exporter.derivations.stopped import StoppedDeployments
from tm_exporter.facts import DeploymentsListed
from tm_exporter.observation import ProbeKey


PAYERS = {"nebius": "account", "lambda": "other", "serverless": "account"}
CANARY = ProbeKey("nebius", "on_demand", "chat", "batch")
LIST = DeploymentsListed(("assistant", "batch"), ("batch",))


@pytest.fixture
def life() -> Life:
    """Return the clocks."""
    return Life()


@pytest.fixture
def stopped(life: Life) -> StoppedDeployments:
    """Return what was told that `batch` is stopped."""
    made = StoppedDeployments(PAYERS.get, every(60.0), life.clock)
    told = life.learned(of_account("deployments"), LIST)
    assert made(told) is told
    return made


@pytest.mark.parametrize(
    ("key", "is_stopped"),
    [
        pytest.param(CANARY, True, id="stopped"),
        pytest.param(
            ProbeKey("nebius", "on_demand", "chat", "assistant"), False, id="running"
        ),
        pytest.param(
            ProbeKey("nebius", "on_demand", "chat", "another"), False, id="unknown"
        ),
        pytest.param(ProbeKey("nebius", "on_demand", "health"), False, id="no-model"),
        pytest.param(
            ProbeKey("lambda", "on_demand", "chat", "batch"), False, id="other-account"
        ),
        pytest.param(
            ProbeKey("free", "on_demand", "chat", "batch"), False, id="no-account"
        ),
        pytest.param(
            ProbeKey("serverless", "serverless", "chat", "batch"),
            False,
            id="serverless",
        ),
    ],
)
def test_only_what_the_account_stopped_is_stopped(
    stopped: StoppedDeployments,
    key: ProbeKey,
    is_stopped: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    """A model of the same name elsewhere is another one."""
    assert stopped.is_stopped(key) is is_stopped


def test_it_is_asked_again_once_it_is_started(
    stopped: StoppedDeployments, life: Life
) -> None:
    """With the next list."""
    stopped(life.learned(of_account("deployments"), DeploymentsListed(("batch",))))

    assert not stopped.is_stopped(CANARY)


def test_an_old_list_silences_nobody(stopped: StoppedDeployments, life: Life) -> None:
    """The token may have died since, and the deployment come back."""
    life.advance(890)
    before = stopped.is_stopped(CANARY)
    life.advance(20)

    assert (before, stopped.is_stopped(CANARY)) == (True, False)


def test_what_can_be_stopped_is_known_beforehand(stopped: StoppedDeployments) -> None:
    """So that its count of skipped slots begins at zero."""
    assert stopped.can_stop(CANARY)
    assert not stopped.can_stop(ProbeKey("nebius", "on_demand", "health"))
    assert not stopped.can_stop(ProbeKey("free", "on_demand", "chat", "m"))
