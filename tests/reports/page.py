"""Reading a page as a browser would, and the browser that does."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)

SWITCHED = """async () => {
  const player = document.querySelector(':is(#listen, .players) [data-player]');
  const at = () => Number(player.dataset.at);
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  await frame();
  const before = [at(), performance.now()];
  player.querySelectorAll('[aria-pressed]')[1].click();
  await frame();
  return {moved: at() - before[0], passed: (performance.now() - before[1]) / 1000, version: player.dataset.version};
}"""
"""Switches the first player to its second version; by how many seconds it moved, and how many passed."""

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Tags in balance, ids, links, sources, scripts and data of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.sources: list[str] = []
        self.anchors: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str] = []
        self.held: list[str] = []
        self._into = self.scripts
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given)
        if "id" in given:
            assert given["id"] not in self.ids
            self.ids.add(given["id"])
        if tag == "a":
            self.anchors.append(given["href"])
        self.sources += [given[name] for name in ("src", "href") if name in given and tag != "a"]
        if tag == "script":
            self._into = self.held if given.get("type") == "application/json" else self.scripts
        if tag == "img":
            assert given["alt"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self._into.append(data)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
