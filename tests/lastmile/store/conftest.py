"""Every store test runs on both databases."""

import shutil

import pytest

from lastmile.store import RunLog

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(params=BOTH)
def empty_url(request, tmp_path) -> str:
    """The address of a store without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/store.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture(params=BOTH)
def url(request, tmp_path) -> str:
    """The address of a new store with the newest tables: a copy, since migrating takes a while."""
    made = request.getfixturevalue(f"{request.param}_template")
    if request.param == "postgres":
        return request.getfixturevalue("postgres").database(template=made)
    (tmp_path / "state").mkdir()
    shutil.copy(made, tmp_path / "state/store.db")
    return f"sqlite:///{tmp_path}/state/store.db"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "template.db"
    RunLog(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres):
    url = postgres.database()
    RunLog(url).close()
    return url.split("@/")[1].split("?")[0]
