"""What `tm-exporter check` tells."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.config.conftest import LoadText
from tm_exporter.config.load import load
from tm_exporter.config.masking import duration_text
from tm_exporter.config.registry import KINDS, kinds_of
from tm_exporter.config.report import Report, describe, render_json, render_text
from tm_exporter.section import parse_duration


@pytest.fixture
def report(load_text: LoadText, tmp_path: Path) -> Report:
    """Return the report on a configuration with much to say about."""
    (tmp_path / "key").write_text("ak-hunter2")
    (tmp_path / "key").chmod(0o644)
    return describe(
        load_text(
            "server: {allow_reload: true, allow_paid_probe_requests: false}\n"
            "canary_budget: {daily_usd: 1.00}\n"
            "targets:\n"
            "- name: eu\n"
            "  surface: serverless\n"
            "  api_key_file: key\n"
            "  models: []\n"
            "  probes: {chat_long: {kind: chat_stream, prompt_tokens: 8000}}\n"
            "- name: test\n"
            "  surface: serverless\n"
            "  base_url: http://staging.serverless.tensormesh.ai\n"
            "  allow_plain_http: true\n"
            "  api_key_file: missing\n"
            "  ca_bundle: missing.pem\n"
            "  models: [m]\n"
            "- {name: account, surface: control_plane}\n",
            {"TM_EXPORTER_TARGETS__TEST__HEADERS__X_KEY": "hunter2"},
        )
    )


def test_values_have_their_origin(report: Report, tmp_path: Path) -> None:
    """A secret is there as its fingerprint, whatever holds it."""
    values = {value.path: (value.value, value.origin) for value in report.values}

    assert values["server.allow_reload"] == (
        "true",
        f"file {tmp_path}/exporter.yml:1",
    )
    assert values["targets.eu.probes.chat.interval"] == ("10m", "default")
    text, _ = values["targets.eu.api_key_file"]
    assert str(text).startswith(f"{tmp_path}/key (sha256:")
    text, _ = values["targets.test.api_key_file"]
    assert str(text).endswith("(unavailable)")
    text, origin = values["targets.test.headers.x-key"]
    assert str(text).startswith("<secret sha256:")
    assert origin == "environment TM_EXPORTER_TARGETS__TEST__HEADERS__X_KEY"


def test_nothing_is_a_value_in_force_too(report: Report) -> None:
    """Whoever looks for a setting must find it, also where nobody set it."""
    values = {value.path: (value.value, value.origin) for value in report.values}

    assert values["state_dir"] == values["server.health_listen"] == (None, "default")
    assert values["targets.eu.headers"] == ("{}", "default")
    assert "\n  targets.eu.proxy_url: -  [default]\n" in render_text(report)


def test_what_does_not_run_is_grouped_by_reason(report: Report) -> None:
    """One line for each reason of each target."""
    rows = {(row.target, row.why): row.probe for row in report.not_running}

    assert rows["eu", "asks a model, and `models` is empty"].split(", ") == [
        *(kind for kind in kinds_of("serverless") if KINDS[kind].per_model),
        "chat_long",
    ]
    (why,) = (why for target, why in rows if target == "account")
    assert why.startswith("`token` is not configured: nobody sees")
    assert rows["account", why].startswith("auth, deployments, ")


def test_an_objective_for_a_first_token_that_nobody_sees_is_unwise(
    load_text: LoadText,
) -> None:
    """An answer in one piece has none; only what is written there is warned of."""
    report = describe(
        load_text(
            "targets: [{name: a, surface: serverless, api_key: k,"
            " models: [{name: m, slo: {ttft: {objective: 0.9, threshold: 9s}}}],"
            " probes: {chat: {slo: {ttft: {objective: 0.9, threshold: 1s}}},"
            " health: {slo: {availability: 0.9}},"
            " completions: {slo: {availability: 0.9}},"
            " chat_stream: {slo: {ttft: {objective: 0.9, threshold: 1s}}}}}]"
        )
    )

    (warning,) = (each for each in report.warnings if "has no effect" in each)
    assert warning.startswith("a: `probes.chat.slo.ttft` has no effect")


def test_warnings_are_about_now(report: Report, tmp_path: Path) -> None:
    """What would fail, and what is unwise."""
    missing = "No such file or directory"

    assert report.warnings == (
        "staging (test) and production are mixed in one configuration",
        f"eu: {tmp_path}/key has mode 0644: 0640 or less would do",
        f"test: a secret is not available now: {tmp_path}/missing: {missing}",
        f"test: `ca_bundle` cannot be read now: {tmp_path}/missing.pem: {missing}",
        "test: plain http to another machine is allowed: keys cross it readable",
    )


@pytest.fixture
def with_files(load_text: LoadText, tmp_path: Path) -> Callable[[str, str, str], str]:
    """Return a function that writes PEM files and returns what is said of them."""

    def run(bundle: str, certificate: str, key: str) -> str:
        (tmp_path / "ca.pem").write_text(bundle)
        (tmp_path / "client.pem").write_text(certificate)
        (tmp_path / "client.key").write_text(key)
        (tmp_path / "client.key").chmod(0o600)
        loaded = load_text(
            "targets: [{name: a, surface: serverless, api_key: k, ca_bundle: ca.pem, "
            "client_cert_file: client.pem, client_key_file: client.key}]"
        )
        return "\n".join(describe(loaded).warnings).replace(f"{tmp_path}/", "")

    return run


NO_BUNDLE = (
    "a: a certificate cannot be used now: ca.pem: not a PEM file of certificates"
)
NO_PAIR = (
    "a: a certificate cannot be used now: "
    "client.pem: not a PEM certificate with its key"
)


def test_certificates_that_cannot_be_loaded_are_named(
    with_files: Callable[[str, str, str], str],
) -> None:
    """Rather than each run failing with `configuration` after a green check."""
    authority = trustme.CA()
    bundle = authority.cert_pem.bytes().decode()
    leaf, other = (authority.issue_cert("client.test") for _ in range(2))
    certificate = leaf.cert_chain_pems[0].bytes().decode()
    key = leaf.private_key_pem.bytes().decode()
    foreign = other.private_key_pem.bytes().decode()

    assert with_files(bundle, certificate, key) == ""
    assert with_files("", certificate, key) == NO_BUNDLE
    assert with_files("no PEM", certificate, key) == NO_BUNDLE
    assert with_files(bundle, certificate, foreign) == NO_PAIR
    assert with_files(bundle, "no PEM", key) == NO_PAIR
    assert with_files("", certificate, foreign) == f"{NO_BUNDLE}\n{NO_PAIR}"


def test_a_glob_without_any_file_is_a_warning(
    load_text: LoadText, tmp_path: Path
) -> None:
    """Nobody writes one to watch nothing; the file may come later, so no error."""
    (tmp_path / "more.yml").write_text("[]")
    loaded = load_text("targets_from: ['none/*.yml', 'more*.yml']\ntargets: []")

    assert describe(loaded).warnings == ("`targets_from`: no file matches none/*.yml",)


def test_it_can_be_printed(report: Report) -> None:
    """As text for people and as JSON for programs, without the secrets."""
    text, data = render_text(report), render_json(report)

    assert "\nNot running\n  eu: tokenize, " in text
    assert json.loads(data)["warnings"] == list(report.warnings)
    assert "hunter2" not in text + data


def test_an_empty_part_is_left_out() -> None:
    """A heading with nothing below it makes people look for what is missing."""
    loaded = load(file=None, environ={}, overrides={"targets": []}, isolated=True)

    assert "Warnings" not in render_text(describe(loaded))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "500ms"),
        (15, "15s"),
        (90, "1m30s"),
        (5400, "1h30m"),
        (86400, "1d"),
        (1.25, "1s250ms"),
        (0.7, "700ms"),
        (4.1, "4s100ms"),
        (90061, "1d1h1m1s"),
    ],
)
def test_durations_are_shown_as_they_are_written(seconds: float, text: str) -> None:
    """What is shown could be put into a file."""
    assert duration_text(seconds) == text
    assert parse_duration(text) == seconds
