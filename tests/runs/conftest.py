"""One played run, shared by the tests of this folder."""

from pathlib import Path

import pytest

from tests.runs.scene import play


@pytest.fixture(scope="session")
def lost_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("lost"))
