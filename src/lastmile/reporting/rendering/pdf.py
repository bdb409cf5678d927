"""A report as a PDF: tagged (PDF/UA-1), with an outline, its fonts inside.

Typst's compiler comes inside the wheel `typst`; it runs threads of its own, which do not survive
`fork()`. A process that has called :func:`render_pdf` must therefore not fork children that call
it again: start those anew, or fork before.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nbformat import NotebookNode

from lastmile.reporting.rendering.blocks import (
    Aside,
    Block,
    Document,
    Equation,
    Figure,
    Heading,
    Paragraph,
    Printed,
    Step,
    Table,
    Text,
    plain,
)
from lastmile.reporting.rendering.document import document_of
from lastmile.reporting.rendering.front import Front
from lastmile.reporting.rendering.typeset import Typesetter, typst_program


def render_pdf(notebook: NotebookNode, front: Front) -> bytes:
    """The PDF of an executed notebook, A4 upright.

    `notebook` is nbformat 4 with its outputs; nothing in it is trusted, and nothing is executed.
    Sources are printed where `front.code` is "shown". A block that cannot be typeset is printed
    as its words; a character that no font here has (the compiler's own first, then those of the
    system) is the only reason for a file that does not claim PDF/UA-1.
    """
    front = front.cleaned()
    return pdf_of(document_of(notebook, title=front.title, code=front.code), front)


def pdf_of(document: Document, front: Front) -> bytes:
    """The PDF of a document model."""
    from typst import TypstError

    try:
        return _first_that_compiles(document, front)
    except TypstError:
        sound = replace(document, blocks=_sound(document.blocks, front))
        return _first_that_compiles(sound, front)


def _first_that_compiles(document: Document, front: Front) -> bytes:
    """Tagged with the compiler's own fonts, else with the system's too, else not tagged."""
    from typst import TypstError

    program, pictures = _program(document, front)
    for system_fonts in (False, True):
        try:
            return _compiled(program, pictures, system_fonts=system_fonts)
        except TypstError:
            continue
    return _compiled(program, pictures, system_fonts=True, tagged=False)


def _program(document: Document, front: Front) -> tuple[str, Mapping[str, bytes]]:
    anchors = frozenset(heading.anchor for heading in document.headings)
    typesetter = Typesetter(shown=front.code == "shown", anchors=anchors)
    expressions = typesetter.blocks(document.blocks)
    return typst_program(front, expressions), typesetter.pictures


def _compiled(
    program: str,
    pictures: Mapping[str, bytes],
    *,
    system_fonts: bool = False,
    tagged: bool = True,
) -> bytes:
    """Compile in a folder of its own, the only one that the program can read.

    Raises:
        TypstError: it does not compile, or the compiler itself broke on it.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="lastmile-pdf-") as folder:
        for name, data in pictures.items():
            Path(folder, name).write_bytes(data)
        main = Path(folder, "main.typ")
        main.write_text(program, encoding="utf-8")
        try:
            return typst.compile(
                str(main),
                root=folder,
                package_path=folder,
                package_cache_path=folder,
                ignore_system_fonts=not system_fonts,
                pdf_standards=["ua-1"] if tagged else [],
            )
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # Rust's own, beside Python's exceptions
                raise typst.TypstError(f"the compiler broke: {error}", "") from error
            raise


def _sound(blocks: Sequence[Block], front: Front) -> tuple[Block, ...]:
    """The same blocks, each that does not compile by itself replaced by its words."""
    sound: list[Block] = []
    for block in blocks:
        if _compiles(block, front):
            sound.append(block)
        elif isinstance(block, Step):
            sound.append(replace(block, blocks=_sound(block.blocks, front)))
        else:
            sound.append(_plainer(block))
    return tuple(sound)


def _compiles(block: Block, front: Front) -> bool:
    from typst import TypstError

    program, pictures = _program(Document((block,)), front)
    try:
        _compiled(program, pictures, tagged=False)
    except TypstError:
        return False
    return True


def _plainer(block: Block) -> Block:
    match block:
        case Heading(level, content, anchor):
            return Heading(level, (Text(plain(content)),), anchor)
        case Paragraph(content):
            return Paragraph((Text(plain(content)),))
        case Equation(tex):
            return Printed(((tex, ""),), "result")
        case Figure(alt=alt):
            return Aside(f"A picture cannot be printed: {alt}")
        case Table(body=body):
            rows = "\n".join("  ".join(plain(cell.content) for cell in row) for row in body)
            return Printed(((rows, ""),), "result")
        case _:
            return Aside("A part of the report cannot be printed; the HTML page has it.")
