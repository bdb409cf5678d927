"""The documentation says what is true: each command, target and path in it exists."""

import doctest
import re
import shlex
from pathlib import Path

import click
import pytest

from lastmile.cli.main import lastmile

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "reports/README.md", "exports/README.md",
                 "schedule/README.md", "src/lastmile/template/README.md")
]  # fmt: skip


def blocks(page: Path, *languages: str) -> list[str]:
    """The contents of the page's fenced blocks in one of the languages."""
    found: list[str] = []
    language: str | None = None
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            opens = language is None
            language = line.removeprefix("```") if opens else None
            if opens and language in languages:
                found.append("")
        elif language in languages:
            found[-1] += line + "\n"
    return found


def command_lines() -> list[tuple[str, str]]:
    return [
        (page.name, line.split("#")[0].strip())
        for page in PAGES
        for block in blocks(page, "", "sh")
        for line in block.splitlines()
        if line.startswith(("lastmile ", "make "))
    ]


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_each_command_of_the_documentation_exists(page, line):
    words = shlex.split(line.split("&&")[0])
    if words[0] == "make":
        assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
        return
    command: click.Command = lastmile
    rest = words[1:]
    context = click.Context(lastmile)
    while isinstance(command, click.Group):
        found = command.get_command(context, rest.pop(0))
        assert found is not None, line
        command = found
    command.make_parser(context).parse_args(rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_of_the_documentation_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def commands(
    group: click.Group = lastmile, path: str = "lastmile"
) -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        inner = f"{path} {name}"
        found.append((inner, command))
        if isinstance(command, click.Group):
            found += commands(command, inner)
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda part: str(part))
def test_each_command_has_help_with_an_example(name, command):
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option))
    if not isinstance(command, click.Group) and command.params:
        assert "Example" in (command.epilog or ""), name


def test_every_command_is_in_the_documentation():
    pages = "".join(page.read_text() for page in PAGES)

    assert [
        name
        for name, command in commands()
        if not isinstance(command, click.Group) and name not in pages
    ] == []


def test_definitions_in_the_documentation_are_read_without_a_fault():
    from lastmile.definitions import parse_definition
    from lastmile.exporting.definition import ExportFile
    from lastmile.reporting.definition import ReportFile
    from lastmile.scheduling.definition import ScheduleFile
    from lastmile.workspace import Settings

    for name, model in (("reports", ReportFile), ("exports", ExportFile),
                        ("schedule", ScheduleFile)):  # fmt: skip
        page = ROOT / name / "README.md"
        examples = blocks(page, "toml")
        assert examples
        for example in examples:
            if example.startswith("[tool.lastmile]"):
                parse_definition(example, Settings, shown=str(page), table=("tool", "lastmile"))
            else:
                parse_definition(example, model, shown=str(page))


def test_the_example_from_python_gives_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "exports/README.md").read_text()
    section = tmp_path / "section.md"
    section.write_text(page.split("## From Python\n")[1].split("\n## ")[0])
    names: dict[str, object] = {}
    [program] = blocks(section, "python")
    exec(compile(program, "exports/README.md", "exec"), names)
    shown = "\n".join(blocks(section, "pycon"))
    examples = doctest.DocTestParser().get_doctest(shown, names, "exports/README.md", None, 0)

    assert len(examples.examples) == 7
    assert doctest.DocTestRunner().run(examples).failed == 0
    assert (tmp_path / "flats.onnx").is_file()
    assert (tmp_path / "Flats.mlpackage/Manifest.json").is_file()


def test_the_settings_in_the_readme_are_all_there_are():
    from lastmile.definitions import parse_definition
    from lastmile.workspace import Settings

    [example] = blocks(ROOT / "README.md", "toml")
    settings = parse_definition(example, Settings, shown="README", table=("tool", "lastmile"))

    assert settings.model_fields_set == set(Settings.model_fields)


def test_the_folders_of_the_readme_are_those_of_the_top_level():
    readme = (ROOT / "README.md").read_text()
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "dist", "build"))
    }

    assert {"reports", "notebooks", "src", "exports", "tests", "schedule"} == folders
    for folder in folders:
        assert f"`{folder}/`" in readme
