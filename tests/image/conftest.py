"""The image, built once for all tests, and what runs of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.checkout import copied, copied_elsewhere
from tests.image.container import IMAGE, Container, demo, started
from tests.image.engine import Engine
from tests.image.engine import engine as running_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Have podman and buildah, with a store of our own."""
    with running_engine() as made:
        yield made


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout that does not change while it is built."""
    return copied(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def image(engine: Engine, checkout: Path) -> str:
    """Build the image."""
    engine.build(checkout, IMAGE)
    return IMAGE


@pytest.fixture(scope="session")
def rebuilt(
    engine: Engine, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Build it again, out of a checkout of somebody else."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "checkout"
    engine.build(copied_elsewhere(checkout, elsewhere), "localhost/rebuilt")
    return "localhost/rebuilt"


@pytest.fixture(scope="module")
def shown(
    engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """Run the demo in a container."""
    assert image
    with demo(engine, tmp_path_factory.mktemp("demo")) as container:
        yield started(container)
