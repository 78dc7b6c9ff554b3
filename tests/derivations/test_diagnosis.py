"""What is wrong with targets and models, as time goes by."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.derivations.learned import balance, served
from tests.doubles import FakeClock, ScriptedProbe
from tests.sinks.observations import exchange, observation
from tm_exporter.derivations.blame import NO_ANSWER, NO_WAY, Blame
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.next_steps import NextSteps
from tm_exporter.observation import Fact, ProbeKey, Reason
from tm_exporter.probes.chat import ChatSection
from tm_exporter.probes.chat_stream import ChatStreamSection
from tm_exporter.probes.health import HealthSection
from tm_exporter.probes.models import ModelsSection
from tm_exporter.probes.tokenize import TokenizeSection
from tm_exporter.pulls.balance import BalanceSection
from tm_exporter.reasons import STREAMED
from tm_exporter.section import ProbeSection, Surface


MODELS = ("alpha", "beta")
HOSTS = {
    "serverless": "https://serverless.example",
    "nebius": "https://nebius.example",
    "account": "https://api.example",
}
_SECTIONS: dict[str, ProbeSection] = {
    "health": HealthSection(),
    "models": ModelsSection(),
    "tokenize": TokenizeSection(),
    "chat": ChatSection(),
    "chat_stream": ChatStreamSection(),
    "balance": BalanceSection(),
}
UNANSWERED = NO_WAY | NO_ANSWER | {Reason.CONFIGURATION}


class World:
    """Two inference targets and their account, and what is seen of them."""

    def __init__(self, hosts: dict[str, str] | None = None) -> None:
        self.clock = FakeClock()
        self.hosts = HOSTS if hosts is None else hosts
        self.doubts = 0
        self.diagnoses = Diagnoses(
            lambda target: None if target == "account" else "account",
            self.hosts.get,
            lambda key: _SECTIONS[key.probe].interval,
            self.clock,
            doubt=self._doubt,
        )
        self.next_step = NextSteps(self.diagnoses)
        for key in self.all_probes():
            reasons = STREAMED if key.probe == "chat_stream" else ()
            probe = ScriptedProbe(key, _SECTIONS[key.probe], reasons=reasons)
            self.diagnoses.watch(probe)

    def all_probes(self) -> list[ProbeKey]:
        """Return all probes."""
        found = [key_of("balance", target="account")]
        for target in ("serverless", "nebius"):
            if target in self.hosts:
                found += [key_of(name, target=target) for name in ("health", "models")]
                found += [
                    key_of(name, model, target=target)
                    for name in ("tokenize", "chat", "chat_stream")
                    for model in MODELS
                ]
        return found if "account" in self.hosts else found[1:]

    def sees(
        self,
        probe: str,
        reason: Reason | None = None,
        model: str = "",
        *facts: Fact,
        target: str = "serverless",
        **changes: Any,
    ) -> None:
        """Have a run end now."""
        key = key_of(probe, model, target=target)
        status = None if reason in UNANSWERED else 200
        keyed = bool(model) or target != "serverless"
        headers = (("authorization", "<masked>"),) if keyed else ()
        seen = exchange(status=status, request_headers=headers, **changes)
        run = observation(key, reason=reason, exchanges=(seen,))
        outcome = replace(run.outcome, facts=facts)
        self.diagnoses(replace(run, outcome=outcome))

    def round(
        self, reason: Reason | None, *probes: str, target: str = "serverless"
    ) -> None:
        """Have every probe of a target end so, or those that are named."""
        for key in self.all_probes():
            if key.target == target and (not probes or key.probe in probes):
                self.sees(key.probe, reason, key.model, target=target)

    def verdict(self, model: str = "", target: str = "serverless") -> str | None:
        """Return the verdict of now."""
        return self.diagnoses.word(target, model)

    def rows(self) -> dict[tuple[str, ...], float]:
        """Return the series of all targets."""
        rows = (self.diagnoses.rows(target) for target in self.hosts)
        return {labels: value for each in rows for labels, value in each.items()}

    def step(self, reason: Reason, probe: str, model: str = "", **of: str) -> str:
        """Return what to do about a probe that failed."""
        return self.next_step(key_of(probe, model, **of), reason, None)

    def _doubt(self) -> None:
        self.doubts += 1


def key_of(probe: str, model: str = "", target: str = "serverless") -> ProbeKey:
    """Return the key of a probe."""
    surfaces: dict[str, Surface] = {
        "serverless": "serverless",
        "nebius": "on_demand",
        "account": "control_plane",
    }
    return ProbeKey(target, surfaces[target], probe, model)


@pytest.fixture
def world() -> World:
    """Return a world of which nothing is known yet."""
    return World()


def test_nothing_is_told_before_anything_was_seen(world: World) -> None:
    """Unknown is absent, and not all zero."""
    assert world.rows() == {}


def test_nothing_wrong_is_all_zero(world: World) -> None:
    """Every verdict has a series, for the target and for each model that was asked."""
    world.sees("health")
    world.sees("chat", None, "alpha")

    assert world.rows() == {
        ("serverless", "serverless", model, blame.value): 0.0
        for model in ("", "alpha")
        for blame in Blame
    }


def test_exactly_one_verdict_is_one(world: World) -> None:
    """A state set."""
    world.round(Reason.OVERLOADED)

    rows = world.rows()
    ones = {labels for labels, value in rows.items() if value == 1.0}
    assert ones == {
        ("serverless", "serverless", model, "edge") for model in ("", "alpha", "beta")
    }


def test_what_is_too_old_is_absent_again(world: World) -> None:
    """After three intervals, as the gauges of the probe."""
    world.sees("health", Reason.OVERLOADED)
    world.clock.advance(3 * _SECTIONS["health"].interval + 1)

    assert world.rows() == {}
    assert world.verdict() is None


def test_a_probe_that_is_withdrawn_leaves_no_series(world: World) -> None:
    """Nor does its target, with the last of them."""
    world.sees("chat", Reason.OVERLOADED, "alpha")

    for key in world.all_probes():
        world.diagnoses.forget(key)

    assert world.rows() == {}


def test_a_fault_of_the_exporter_changes_nothing(world: World) -> None:
    """It says nothing of the service."""
    world.sees("health")
    world.sees("health", Reason.INTERNAL)

    assert world.verdict() is None
    assert world.rows()


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        (Reason.AUTH, "auth"),
        (Reason.QUOTA, "quota"),
        (Reason.THROTTLED, "throttled"),
        (Reason.ROUTING, "routing"),
        (Reason.SERVER_ERROR, "model"),
    ],
)
def test_what_fails_for_every_model_fails_for_the_target(
    world: World, reason: Reason, verdict: str
) -> None:
    """Though the routes without a model pass."""
    world.round(None, "health", "models")
    world.round(reason, "tokenize", "chat", "chat_stream")

    assert {world.verdict(model) for model in ("", *MODELS)} == {verdict}


def test_one_model_is_not_the_target(world: World) -> None:
    """Its neighbour has no verdict, nor has the target."""
    world.round(None)
    world.sees("chat", Reason.SERVER_ERROR, "alpha")

    assert (world.verdict("alpha"), world.verdict("beta"), world.verdict()) == (
        "model",
        None,
        None,
    )


def test_only_streams(world: World) -> None:
    """Whole answers of the same model pass."""
    world.round(None)
    world.sees("chat_stream", Reason.TIMEOUT, "alpha")

    assert world.verdict("alpha") == "stream"


def test_an_auth_failure_without_credit_wants_money(world: World) -> None:
    """And the advice says so first."""
    world.sees("balance", None, "", balance("-0.01"), target="account")
    world.round(Reason.AUTH, "chat")

    assert world.verdict("alpha") == "quota"
    assert world.step(Reason.AUTH, "chat", "alpha").startswith("Top up first")


def test_an_auth_failure_with_credit_is_one(world: World) -> None:
    """A cent is enough."""
    world.sees("balance", None, "", balance(str(Decimal("0.01"))), target="account")
    world.round(Reason.AUTH, "chat")

    assert world.verdict("alpha") == "auth"


def test_all_that_is_silent_is_our_network(world: World) -> None:
    """Three hosts that know nothing of each other."""
    for target in world.hosts:
        world.round(Reason.DNS, target=target)

    assert {world.verdict(target=target) for target in world.hosts} == {"network_local"}
    assert world.verdict("alpha") == "network_local"


def test_one_host_that_is_silent_may_be_its_own_network() -> None:
    """Several targets on one host are one host; there is no telling whose fault."""
    world = World(dict.fromkeys(HOSTS, "https://one.example:8443/path"))
    for target in world.hosts:
        world.round(Reason.CONNECT_REFUSED, target=target)

    assert world.verdict() == "network_remote"
    assert "reference_url" in world.step(Reason.CONNECT_REFUSED, "health")


def test_the_only_target_is_silent() -> None:
    """The reference URL tells, whichever of the two is asked first."""
    world = World({"serverless": "https://one.example"})
    world.round(Reason.CONNECT_TIMEOUT)
    alone = world.verdict()
    world.diagnoses.note_reference(Reason.DNS)
    both = world.verdict()
    world.diagnoses.note_reference(None)

    assert (alone, both, world.verdict()) == (
        "network_remote",
        "network_local",
        "network_remote",
    )


def test_a_dead_proxy_of_the_only_target_is_ours() -> None:
    """Where nothing else is known."""
    world = World({"serverless": "https://one.example"})
    world.round(Reason.PROXY)

    assert world.verdict() == "network_local"
    assert "proxy_url" in world.step(Reason.PROXY, "health")


def test_another_target_that_answers_clears_our_network(world: World) -> None:
    """An error is an answer."""
    world.diagnoses.note_reference(Reason.CONNECT_TIMEOUT)
    world.sees("balance", Reason.SERVER_ERROR, target="account")
    world.round(Reason.CONNECT_TIMEOUT)

    assert world.verdict() == "network_remote"
    assert world.step(Reason.CONNECT_TIMEOUT, "health").startswith("Other addresses")


def test_an_answer_from_long_ago_clears_nobody(world: World) -> None:
    """More than a minute before."""
    world.sees("balance", target="account")
    world.clock.advance(61)
    world.diagnoses.note_reference(Reason.DNS)
    world.round(Reason.DNS)

    assert world.verdict() == "network_local"


def test_the_reference_is_asked_when_a_probe_falls_silent(world: World) -> None:
    """Once, and not at each run of an outage."""
    world.sees("health")
    world.sees("health", Reason.OVERLOADED)
    before = world.doubts
    world.sees("health", Reason.CONNECT_REFUSED)
    world.sees("health", Reason.CONNECT_TIMEOUT)

    assert (before, world.doubts) == (0, 1)


def test_the_end_of_an_outage_blames_no_model(world: World) -> None:
    """Slow probes failed in it, and are not asked again for a while."""
    world.round(None)
    world.clock.advance(30)
    world.round(Reason.OVERLOADED)
    during = world.verdict("alpha")
    world.clock.advance(15)
    world.sees("health")

    assert (during, world.verdict("alpha"), world.verdict()) == ("edge", None, None)


def test_a_failure_just_before_the_others_see_it_is_not_the_models(
    world: World,
) -> None:
    """The health check passed fifteen seconds ago, and fails a second later."""
    world.round(None)
    world.clock.advance(14)
    world.sees("chat", Reason.OVERLOADED, "alpha")
    world.clock.advance(1)
    world.sees("health", Reason.OVERLOADED)

    assert world.verdict("alpha") == "edge"


def test_a_probe_that_fails_on_its_own_goes_on_failing(world: World) -> None:
    """Others that passed before it, and after it, are no proof that it is over."""
    world.sees("chat_stream", None, "alpha")
    world.clock.advance(30)
    world.sees("chat", Reason.SERVER_ERROR, "alpha")
    world.clock.advance(90)
    world.sees("chat_stream", None, "alpha")

    assert world.verdict("alpha") == "model"


def test_what_two_probes_suffered_from_is_over_with_the_first_that_recovers(
    world: World,
) -> None:
    """The other one may run only once an hour."""
    for probe in ("chat", "tokenize"):
        world.sees(probe, Reason.ROUTING, "alpha")
        world.clock.advance(30)
    during = world.verdict("alpha")
    world.sees("chat", None, "alpha")

    assert (during, world.verdict("alpha")) == ("routing", None)


def test_what_only_looks_alike_is_not_over(world: World) -> None:
    """Two probes failed, each for a reason of its own."""
    world.sees("chat", Reason.ASSERTION, "alpha")
    world.sees("tokenize", Reason.SERVER_ERROR, "alpha")
    world.clock.advance(30)
    world.sees("tokenize", None, "alpha")

    assert world.verdict("alpha") == "model"


def test_a_revoked_key_is_over_with_the_first_probe_that_gets_through(
    world: World,
) -> None:
    """Not with the routes that need none."""
    world.round(Reason.AUTH, "tokenize", "chat", "chat_stream")
    world.clock.advance(15)
    world.sees("health")
    meanwhile = world.verdict("beta")
    world.sees("tokenize", None, "alpha")

    assert (meanwhile, world.verdict("beta")) == ("auth", None)


def test_one_broken_route_without_a_model_shuts_nobody_out(world: World) -> None:
    """The model list fails while the health check passes, before and after."""
    world.round(None)
    world.clock.advance(10)
    world.sees("models", Reason.SERVER_ERROR)
    world.clock.advance(1)
    world.sees("health")
    world.sees("chat", Reason.SERVER_ERROR, "alpha")

    assert (world.verdict(), world.verdict("alpha")) == ("edge", "model")
    assert world.verdict("beta") is None


def test_a_page_of_html_in_place_of_every_answer_is_the_front(world: World) -> None:
    """A health check passes whatever it gets, and so speaks for nobody."""
    world.round(Reason.BAD_PAYLOAD, "models", "tokenize", "chat")
    world.round(Reason.STREAM_INVALID, "chat_stream")
    world.round(None, "health")

    assert {world.verdict(model) for model in ("", *MODELS)} == {"edge"}
    step = world.step(Reason.STREAM_INVALID, "chat_stream", "alpha")
    assert step.startswith("It is the service's front")


def test_a_list_that_cannot_be_read_is_the_lists_own_trouble(world: World) -> None:
    """Models that pass, or fail in another way, have nothing to do with it."""
    world.round(None)
    world.clock.advance(10)
    world.sees("models", Reason.BAD_PAYLOAD)
    world.sees("chat", Reason.TIMEOUT, "alpha")
    world.clock.advance(1)
    world.sees("health")

    assert (world.verdict(), world.verdict("alpha")) == ("edge", "model")
    assert world.verdict("beta") is None


def test_a_target_that_is_down_takes_along_models_not_asked_since(
    world: World,
) -> None:
    """A canary of two minutes has not noticed yet."""
    world.round(None)
    world.clock.advance(15)
    world.sees("health", Reason.CONNECT_REFUSED)

    assert world.verdict("alpha") == "network_remote"


def test_a_model_that_is_missing_from_the_list(world: World) -> None:
    """Before its canary is asked; the target shows it too."""
    world.sees("chat", None, "beta")
    world.sees("chat", None, "alpha")
    world.clock.advance(1)
    world.sees("models", Reason.ASSERTION, "", served("beta", "alpha-v2"))

    assert (world.verdict("alpha"), world.verdict("beta"), world.verdict()) == (
        "routing",
        None,
        "routing",
    )
    assert "Nearest to 'alpha' on the list: 'alpha-v2'." in world.step(
        Reason.ASSERTION, "models"
    )


def test_one_unknown_model_is_its_name(world: World) -> None:
    """With the nearest ones that are listed, and where to find the others."""
    world.sees("models", None, "", served("beta", "alpha-2", "omega"))
    world.sees("chat", Reason.ROUTING, "alpha")
    world.sees("chat", None, "beta")

    step = world.step(Reason.ROUTING, "chat", "alpha")
    assert "'alpha-2'" in step
    assert "'omega'" not in step
    assert "tm billing pricing serverless list" in step


def test_all_unknown_models_are_the_user(world: World) -> None:
    """Of On-Demand, which finds a model by its user."""
    world.round(Reason.ROUTING, "chat", target="nebius")

    step = world.step(Reason.ROUTING, "chat", "alpha", target="nebius")
    assert "suspect X-User-Id" in step
    assert "tm infer doctor --exit-status" in step


def test_all_unknown_models_of_serverless_are_the_address(world: World) -> None:
    """There is no user there."""
    world.round(Reason.ROUTING, "chat")

    step = world.step(Reason.ROUTING, "chat", "alpha")
    assert "base_url" in step
    assert "X-User-Id" not in step


def test_a_key_that_another_surface_takes(world: World) -> None:
    """Then it is the user that is wrong, and not the key."""
    world.round(None, "chat")
    world.round(Reason.AUTH, target="nebius")

    assert "suspect X-User-Id" in world.step(
        Reason.AUTH, "chat", "alpha", target="nebius"
    )


def test_a_surface_that_could_not_be_asked_takes_no_key(world: World) -> None:
    """What times out says nothing of the credential."""
    world.round(Reason.TIMEOUT, "chat")
    world.round(Reason.AUTH, target="nebius")

    step = world.step(Reason.AUTH, "chat", "alpha", target="nebius")
    assert "Another surface takes" not in step
    assert "No surface takes" not in step


def test_a_key_that_no_surface_takes(world: World) -> None:
    """Then it is the key."""
    world.round(Reason.AUTH, "chat")
    world.round(Reason.AUTH, target="nebius")

    assert "revoked" in world.step(Reason.AUTH, "chat", "alpha")


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("serverless", "tm auth whoami"),
        ("nebius", "tm infer doctor --exit-status"),
        ("account", "tm auth refresh"),
    ],
)
def test_a_credential_names_the_vendors_commands(
    world: World, target: str, command: str
) -> None:
    """Each surface has its own."""
    is_account = target == "account"
    probe, model = ("balance", "") if is_account else ("chat", "alpha")
    world.sees(probe, Reason.AUTH, model, target=target)

    assert command in world.step(Reason.AUTH, probe, model, target=target)


_FRONT = "It is the service's front, whatever is asked there. "


def test_a_front_that_answers_nobody_is_not_compared_with_itself(
    world: World,
) -> None:
    """What the sentence of the reason would have us look at is known already."""
    for reason in (Reason.TIMEOUT, Reason.CONNECTION_LOST):
        world.round(reason, "health", "models", "chat")
        world.sees("balance", target="account")

        step = world.step(reason, "chat", "alpha")

        assert world.verdict("alpha") == "edge"
        assert step.startswith(_FRONT)
        assert "Compare" not in step
        assert "request id" not in step  # nothing came that could have one


def test_a_front_that_redirects_says_where_to_look(world: World) -> None:
    """Who has to act depends on where it leads."""
    world.round(Reason.REDIRECT)

    step = world.step(Reason.REDIRECT, "health")

    assert step.startswith(_FRONT)
    assert "transcript" in step
    assert "base_url" in step


@pytest.mark.parametrize(
    ("probe", "target"), [("models", "serverless"), ("balance", "account")]
)
def test_one_route_that_fails_alone_is_not_all_that_is_asked(
    world: World, probe: str, target: str
) -> None:
    """It is the service's to mend, and nothing is said of other routes."""
    world.round(None)
    world.clock.advance(1)
    world.sees(probe, Reason.SERVER_ERROR, target=target)

    step = world.step(Reason.SERVER_ERROR, probe, target=target)

    assert world.verdict(target=target) == "edge"
    assert step.startswith("If it lasts")


def test_a_front_that_lets_some_through_is_not_shut(world: World) -> None:
    """Two routes fail, and others passed since they began to."""
    world.round(None)
    world.clock.advance(10)
    world.round(Reason.SERVER_ERROR, "models", "tokenize")
    world.clock.advance(1)
    world.sees("health")

    assert world.verdict() == "edge"
    assert "whatever is asked" not in world.step(Reason.SERVER_ERROR, "models")


def test_every_model_is_not_this_model(world: World) -> None:
    """Where all of them fail, none is to be suspected for itself."""
    world.round(None)
    world.clock.advance(1)
    world.sees("chat", Reason.EMPTY_OUTPUT, "alpha")
    one = world.step(Reason.EMPTY_OUTPUT, "chat", "alpha")
    world.sees("chat", Reason.EMPTY_OUTPUT, "beta")
    every = world.step(Reason.EMPTY_OUTPUT, "chat", "alpha")

    assert one.startswith("The surface itself answers: it is this model.")
    assert every.startswith("The surface itself answers: it is every model asked.")


def test_a_route_without_credentials_that_refuses_us(world: World) -> None:
    """No key can be wrong where none is shown."""
    world.sees("health", Reason.AUTH)

    assert world.verdict() == "edge"
    assert "firewall" in world.step(Reason.AUTH, "health")


@pytest.mark.parametrize("reason", Reason)
def test_every_failure_has_a_next_step(world: World, reason: Reason) -> None:
    """Whatever else is known."""
    for probe, model in (("health", ""), ("chat_stream", "alpha")):
        world.round(None)
        world.sees(probe, reason, model)

        assert world.step(reason, probe, model).endswith((".", "?"))


def test_names_of_the_service_cannot_steer_a_terminal(world: World) -> None:
    """What stands on a list is whatever somebody wrote there."""
    hostile = "alpha\x1b[2J\n" + "a" * 10_000
    world.sees("models", None, "", served("beta", hostile, "alpha\x1b"))
    world.sees("chat", Reason.ROUTING, "alpha")

    step = world.step(Reason.ROUTING, "chat", "alpha")
    assert step.isprintable()
    assert len(step) < 1000


class AnyLife(RuleBasedStateMachine):
    """Whatever is seen in whatever order, the state set is one."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.answered: dict[str, float] = {}

    @rule(
        index=st.integers(0, 100),
        reason=st.none() | st.sampled_from(Reason),
        seconds=st.sampled_from((0.0, 1.0, 30.0, 100.0)),
    )
    def a_run_ends(self, index: int, reason: Reason | None, seconds: float) -> None:
        """Any probe ends in any way, some time later."""
        self.world.clock.advance(seconds)
        keys = self.world.all_probes()
        key = keys[index % len(keys)]
        self.world.sees(key.probe, reason, key.model, target=key.target)
        if reason is not None and reason is not Reason.INTERNAL:
            assert self.world.verdict(key.model, key.target) is not None

    @rule(reason=st.none() | st.sampled_from(sorted(NO_WAY)))
    def the_reference_is_asked(self, reason: Reason | None) -> None:
        """It answers or not."""
        self.world.diagnoses.note_reference(reason)
        if reason is None:
            verdicts = {self.world.verdict(target=target) for target in HOSTS}
            assert "network_local" not in verdicts

    @invariant()
    def at_most_one_verdict_holds(self) -> None:
        """Of each target and model, and each has a series."""
        rows = self.world.rows()
        owners = {labels[:3] for labels in rows}
        for owner in owners:
            values = [rows[*owner, blame.value] for blame in Blame]
            assert sum(values) <= 1
            assert set(values) <= {0.0, 1.0}


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
