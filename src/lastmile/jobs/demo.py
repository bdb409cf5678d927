"""Which report and which export `lastmile demo` shows."""

from lastmile.errors import UnknownName
from lastmile.workspace import Demo, Workspace, names_in


def choose(workspace: Workspace) -> Demo:
    """The report and export that the settings name, else the first of each.

    Raises:
        UnknownName: there is none, or none of that name.
    """
    wanted = workspace.settings.demo
    return Demo(
        report=_one(workspace, "report", wanted.report),
        export=_one(workspace, "export", wanted.export),
    )


def _one(workspace: Workspace, kind: str, wanted: str) -> str:
    folder = workspace.reports if kind == "report" else workspace.exports
    known = names_in(folder)
    if not wanted and known:
        return known[0]
    if wanted not in known:
        raise UnknownName(kind, wanted or "(any)", known=known, folder=folder.name)
    return wanted
