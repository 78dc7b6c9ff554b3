"""The image, built for real on a stand-in base, and run as a cluster would."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM

import pytest
import yaml

from tests.e2e.demo_probes import PROBES
from tests.e2e.prometheus import ROOT
from tests.e2e.signals import catches
from tests.e2e.waiting import eventually
from tests.image.checkout import DECOYS, MARK
from tests.image.composed import Project, running
from tests.image.container import Container, container, demo, started
from tests.image.engine import BASE, Engine
from tests.image.tree import Tree, mounted
from tests.image.verdicts import has_passed
from tm_exporter import __version__
from tm_exporter.simulator.surfaces import PREFIXES
from tm_exporter.simulator.world import Credentials


pytestmark = [pytest.mark.e2e, pytest.mark.image, pytest.mark.timeout(240)]

MEGABYTE = 1_000_000
LEDGER = ("exporter", "ls", "--inode", "/var/lib/tm-exporter/ledger.sqlite3")
OURS = ("opt/tm-exporter", "var/lib/tm-exporter")
PLAYGROUND = ROOT / "deploy" / "compose" / "compose.yaml"


@pytest.fixture(scope="module")
def base_tree(engine: Engine) -> Tree:
    """Return the files of the base."""
    with mounted(engine, BASE) as tree:
        return tree


@pytest.fixture(scope="module")
def tree(engine: Engine, image: str) -> Iterator[Tree]:
    """Return the files of the image."""
    with mounted(engine, image) as found:
        yield found


def test_two_builds_are_the_same_bytes(
    engine: Engine, image: str, rebuilt: str
) -> None:
    """Whenever and wherever, and whatever the checkout's rights and times are."""
    layers = [engine.inspect(name)["RootFS"]["Layers"] for name in (image, rebuilt)]

    assert layers[0] == layers[1]


def test_it_is_small(
    engine: Engine, image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that is above the base."""
    above = engine.inspect(image)["Size"] - engine.inspect(BASE)["Size"]

    with capsys.disabled():
        print(f"\nThe image is {above / MEGABYTE:.1f} MB above its base.")  # noqa: T201 -- asked for
    assert above < 60 * MEGABYTE


def test_it_says_what_it_is(engine: Engine, image: str) -> None:
    """To whom it runs as, what it starts, and what it was made of."""
    known = engine.inspect(image)
    config = known["Config"]

    assert config["Labels"]["org.opencontainers.image.version"] == __version__
    assert config["Labels"]["org.opencontainers.image.revision"] == "unknown"
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["tm-exporter"]
    assert config["Cmd"] == ["run"]
    assert config["StopSignal"] == "SIGTERM"
    assert known["Healthcheck"]["Test"] == ["CMD", "tm-exporter", "healthcheck"]
    assert config["Volumes"] == {"/var/lib/tm-exporter": {}}
    assert config["ExposedPorts"] == {"9877/tcp": {}}


def test_it_adds_only_the_program_and_a_place_for_state(
    tree: Tree, base_tree: Tree
) -> None:
    """The base stays as it was, so nothing of the machine that built is left."""
    changed = {
        path
        for path in tree.files.keys() | base_tree.files.keys()
        if tree.files.get(path) != base_tree.files.get(path)
    }

    assert {path for path in changed if not path.startswith(OURS)} == set()


def test_it_has_nothing_that_is_not_needed(engine: Engine, rebuilt: str) -> None:
    """Neither pip nor tests, nor what lay about in the checkout."""
    names = {Path(decoy).name for decoy in DECOYS} - {"config"}
    with mounted(engine, rebuilt) as tree:
        ours = [path for path in tree.files if path.startswith(OURS)]
        said = [path for path in ours if MARK in tree.text(path)]

    assert len(ours) > 1000
    assert [path for path in ours if names & set(Path(path).parts)] == []
    assert [path for path in ours if "site-packages/pip/" in path] == []
    assert [path for path in ours if "tm_exporter/tests/" in path] == []
    assert said == []


def test_nobody_but_root_can_change_the_program(tree: Tree) -> None:
    """Only the place for state is somebody else's."""
    found = {
        path: file
        for path, file in tree.files.items()
        if path.startswith("opt/tm-exporter")
    }

    assert {(file.user, file.group) for file in found.values()} == {(0, 0)}
    assert [path for path, file in found.items() if file.is_writable_by_others] == []
    assert tree.files["var/lib/tm-exporter"].user == 65532


def test_every_probe_of_the_demo_passes(shown: Container) -> None:
    """Within 128 MiB, without a shell, and nothing to write to but /tmp and state."""
    daemon = shown.daemon()
    verdicts = daemon.wait_for_verdicts(PROBES)
    (resident,) = daemon.page().select("process_resident_memory_bytes")
    state = shown.engine.inspect(shown.name)["State"]

    assert [probe for probe, passed in verdicts.items() if not passed] == []
    assert resident.value < 128 * 1024 * 1024
    assert not state["OOMKilled"]


def test_it_is_nobody_and_may_nothing(shown: Container) -> None:
    """No capability, no more privileges, a user that the machine does not know."""
    status = shown.python("print(open('/proc/1/status').read())")
    said = dict(line.split(":\t") for line in status.splitlines())

    assert said["Uid"].split() == ["65532"] * 4
    assert said["Gid"].split() == ["65532"] * 4
    assert {int(said[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert said["NoNewPrivs"] == "1"
    assert said["Name"] == "tm-exporter"


def test_it_writes_only_where_it_may(shown: Container) -> None:
    """The root is for reading, and bytecode is there already."""
    code = (
        "import os; print([path for path in ('/', '/etc', '/opt/tm-exporter', '/usr',"
        " '/var', '/var/lib', '/var/lib/tm-exporter', '/var/tmp', '/tmp')"
        " if os.access(path, os.W_OK)"
        " and not os.statvfs(path).f_flag & os.ST_RDONLY])"
    )

    assert shown.python(code) == "['/var/lib/tm-exporter', '/tmp']"


def test_what_it_imports_is_compiled(shown: Container) -> None:
    """Since a health check starts Python every half minute."""
    code = (
        "import os, sys, tm_exporter.config.load; print([name for name, module in"
        " sys.modules.items() if (cached := vars(module).get('__cached__'))"
        " and not os.path.exists(cached)])"
    )

    assert shown.python(code) == "[]"


def test_the_health_check_passes(shown: Container) -> None:
    """By the command of the image."""
    assert eventually(shown.is_healthy, within=20, what="health")


def test_it_ends_within_two_seconds(engine: Engine, image: str, tmp_path: Path) -> None:
    """As the first process of a container, which no default ends."""
    assert image
    with demo(engine, tmp_path / "ended") as found:
        started(found)

        assert found.end(within=2) == 0


def test_it_ends_while_it_still_loads(
    engine: Engine, image: str, tmp_path: Path
) -> None:
    """Which takes a second, and more where a container has little of a processor."""
    assert image
    with demo(engine, tmp_path / "early") as found:
        pid = eventually(found.pid, within=10, what="process")
        eventually(lambda: catches(pid, SIGTERM), within=10, what="handler")

        assert found.end(within=2) == 0
        assert "listening" not in found.child.stdout


def test_a_bad_configuration_is_said(
    engine: Engine, image: str, tmp_path: Path
) -> None:
    """In one sentence, with the exit status that no restart mends."""
    assert image
    with container(engine, tmp_path / "bad", "run", "--listen", "nowhere") as found:
        assert found.child.process.wait(30) == 2
        assert "HOST:PORT" in found.child.stderr


@pytest.fixture(scope="module")
def playground(engine: Engine, image: str) -> Iterator[Project]:
    """Start the playground: the exporter's image, and stand-ins for two others."""
    assert image
    services = yaml.safe_load(PLAYGROUND.read_text("utf-8"))["services"]
    for name in ("prometheus", "alertmanager"):
        engine.stand_in(services[name]["image"], ROOT / ".tools" / "newest" / "usr")
    project = Project(engine, (PLAYGROUND,))
    with running(project, "exporter", "alertmanager", "prometheus"):
        yield project


def test_the_playground_scrapes_the_exporter(playground: Project) -> None:
    """By the names that the compose file gives, and judges by the rules."""

    def up() -> bool:
        answer = playground.ask("PROMETHEUS", "/api/v1/query?query=up")
        return bool(answer) and [
            (row["metric"]["instance"], row["value"][1])
            for row in answer["data"]["result"]
        ] == [("exporter:9877", "1")]

    assert eventually(up, within=30, what="scrape")
    rules = playground.ask("PROMETHEUS", "/api/v1/rules")["data"]["groups"]
    assert sum(len(group["rules"]) for group in rules) > 50


def test_the_playground_tells_alertmanager(playground: Project) -> None:
    """
    The watchdog fires always, and arrives.

    In seconds; what is sent before Alertmanager listens is sent again after a minute.
    """

    def heard() -> bool:
        alerts = playground.ask("ALERTMANAGER", "/api/v2/alerts") or ()
        return "TensormeshWatchdog" in {
            alert["labels"]["alertname"] for alert in alerts
        }

    assert eventually(heard, within=100, what="alert at Alertmanager")


@pytest.fixture
def production(engine: Engine, image: str, tmp_path: Path) -> Iterator[Project]:
    """Start what the page on compose says, and the simulated service beside it."""
    assert image
    shutil.copy(PLAYGROUND.with_name("production.yaml"), tmp_path)
    page = (ROOT / "docs" / "install-compose.md").read_text("utf-8")
    config = yaml.safe_load(page.partition("```yaml")[2].partition("```")[0])
    (target,) = config["targets"]
    real, ours = "https://serverless.tensormesh.ai", "http://simulator:9878"
    assert target["base_url"] == real
    target |= {"base_url": ours + PREFIXES["serverless"], "allow_plain_http": True}
    put(tmp_path / "config" / "exporter.yml", yaml.safe_dump(config))
    put(tmp_path / target["api_key_file"].removeprefix("/run/"), Credentials().api_key)
    files = (tmp_path / "production.yaml", Path(__file__).with_name("simulated.yaml"))
    with running(Project(engine, files), "simulator") as project:
        look = (
            "import urllib.request as u;"
            " print(u.urlopen('http://127.0.0.1:9878/simulator/state').read())"
        )
        eventually(
            lambda: project.execute("simulator", "python", "-c", look, status=None),
            within=20,
            what="simulated service",
        )
        yield project


def test_production_keeps_its_ledger(production: Project) -> None:
    """It watches and pays, and whoever takes its place goes on with the same books."""
    production.up("exporter")
    assert eventually(
        lambda: has_passed(production.text("EXPORTER", "/metrics"), "chat_stream"),
        within=30,
        what="success of a paid probe",
    )
    ledger = production.execute(*LEDGER)
    production.down()
    production.up("simulator", "exporter")

    assert eventually(
        lambda: has_passed(production.text("EXPORTER", "/metrics"), "health"),
        within=30,
        what="success of a free probe",
    )
    assert production.execute(*LEDGER) == ledger


def put(path: Path, text: str) -> None:
    """Write a file that the exporter's user alone may read."""
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o400)
    shutil.chown(path, 65532, 65532)
