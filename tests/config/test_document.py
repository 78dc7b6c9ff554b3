"""What is peculiar to YAML, and to files."""

import time
from pathlib import Path

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.load import load
from tm_exporter.config.origin import ConfigurationError


def problems(path: Path) -> str:
    """Return what is wrong with a file, which must not load."""
    with pytest.raises(ConfigurationError) as caught:
        load(file=path, environ={})
    return str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """The path is repeated, since it is most often the path that is wrong."""
    path = tmp_path / "exporter.yml"

    assert problems(path) == f"{path}: there is no such file"


def test_a_directory_is_one_sentence(tmp_path: Path) -> None:
    """A mount without a file makes a directory of the name."""
    assert problems(tmp_path) == f"{tmp_path}: is not a regular file"


def test_an_alias_bomb_ends_soon(tmp_path: Path) -> None:
    """Nine lines can stand for a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        names = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{names}]")
    path = tmp_path / "exporter.yml"
    path.write_text("\n".join(lines))

    assert "there are too many values" in problems(path)


@pytest.mark.parametrize("depth", [600, 5000, 200_000])
@pytest.mark.parametrize("step", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_no_crash(tmp_path: Path, step: str, depth: int) -> None:
    """A file of brackets is a mistake like any other; it ends no daemon."""
    path = tmp_path / "exporter.yml"
    path.write_text(step * depth)

    assert "exporter.yml" in problems(path)


def test_merge_keys_and_aliases_work(load_text: LoadText) -> None:
    """Targets often differ in little; what is their own stands over the merged."""
    loaded = load_text(
        "targets:\n"
        "- &base\n"
        "  name: a\n"
        "  surface: serverless\n"
        "  labels: {team: one}\n"
        "- <<: *base\n"
        "  name: b\n"
    )

    assert [(t.name, t.labels) for t in loaded.settings.targets] == [
        ("a", {"team": "one"}),
        ("b", {"team": "one"}),
    ]


def test_an_empty_key_is_a_key_left_out(load_text: LoadText) -> None:
    """A section whose lines were all commented out is still there, as null."""
    loaded = load_text(
        "server:\nmaintenance:\ntargets:\n"
        "- {name: a, surface: serverless, models: [m], labels: , probes: }\n"
    )

    assert loaded.settings.server.listen == "0.0.0.0:9877"
    assert "chat" in loaded.settings.targets[0].probes


def test_null_takes_an_objective_away(load_text: LoadText) -> None:
    """Where null is a value it is one: a key left out has the default instead."""
    slo = load_text("slo: {ttft: null}").settings.slo

    assert (slo.availability, slo.ttft) == (0.99, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{threshold: 5s}", (0.95, 5.0)), ("{objective: 0.9}", (0.9, 3.0))],
)
def test_half_of_the_objective_at_the_top_leaves_the_other(
    load_text: LoadText, text: str, expected: tuple[float, float]
) -> None:
    """What is left out there has its default, as everywhere."""
    ttft = load_text(f"slo: {{ttft: {text}}}").settings.slo.ttft

    assert ttft is not None
    assert (ttft.objective, ttft.threshold) == expected


def test_an_empty_file_is_a_configuration(load_text: LoadText) -> None:
    """It says nothing, so the defaults hold."""
    assert load_text("").settings.log.level == "info"


def test_an_equals_sign_is_a_text(load_text: LoadText) -> None:
    """YAML 1.1 has a meaning for it that nobody means."""
    loaded = load_text(
        "targets: [{name: a, surface: serverless, labels: {team: =, of: a=b}}]"
    )

    assert loaded.settings.targets[0].labels == {"team": "=", "of": "a=b"}


def test_paths_begin_beside_the_file(load_text: LoadText, tmp_path: Path) -> None:
    """The directory a daemon was started in is nobody's choice."""
    loaded = load_text(
        "state_dir: state\n"
        "lease: {token_file: secrets/token, ca_bundle: ca.pem}\n"
        "targets: [{name: a, surface: serverless, api_key_file: secrets/key}]"
    )

    assert loaded.settings.state_dir == tmp_path / "state"
    assert loaded.settings.lease.token_file == tmp_path / "secrets/token"
    assert loaded.settings.lease.ca_bundle == tmp_path / "ca.pem"
    assert loaded.settings.targets[0].api_key_file == tmp_path / "secrets/key"


def test_more_targets_come_from_globs(load_text: LoadText, tmp_path: Path) -> None:
    """Both forms of such a file; the order is that of the names."""
    more = tmp_path / "more"
    more.mkdir()
    (more / "b.yml").write_text("- {name: b, surface: serverless}")
    (more / "a.yml").write_text("targets: [{name: a, surface: control_plane}]")
    (more / "empty.yml").write_text("")

    loaded = load_text(
        "targets_from: ['more/*.yml']\ntargets: [{name: own, surface: serverless}]"
    )

    assert [t.name for t in loaded.settings.targets] == ["own", "a", "b"]


def test_a_mistake_in_such_a_file_names_it(load_text: LoadText, tmp_path: Path) -> None:
    """Of twenty files one is wrong: which, and where."""
    more = tmp_path / "more.yml"
    more.write_text("- name: a\n  surface: serverless\n  modelz: [m]\n- name: own\n")

    with pytest.raises(ConfigurationError) as caught:
        load_text("targets_from: more.yml\ntargets: [{name: own, surface: serverless}]")

    main = tmp_path / "exporter.yml"
    assert str(caught.value) == (
        f"{more}:3: `targets.a.modelz`: no such key; did you mean `models`?\n"
        f"{more}:4: `targets.own`: this name is taken in {main}:2: "
        "names must be unique"
    )


def test_such_a_file_has_targets_only(load_text: LoadText, tmp_path: Path) -> None:
    """A `log` in it would be read by nobody."""
    (tmp_path / "more.yml").write_text("log: {level: info}")

    with pytest.raises(ConfigurationError, match="must be a list of targets, or"):
        load_text("targets_from: more.yml")


def test_all_mistakes_come_at_once_by_line(load_text: LoadText) -> None:
    """Whoever corrects a file wants one list, from the top down."""
    with pytest.raises(ConfigurationError) as caught:
        load_text(
            "log: {levels: info}\n"
            "targets:\n"
            "- name: a\n"
            "  surface: on_demand\n"
            "  base_url: http://far.example\n"
            "  probes: {chat: {timeout: 11m}, health: {interval: 5}}\n"
            "shard: {index: 5}\n"
        )

    assert [problem.origin.line for problem in caught.value.problems] == [
        1,
        3,
        5,
        6,
        6,
        7,
    ]


def test_a_large_file_loads_fast(load_text: LoadText) -> None:
    """A reload must not stop the probes for a second."""
    text = "targets:\n" + "".join(
        f"- {{name: t{index}, surface: serverless, models: [a/b, c/d], "
        "probes: {chat_stream: {interval: 5m}, kv_cache: false}}\n"
        for index in range(500)
    )
    begun = time.process_time()

    loaded = load_text(text)

    assert len(loaded.settings.targets) == 500
    assert time.process_time() - begun < 3  # 0.3 s on an idle machine
