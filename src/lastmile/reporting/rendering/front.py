"""What stands above a report: its title, its facts, and a word to the reader where one is due."""

from dataclasses import dataclass, replace
from typing import Literal

from lastmile.reporting.rendering.wording import clean

Level = Literal["failed", "degraded", "cancelled", "info"]
CodeView = Literal["folded", "shown", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A banner above the report: what the reader must know before trusting it.

    `link` is a pair of words and a relative or http(s) address. Paper has no use for a relative
    one: the PDF shows its words only.
    """

    level: Level
    heading: str
    text: str
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The title block of a report.

    `facts` are pairs of a label and a value, shown in their order. `code` says what becomes of the
    notebook's sources: behind a click, open, or left out; paper shows only what is open. `language`
    is a BCP 47 tag such as `en` or `pt-BR`.
    """

    title: str
    subtitle: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    notice: Notice | None = None
    code: CodeView = "folded"
    language: str = "en"

    def cleaned(self) -> "Front":
        """The same in text that every page can show, with a title in any case."""
        notice = self.notice
        if notice is not None:
            link = notice.link and (clean(notice.link[0]), clean(notice.link[1]))
            heading, text = clean(notice.heading), clean(notice.text)
            notice = replace(notice, heading=heading, text=text, link=link)
        return replace(
            self,
            title=clean(self.title).strip() or "Report",
            subtitle=clean(self.subtitle),
            facts=tuple((clean(label), clean(value)) for label, value in self.facts),
            notice=notice,
        )
