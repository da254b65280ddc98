"""Three reports opened in a real browser: charts are drawn, and nothing is fetched."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.commands.recorded import open_run
from lab.commands.reporting.facts import report_of
from lab.commands.reporting.page import page
from lab.session import Session
from tests.runs.scene import play

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
MUST_RUN = bool(os.environ.get("FEDLAB_NEED_BROWSER"))
pytestmark = pytest.mark.skipif(
    not BROWSER and not MUST_RUN, reason="no chromium here: apt-get install chromium"
)
SCENARIOS = Path(__file__).parents[3] / "scenarios"

PROBE = """
<script>
addEventListener('load', () => {
  const drawn = [...document.querySelectorAll('svg')].map(svg => {
    const box = svg.getBoundingClientRect();
    const shapes = [...svg.querySelectorAll('path, rect')].filter(each => {
      const size = each.getBoundingClientRect();
      return size.width > 0.5 || size.height > 0.5;
    });
    const seen = shapes.filter(each => {
      const style = getComputedStyle(each);
      return style.fill !== 'none' || style.stroke !== 'none';
    });
    return {width: box.width, height: box.height, shapes: seen.length};
  });
  const out = document.body.scrollWidth > document.documentElement.clientWidth + 1;
  const asked = performance.getEntriesByType('resource').map(each => each.name);
  const probe = document.createElement('pre');
  probe.id = 'probe';
  probe.textContent = JSON.stringify({drawn, out, asked});
  document.body.append(probe);
});
</script>
"""


def scenario_report(folder: Path, name: str) -> str:
    out = folder / "scenario.run"
    with Session.open(SCENARIOS / name, out=out) as session:
        session.play()
    return report(out)


def report(path: Path) -> str:
    world = open_run(path)
    try:
        return page(report_of(world))
    finally:
        world.reader.close()


PAGES = {
    "a cluster is lost": lambda folder: report(play(folder)),
    "a cordon": lambda folder: scenario_report(folder, "cordon.yaml"),
    "regions": lambda folder: scenario_report(folder, "region-spread.yaml"),
}


def browse(page_file: Path, *flags: str) -> str:
    assert BROWSER, "FEDLAB_NEED_BROWSER is set, and there is no chromium"
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         f"--user-data-dir={page_file.parent / 'profile'}", "--window-size=1000,800",
         "--virtual-time-budget=4000", *flags, page_file.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("make", PAGES.values(), ids=PAGES.keys())
def test_charts_are_drawn_and_nothing_is_fetched(tmp_path: Path, make: object) -> None:
    text = make(tmp_path)  # type: ignore[operator]
    measured = tmp_path / "measured.html"  # the same page, with a ruler laid on it
    ruled = text.replace("style-src", "script-src 'unsafe-inline'; style-src")
    measured.write_text(ruled.replace("</body>", f"{PROBE}</body>"), "utf-8")
    seen = browse(measured, "--dump-dom")
    probe = re.search(r'<pre id="probe">(.*?)</pre>', seen, re.S)
    assert probe is not None
    facts = json.loads(probe[1].replace("&quot;", '"').replace("&amp;", "&"))
    assert len(facts["drawn"]) >= 2
    assert all(each["width"] > 600 for each in facts["drawn"])
    assert all(each["shapes"] >= 1 for each in facts["drawn"])
    assert facts["drawn"][0]["shapes"] >= 3
    assert facts["asked"] == []
    assert facts["out"] is False, "the page is wider than the window"


BAIT = '<img src="https://bait.invalid/x.png"><link rel="stylesheet" href="https://bait.invalid/y">'


def test_the_page_asks_for_nothing_on_the_wire(tmp_path: Path) -> None:
    """Even if something to fetch came into a page, its own rules would keep it from being asked."""
    text = report(play(tmp_path)).replace("</body>", f"{BAIT}</body>")
    lawless = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert lawless != text
    asked = []
    for name, each in (("page", text), ("lawless", lawless)):
        page_file, log = tmp_path / f"{name}.html", tmp_path / f"{name}.json"
        page_file.write_text(each, "utf-8")
        browse(page_file, "--dump-dom", f"--log-net-log={log}")
        asked.append("bait.invalid" in log.read_text("utf-8", errors="replace"))
    assert asked == [False, True]
