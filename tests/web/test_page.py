"""The page as files: nothing from outside, nothing inline, no markup made from data."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "appliance" / "web"
FILES = sorted(path for path in WEB.iterdir() if path.suffix in {".html", ".css", ".js", ".svg"})
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
FORBIDDEN = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc|createContextualFragment|DOMParser)\b"
    r"|\bdocument\.write|\beval\s*\(|\bnew\s+Function\b|\bimport\s*\("
    r"|\bset(?:Timeout|Interval)\(\s*[\"'`]"
)
IMPORT = re.compile(r"^(?:import|export)\s(?:[^;\"]*?\sfrom\s)?\s*\"([^\"]+)\"", re.M)
OUTSIDE = re.compile(r"(?:https?|wss?):(?=\\?/)|[\"'(]//\w|@import|\burl\(")
LIMIT = 120_000  # bytes, all files together

names = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
scripts = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)


class Markup(HTMLParser):
    """What an HTML file loads, and what it carries inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.inline += [str(v) for v in given.values() if str(v).startswith("javascript:")]
        self._inside = tag if tag in {"script", "style"} else None
        for name in ("src", "href"):
            if given.get(name):
                self.loads.append(str(given[name]))

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = None


def markup(text: str) -> Markup:
    parser = Markup()
    parser.feed(text)
    parser.close()
    return parser


def test_the_files_are_there() -> None:
    assert {"index.html", "style.css", "app.js", "icon.svg"} <= {path.name for path in FILES}
    assert sum(path.stat().st_size for path in FILES) < LIMIT


@names
def test_no_address_outside_this_server(path: Path) -> None:
    text = path.read_text("utf-8").replace(SVG_NAMESPACE, "")
    assert not OUTSIDE.findall(text)


def test_nothing_inline_in_the_html() -> None:
    for path in FILES:
        if path.suffix in {".html", ".svg"}:
            assert markup(path.read_text("utf-8")).inline == [], path.name


def test_the_html_loads_only_files_that_exist() -> None:
    loads = markup((WEB / "index.html").read_text("utf-8")).loads
    assert "/static/app.js" in loads
    for address in loads:
        assert address.startswith("/static/"), address
        assert (WEB / address.removeprefix("/static/")).is_file(), address


@scripts
def test_no_markup_is_made_from_text(path: Path) -> None:
    assert not FORBIDDEN.findall(path.read_text("utf-8"))


@scripts
def test_every_imported_module_and_name_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for target in IMPORT.findall(text):
        assert target.startswith("./"), target
        assert (WEB / target).is_file(), target
    for wanted, target in re.findall(r"^import\s*\{([^}]*)\}\s*from\s*\"\./([^\"]+)\"", text, re.M):
        exported = set(
            re.findall(
                r"^export\s+(?:async\s+)?(?:function|const|let|class)\s+(\w+)",
                (WEB / target).read_text("utf-8"),
                re.M,
            )
        )
        asked = {name.split(" as ")[0].strip() for name in wanted.split(",") if name.strip()}
        assert asked <= exported, (target, asked - exported)


def test_every_module_is_reached_from_the_page() -> None:
    reached: set[str] = set()
    waiting = ["app.js"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            text = (WEB / name).read_text("utf-8")
            waiting += [target.removeprefix("./") for target in IMPORT.findall(text)]
    assert reached == {path.name for path in SCRIPTS}


def listed_texts() -> set[str]:
    """The names in texts.js, such as "logout", "login" and "login.title"."""
    names: set[str] = set()
    group = ""
    for line in (WEB / "texts.js").read_text("utf-8").splitlines():
        if found := re.match(r"  (\w+):", line):
            group = found[1]
            names.add(group)
        elif found := re.match(r"    (\w+):", line):
            names.add(f"{group}.{found[1]}")
    return names


GROUPS = {name.split(".")[0] for name in listed_texts() if "." in name}


@scripts
def test_every_text_used_is_in_the_list_of_texts(path: Path) -> None:
    listed = listed_texts()
    text = re.sub(r"^import.*$", "", path.read_text("utf-8"), flags=re.M)
    used = set(re.findall(r"\btexts\.(\w+(?:\.\w+)?)", text))
    for group in re.findall(r"^const words = texts\.(\w+);", text, re.M):
        used |= {f"{group}.{name}" for name in re.findall(r"\bwords\.(\w+)", text)}
    known = {name for name in used if name in listed or name.split(".")[0] in listed - GROUPS}
    assert used <= known | GROUPS


@pytest.mark.parametrize(
    "text",
    ["@import 'x.css';", "url(x.png)", '"//cdn.example/x.js"', "https://cdn.example", "ws:\\/\\/x"],
)
def test_the_check_of_addresses_can_fail(text: str) -> None:
    assert OUTSIDE.search(text)


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color: red'>x</p>",
        "<body onload='start()'></body>",
        "<script>start()</script>",
        "<style>p { color: red }</style>",
        "<a href='javascript:start()'>x</a>",
    ],
)
def test_the_check_of_the_html_can_fail(html: str) -> None:
    assert markup(html).inline


@pytest.mark.parametrize(
    "source",
    [
        "node.innerHTML = text;",
        "node.outerHTML = text;",
        "node.insertAdjacentHTML('beforeend', text);",
        "eval (text)",
        "document.write(text)",
        "new Function(text)",
        "setTimeout('start()', 1)",
    ],
)
def test_the_check_of_the_scripts_can_fail(source: str) -> None:
    assert FORBIDDEN.search(source)
