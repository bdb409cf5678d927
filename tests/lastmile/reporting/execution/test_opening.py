"""A kernel whose opening is interrupted leaves nothing behind, and is told that nobody waits."""

from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from lastmile.reporting.execution.kernel import open_kernel


def test_the_connection_goes_with_the_sockets(tmp_path, monkeypatch):
    """A forked kernel that cannot bind them looks for it, and is silent where it is gone."""
    seen: list[Path] = []

    def interrupted(client, **_options):
        client.km.write_connection_file()
        seen.append(Path(client.km.connection_file))
        assert Path(client.km.ip).parent == seen[0].parent
        assert seen[0].exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(NotebookClient, "start_new_kernel", interrupted)
    notebook = new_notebook(cells=[new_code_cell("1")])
    opened = open_kernel(notebook, "python3", cwd=tmp_path, env={}, cell_timeout=None)
    with pytest.raises(KeyboardInterrupt), opened:
        pass
    assert not seen[0].exists()
    assert not seen[0].parent.exists()
