"""What a report is: the file `reports/NAME.toml`."""

import re
from datetime import date, datetime
from typing import Literal

from pydantic import Field, field_validator

from lastmile.definitions import Definition
from lastmile.delivery.definition import Deliver, Owners
from lastmile.reporting.retention import KeepText
from lastmile.values import Bytes, Seconds

Format = Literal["html", "pdf"]
TypeName = Literal["int", "float", "bool", "str", "date", "datetime", "month", "list", "dict"]
Passing = Literal[
    "kernel-start", "kernel-died", "out-of-memory", "deadline", "silence", "cell-error"
]
"""Causes that a report may ask to be tried again for."""

Limit = int | float | date | datetime | str
Value = bool | int | float | datetime | date | str | list[object] | dict[str, object] | None


class ParameterRule(Definition):
    """What a report says about one parameter beyond the notebook's own default and annotation."""

    type: TypeName | None = Field(default=None, description="narrows the notebook's annotation")
    help: str = ""
    value: Value = Field(default=None, description="replaces the notebook's default")
    minimum: Limit | None = None
    maximum: Limit | None = None
    pattern: str | None = Field(default=None, description="a text must match it as a whole")
    choices: tuple[Value, ...] = ()

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern


class ReportFile(Definition):
    """A report: which notebook, which parameters, which formats, which limits."""

    title: str = Field(min_length=1)
    notebook: str = Field(min_length=1, description="path below the workspace")
    description: str = ""
    formats: tuple[Format, ...] = Field(default=("html", "pdf"), min_length=1)
    code: Literal["folded", "shown", "hidden"] = "folded"
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    kernel: str = Field(default="", description="kernel name; the notebook's own by default")
    timeout: Seconds = Field(default=3600.0, gt=0, description="limit of the whole run")
    cell_timeout: Seconds | None = Field(default=None, gt=0, description="limit of one cell")
    silence: Seconds | None = Field(default=None, gt=0, description="limit without any output")
    memory: Bytes | None = Field(default=None, gt=0, description="kernel and its children")
    threads: int | None = Field(default=None, ge=1, description="of native thread pools")
    share_prefix: bool = Field(
        default=False,
        exclude=True,
        description="in a backfill, run the cells above the parameters once for all runs",
    )
    strict: bool = Field(default=False, description="a defect fails the run")
    retries: int = Field(default=0, ge=0, le=10, description="further attempts")
    retry_on: tuple[Passing, ...] = Field(
        default=("kernel-start",), description="causes that may pass"
    )
    retry_delay: Seconds = Field(
        default=10.0, ge=0, description="before the second attempt; doubles with each"
    )
    data: tuple[str, ...] = Field(
        default=(), description="files below the workspace that it is made from; part of a plan"
    )
    keep: KeepText = Field(
        default="", exclude=True, description="how long publications are kept; for ever by default"
    )
    owners: Owners = Field(default=(), exclude=True)
    deliver: tuple[Deliver, ...] = Field(
        default=(), exclude=True, description="who gets what is published"
    )
    parameters: dict[str, ParameterRule] = Field(default_factory=dict)

    @field_validator("notebook")
    @classmethod
    def _stays_inside(cls, notebook: str) -> str:
        if ".." in re.split(r"[/\\]", notebook) or notebook.startswith(("/", "~")):
            raise ValueError("name a path below the workspace")
        return notebook
