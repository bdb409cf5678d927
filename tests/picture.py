"""`make picture`: README.png, a real report page beside a real bundle.

Run after `make demo`. Needs Chromium.
"""

import base64
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "reports/_built/seattle-weather/latest/index.html"
BUNDLE = ROOT / "exports/_built/rain-tomorrow-1.0.0"
WIDTH, HEIGHT = 1400, 760

FRAME = """
<style>
  body {{ margin: 0; font: 13.5px/1.7 "DejaVu Sans Mono", monospace; background: #e9edf2;
          width: {width}px; height: {height}px; display: flex; gap: 28px; padding: 28px;
          box-sizing: border-box; }}
  figure {{ margin: 0; background: white; border-radius: 10px; overflow: hidden;
            box-shadow: 0 6px 24px #0002; }}
  .page {{ flex: 0 0 800px; }}
  .page img {{ width: 100%; display: block; }}
  .bundle {{ flex: 1; padding: 26px 28px; background: #16202c; color: #dbe4ee; }}
  .bundle b {{ color: #7cc4ff; font-weight: normal; }}
  .bundle i {{ color: #8ea0b3; font-style: normal; }}
  pre {{ margin: 0; font: inherit; }}
</style>
<figure class="page"><img src="data:image/png;base64,{shot}"></figure>
<figure class="bundle"><pre>{tree}</pre></figure>
"""


def tree() -> str:
    """The bundle's folder as text, with the size of each file, and how it was checked."""
    lines = [f"<b>{BUNDLE.name}/</b>"]
    files = sorted(path for path in BUNDLE.rglob("*") if path.is_file())
    names = [path.relative_to(BUNDLE).as_posix() for path in files]
    short = [name.replace("Data/com.apple.CoreML/", "…/") for name in names]
    for index, (name, path) in enumerate(zip(short, files, strict=True)):
        branch = "└─" if index == len(files) - 1 else "├─"
        folder, _, leaf = name.rpartition("/")
        stem = "│" if branch == "├─" else " "
        shown = f"{html.escape(folder)}/<br>{stem}    " if folder else ""
        size = f"{path.stat().st_size / 1000:.1f} kB"
        lines.append(f"{branch} {shown}{html.escape(leaf)} <i>{size}</i>")
    lines += ["", "<b>evidence.json</b>", *evidence()]
    lines += ["", "<b>$ lastmile export check …</b>", *check()]
    return "<br>".join(lines)


def evidence() -> list[str]:
    """What was compared when the bundle was made."""
    pairs = json.loads((BUNDLE / "evidence.json").read_text())["comparisons"]
    return [
        f"{pair['got']:<18}{pair['rows']:,} rows, {pair['label_mismatches']} differ"
        for pair in pairs
        if pair["expected"] == "scikit-learn"
    ]


def check() -> list[str]:
    """What `lastmile export check` prints."""
    lastmile = Path(sys.executable).with_name("lastmile")
    done = subprocess.run([lastmile, "export", "check", BUNDLE], capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    return [html.escape(line).replace("\t", "<br>  ", 1).replace("\t", "  ") for line in lines]


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1150, "height": 1010}, device_scale_factor=1.4)
        page.goto(PAGE.as_uri())
        shot = base64.b64encode(page.screenshot()).decode()
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(FRAME.format(width=WIDTH, height=HEIGHT, shot=shot, tree=tree()))
        page.screenshot(path=ROOT / "README.png")
        browser.close()


if __name__ == "__main__":
    main()
