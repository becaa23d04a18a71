"""Builds the docs as a site: ``python scripts/docs_site.py [--players] OUT``; exit code 1: something leads nowhere.

Pages are written for who reads the repository: ``../README.md`` from a page in ``docs/``, ``docs/runs.md`` from the
read-me. On the site everything outside of ``docs/`` that a page refers to stands under ``project/``, and links are
rewritten on the way; so the site is built from a copy, by Zensical (the extra ``docs``), of ``mkdocs.yml``. What it
made is read again: every link and every anchor has to be there, and nothing may be loaded from elsewhere.

With ``--players`` every degradation's page plays the clip of its picture, clean and damaged. That takes the
installed package, which the site alone does not, and a minute or two.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
CONFIG, DOCS, OUTSIDE = "mkdocs.yml", "docs", "project"

_LINK = re.compile(r"(?<=\]\()([^)\s#]+)(?=[#)])")
_FENCED = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
_ROLE = re.compile(r":(?:mod|class|func|meth|attr|exc|data):<code>[~.]?(?:[\w.]*\.)?(\w+)</code>")
_REMOTE = re.compile(r"@import|url\(\s*['\"]?(?:https?:)?//")


def main() -> None:
    """Build and check the site."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="where the site is written")
    parser.add_argument("--players", action="store_true", help="damage to hear on the pages of the degradations")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes that make players")
    options = parser.parse_args()
    out = options.out
    build(out)
    if options.players:
        add_players(out, options.jobs)
    mistakes = list(check(out))
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    print(f"{out / 'index.html'}: {len(list(out.rglob('*.html')))} pages, {len(mistakes)} mistakes")
    sys.exit(bool(mistakes))


def build(out: Path) -> None:
    """Write the site.

    Raises:
        CalledProcessError: it cannot be built, or not without a warning.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        stage(place)
        subprocess.run(["zensical", "build", "--strict", "--config-file", str(place / CONFIG)], check=True)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(place / "site", out)
    for page in out.glob("*.html"):
        page.write_text(_ROLE.sub(r"<code>\1</code>", page.read_text(encoding="utf-8")), encoding="utf-8")


def add_players(out: Path, jobs: int) -> None:
    """Put players into the page of every degradation.

    Args:
        out: a built site.
        jobs: processes.
    """
    from pages import players  # the package, which a site without players does not need
    from pages.index import registered
    from pages.measure import in_parallel, one_thread

    one_thread()
    names = [degradation.name for degradation in registered()]
    for name, section in zip(names, in_parallel(players.section, names, jobs), strict=True):
        players.put_into(out / "degradations" / f"{name}.html", section)
    players.copy_assets(out / "assets")


def stage(place: Path) -> None:
    """Write what the site is made of: the docs, and under ``project/`` what they refer to beside them."""
    shutil.copytree(ROOT / DOCS, place / DOCS)
    config = (ROOT / CONFIG).read_text(encoding="utf-8")
    (place / CONFIG).write_text(config.replace("paths: [.]", f"paths: [{ROOT}]"), encoding="utf-8")
    pages = {f"{DOCS}/{path.relative_to(ROOT / DOCS).as_posix()}" for path in (ROOT / DOCS).rglob("*.md")}
    wanted = {*pages, *re.findall(rf"{OUTSIDE}/(\S+)$", config, re.MULTILINE)}
    done: set[str] = set()
    while new := wanted - done:
        done |= new
        for name in sorted(new):
            target = place / DOCS / _on_site(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not name.endswith(".md"):
                shutil.copyfile(ROOT / name, target)
                continue
            text = (ROOT / name).read_text(encoding="utf-8")
            target.write_text(rewritten(text, name), encoding="utf-8")
            wanted |= {one for one in _targets(text, name) if one not in pages}


def rewritten(text: str, page: str) -> str:
    """A page with its links as they are on the site; what stands in code stays.

    Args:
        text: of the page.
        page: its path in the project's folder.
    """
    here = PurePosixPath(_on_site(page)).parent

    def link(found: re.Match[str]) -> str:
        name = _target(page, found[0])
        return found[0] if name is None else os.path.relpath(_on_site(name), here)

    parts = _FENCED.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in parts)


def _targets(text: str, page: str) -> set[str]:
    """The files of the project that a page refers to."""
    targets = {_target(page, link) for link in _LINK.findall(_FENCED.sub("", text))}
    return {one for one in targets if one is not None and (ROOT / one).is_file()}


def _target(page: str, link: str) -> str | None:
    """What a link of a page leads to, from the project's folder; None for an address, and for nothing.

    Args:
        page: its path in the project's folder.
        link: as it stands there.
    """
    if ":" in link:
        return None
    name = os.path.normpath(PurePosixPath(page).parent / link)
    if (ROOT / name).is_dir():
        name = f"{name}/README.md"
    return name if (ROOT / name).is_file() else None


def _on_site(name: str) -> str:
    return name.removeprefix(f"{DOCS}/") if name.startswith(f"{DOCS}/") else f"{OUTSIDE}/{name}"


class _Page(HTMLParser):
    """What a page refers to, what it loads, and what can be referred to in it."""

    LOADS: Mapping[str, str] = {"script": "src", "img": "src", "iframe": "src", "source": "src", "audio": "src"}

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag says."""
        of_tag = {name: value for name, value in attrs if value}
        self.anchors |= {of_tag[name] for name in ("id", "name") if name in of_tag}
        if tag == "a" and "href" in of_tag:
            self.links.append(of_tag["href"])
        if tag == "link" and of_tag.get("rel") not in ("canonical", "next", "prev", "alternate"):
            self.loads.append(of_tag.get("href", ""))
        if tag in self.LOADS and self.LOADS[tag] in of_tag:
            self.loads.append(of_tag[self.LOADS[tag]])


def check(site: Path) -> Iterator[str]:
    """What is wrong with a site: links and anchors that lead nowhere, and what is loaded from elsewhere."""
    pages: dict[Path, _Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        name = path.relative_to(site)
        if name == Path("404.html"):  # its links are from the top of wherever the site lies
            continue
        for link in page.loads:
            if urlsplit(link).netloc:
                yield f"{name}: loads {link}"
        for link in dict.fromkeys([*page.links, *page.loads]):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            target = target / "index.html" if target.is_dir() else target
            anchors = pages[target].anchors if target in pages else None
            if not target.is_file():
                yield f"{name}: {link} leads nowhere"
            elif anchors is not None and parts.fragment and unquote(parts.fragment) not in anchors:
                yield f"{name}: {link}: there is no such anchor"
    for path in sorted(site.rglob("*.css")):
        if _REMOTE.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads something from elsewhere"


if __name__ == "__main__":
    main()
