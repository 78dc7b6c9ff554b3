"""When a service names another version, and when a model takes less."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.derivations.learned import SERVERLESS, VERSION, Life, served, values
from tm_exporter.catalog import SERVICE_VERSION_CHANGES
from tm_exporter.derivations.contexts import MOST_MODELS, Contexts
from tm_exporter.derivations.versions import VersionChanges
from tm_exporter.facts import ModelsServed, VersionNamed
from tm_exporter.memory import FILE, Memory
from tm_exporter.wire.payloads import ServedModel


class Process:
    """One process of the exporter, which can be followed by another one."""

    def __init__(self, directory: Path | None, address: str = "https://one") -> None:
        self.memory = Memory(directory)
        self.versions = VersionChanges(self.memory, lambda _: address)
        self.contexts = Contexts(self.memory, lambda _: address)
        self.life = Life()

    def names(self, version: str) -> tuple[float, list[tuple[object, object]]]:
        """Return by how much the counter grows with a version, and what is logged."""
        with capture_logs() as lines:
            seen = self.versions(self.life.learned(VERSION, VersionNamed(version)))
        assert {line["event"] for line in lines} <= {"service_version_changed"}
        changes = [(line["old"], line["new"]) for line in lines]
        return values(seen, SERVICE_VERSION_CHANGES)[""], changes

    def lists(self, *models: ServedModel) -> list[tuple[object, ...]]:
        """Return what is logged with a list of models."""
        with capture_logs() as lines:
            self.contexts(self.life.learned(SERVERLESS, ModelsServed(models)))
        assert {line["event"] for line in lines} <= {"model_context_shrunk"}
        return [(line["model"], line["old"], line["new"]) for line in lines]


def test_the_first_version_is_no_change() -> None:
    """The counter is there from then on."""
    assert Process(None).names("1.0") == (0, [])


def test_another_version_is_a_change() -> None:
    """A line with both, and the counter grows by one."""
    process = Process(None)
    process.names("1.0")

    assert process.names("1.0") == (0, [])
    assert process.names("1.1") == (1, [("1.0", "1.1")])
    assert process.names("1.1") == (0, [])


def test_a_restart_is_no_change(tmp_path: Path) -> None:
    """The same version is named before and after."""
    before = Process(tmp_path)
    before.names("1.0")
    before.memory.close()

    assert Process(tmp_path).names("1.0") == (0, [])


def test_a_change_while_nobody_looked_is_one(tmp_path: Path) -> None:
    """The exporter was down, and the service was not."""
    before = Process(tmp_path)
    before.names("1.0")
    before.memory.close()

    assert Process(tmp_path).names("1.1") == (1, [("1.0", "1.1")])


def test_a_target_that_is_elsewhere_now_is_another_one(tmp_path: Path) -> None:
    """A change of the configuration is none of the service."""
    before = Process(tmp_path)
    before.names("1.0")
    before.lists(ServedModel("gpt", 4096))
    before.memory.close()

    after = Process(tmp_path, "https://two")
    assert after.names("1.1") == (0, [])
    assert after.lists(ServedModel("gpt", 100)) == []
    assert after.lists(ServedModel("gpt", 100)) == []


@pytest.mark.parametrize("values", ['{"serverless": 5}', '{"serverless": {"of": []}}'])
def test_a_memory_of_another_shape_is_none(tmp_path: Path, values: str) -> None:
    """Somebody edited the file."""
    names = ("versions", "contexts")
    content = ", ".join(f'"{name}": {values}' for name in names)
    (tmp_path / FILE).write_text(f'{{"version": 1, "values": {{{content}}}}}')
    process = Process(tmp_path)

    assert process.names("1.0") == (0, [])
    assert process.lists(ServedModel("gpt", 4096)) == []


def test_what_targets_that_are_gone_left_is_dropped(tmp_path: Path) -> None:
    """The file does not grow with every name that was ever configured."""
    memory = Memory(tmp_path)
    memory.remember("versions", {"gone": {"of": "x", "values": {"version": "1"}}})
    addresses = {"serverless": "https://one"}
    versions = VersionChanges(memory, addresses.get)

    versions(Life().learned(VERSION, VersionNamed("1.0")))
    assert set(memory.recall("versions")) == {"serverless"}


def test_a_context_that_shrinks_is_told_on_the_second_poll() -> None:
    """Once, with both lengths."""
    process = Process(None)
    process.lists(ServedModel("gpt", 131_072))

    assert process.lists(ServedModel("gpt", 65_536)) == []
    assert process.lists(ServedModel("gpt", 65_536)) == [("gpt", 131_072, 65_536)]
    assert process.lists(ServedModel("gpt", 65_536)) == []


def test_a_server_that_lags_behind_is_no_change() -> None:
    """Of several that answer in turn, one has an older list."""
    process = Process(None)
    process.lists(ServedModel("gpt", 131_072))

    for length in (65_536, 131_072) * 3:
        assert process.lists(ServedModel("gpt", length)) == []


@pytest.mark.parametrize("length", [131_072, 200_000, None])
def test_a_context_that_stays_or_grows_or_is_not_told(length: int | None) -> None:
    """Nothing that worked fails because of it."""
    process = Process(None)
    process.lists(ServedModel("gpt", 131_072))

    for _ in range(3):
        assert process.lists(ServedModel("gpt", length)) == []


def test_a_model_that_comes_back_shorter(tmp_path: Path) -> None:
    """Neither a gap in the list nor a restart makes it forget."""
    before = Process(tmp_path)
    before.lists(ServedModel("gpt", 131_072))
    before.lists(ServedModel("glm", 4096))
    before.memory.close()
    after = Process(tmp_path)
    after.lists(ServedModel("gpt", 65_536))

    assert after.lists(ServedModel("gpt", 65_536)) == [("gpt", 131_072, 65_536)]


def test_how_many_contexts_are_kept_is_bounded() -> None:
    """A service that makes up names does not fill the disk."""
    process = Process(None)
    for batch in range(4):
        models = served(*(f"{batch}-{number}" for number in range(500)))
        process.lists(*models.models)

    kept = process.memory.recall("contexts")["serverless"]["values"]
    assert len(kept) == MOST_MODELS
    assert "3-0" in kept
