"""What runs, with which values, and why the rest does not."""

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.running import Running, running
from tm_exporter.probes.generation import GenerationSection


FREE = ["health", "version", "models"]


def rows(runs: tuple[Running, ...]) -> list[tuple[str, str]]:
    """Return names of probes and models."""
    return [(run.probe, run.model.name if run.model else "") for run in runs]


def test_a_probe_that_asks_models_runs_for_each(load_text: LoadText) -> None:
    """The others run once for the target."""
    settings = load_text(
        "targets: [{name: a, surface: serverless, api_key: k, models: [m, n], "
        "probes: {tokenize: false, chat: false}}]"
    ).settings

    found = rows(running(settings))
    assert [row for row in found if row[0] in (*FREE, "chat_stream")] == [
        ("health", ""),
        ("version", ""),
        ("models", ""),
        ("chat_stream", "m"),
        ("chat_stream", "n"),
    ]
    assert not {"tokenize", "chat"} & {probe for probe, _ in found}


@pytest.mark.parametrize(
    ("keys", "probes"),
    [
        ("surface: serverless, models: [m]", FREE),
        ("surface: serverless, api_key: k", FREE),
        ("surface: serverless, api_key: k, models: []", FREE),
        ("surface: serverless, auth_on_get: always", []),
        ("surface: on_demand, base_url: https://h, user_id: u", []),
        (
            "surface: on_demand, base_url: https://h, user_id: u, auth_on_get: never",
            FREE,
        ),
        ("surface: control_plane", []),
        (
            "surface: control_plane, token: t",
            [
                *("auth", "deployments", "balance", "spending", "pricing", "metrics"),
                *("usage", "transactions", "api_keys", "payment_methods"),
                *("activities", "tickets"),
            ],
        ),
    ],
    ids=[
        "no key",
        "auto",
        "no model",
        "key for all",
        "on-demand",
        "on-demand without",
        "no token",
        "token",
    ],
)
def test_what_cannot_succeed_does_not_run(
    load_text: LoadText, keys: str, probes: list[str]
) -> None:
    """A probe that can only fail says nothing about the service."""
    settings = load_text(f"targets: [{{name: a, {keys}}}]").settings

    assert [run.probe for run in running(settings)] == probes


def test_a_canary_of_ones_own_runs_beside_the_others(load_text: LoadText) -> None:
    """Any name with a kind; what it does not set is the kind's default."""
    settings = load_text(
        "targets: [{name: a, surface: serverless, api_key: k, models: [m], "
        "probes: {chat_long: {kind: chat_stream, prompt_tokens: 8000}}}]"
    ).settings

    sections = {run.probe: run.section for run in running(settings)}
    section = sections["chat_long"]
    assert isinstance(section, GenerationSection)
    assert (section.kind, section.prompt_tokens) == ("chat_stream", 8000)
    assert (section.interval, section.max_tokens) == (120, 32)
    assert "chat_stream" in sections


def test_a_model_has_its_own_values(load_text: LoadText) -> None:
    """Over those of each probe that asks it."""
    settings = load_text(
        "targets: [{name: a, surface: serverless, api_key: k, "
        "models: [{name: m, interval: 7m, max_tokens: 5, "
        "slo: {ttft: {objective: 0.9, threshold: 9s}}}]}]"
    ).settings

    sections = {run.probe: run.section for run in running(settings)}
    stream, chat = sections["chat_stream"], sections["chat"]
    assert isinstance(stream, GenerationSection)
    assert (stream.interval, stream.max_tokens) == (420, 5)
    assert stream.slo is not None
    assert stream.slo.ttft is not None
    assert (stream.slo.availability, stream.slo.ttft.threshold) == (0.99, 9)
    assert chat.slo is None
    assert sections["health"].interval == 15


def test_a_timeout_that_is_left_out_fits_the_interval_of_a_model(
    load_text: LoadText,
) -> None:
    """As it fits that of a probe."""
    settings = load_text(
        "targets: [{name: a, surface: serverless, api_key: k, "
        "models: [{name: m, interval: 5s}]}]"
    ).settings

    sections = {run.probe: run.section for run in running(settings)}
    asked = [sections[name] for name in ("chat", "chat_stream", "tokenize")]
    assert {(each.interval, each.timeout) for each in asked} == {(5, 5)}


def test_objectives_are_for_those_that_opt_in(load_text: LoadText) -> None:
    """`chat_stream` has those at the top; a long prompt has none but its own."""
    settings = load_text(
        "slo: {availability: 0.999}\n"
        "targets: [{name: a, surface: serverless, api_key: k, models: [m], probes: {\n"
        "chat: {slo: {availability: 0.9}},\n"
        "chat_stream: {slo: {ttft: null}},\n"
        "chat_long: {kind: chat_stream}}}]"
    ).settings

    slos = {run.probe: run.section.slo for run in running(settings)}
    assert slos["health"] is None
    assert slos["chat_long"] is None
    assert slos["chat"] is not None
    assert slos["chat_stream"] is not None
    assert (slos["chat"].availability, slos["chat"].ttft) == (0.9, None)
    assert (slos["chat_stream"].availability, slos["chat_stream"].ttft) == (0.999, None)


def test_who_pays_is_known(load_text: LoadText) -> None:
    """The account that is named, or the only one."""
    settings = load_text(
        "targets:\n"
        "- {name: a, surface: serverless, account: two}\n"
        "- {name: b, surface: serverless}\n"
        "- {name: one, surface: control_plane}\n"
        "- {name: two, surface: control_plane}\n"
    ).settings

    named, unnamed, one, two = settings.targets
    assert settings.account_of(named) is two
    assert settings.account_of(unnamed) is None
    assert (
        settings.model_copy(update={"targets": (unnamed, one)}).account_of(unnamed)
        is one
    )
