"""Who may import whom: the rooms of the appliance, read from the imports themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "appliance"

COMMON = {"domain", "errors"}
ROOMS = COMMON | {
    "storage", "engines", "services", "container", "api", "server", "cli", "settings", "logs",
    "sentences", "web", "fonts", "compute_arbiter", "control_groups", "allocator",
    "processors", "__main__", "",
}  # fmt: skip
# Room -> rooms it may import besides itself. "" is the package's own version constants.
MAY_IMPORT = {
    "": set(),
    "domain": set(),
    "errors": set(),
    "sentences": set(),
    "allocator": set(),
    "control_groups": set(),
    "processors": {"control_groups"},
    "settings": {"processors"},
    "logs": set(),
    "compute_arbiter": set(),
    "storage": COMMON | {"compute_arbiter"},
    "engines": COMMON | {"sentences", "compute_arbiter", "control_groups"},
    "services": COMMON | {"storage", "engines.protocols", "sentences", ""},
    "container": ROOMS - {"api", "server", "cli", "__main__"},
    "api": COMMON | {"services", ""},
    "web": set(),
    "fonts": set(),
    "server": {"container", "api", "settings", "services", *COMMON},
    "cli": {"allocator", "container", "server", "api", "settings", "services", "logs", "", *COMMON},
    "__main__": {"cli", "engines"},
}
# Native libraries and drivers, and the only rooms that may touch them.
OWNERS = {
    "llama_cpp": {"engines"},
    "faster_whisper": {"engines"},
    "ctranslate2": {"engines"},
    "pypdfium2": {"engines"},
    "sqlcipher3": {"storage", "cli"},
    "aiosqlite": {"storage"},
    "sqlite_utils": {"storage"},
    "lancedb": {"storage"},
    "diskcache": {"storage"},
    "sanic": {"api", "server", "cli"},
    "fpdf": {"services"},
    "click": {"cli"},
    "rich": {"cli"},
}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """`appliance.storage.users` -> `storage`; `appliance` -> ``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports_of(path: Path) -> list[str]:
    """Every module that `path` names in an import, wherever the statement stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            # `from appliance.engines import pdf` names the module appliance.engines.pdf.
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / inner.replace(".", "/")).with_suffix(".py").exists()
                is_package = (ROOT / inner.replace(".", "/")).is_dir()
                found.append(inner if is_module or is_package else node.module)
    return found


def breaches(path: Path, imported: list[str]) -> list[str]:
    room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if room == "__init__":
        room = ""
    problems = []
    for module in imported:
        top = module.split(".")[0]
        if top in OWNERS and room not in OWNERS[top]:
            problems.append(f"{room} touches {top}")
        if top != "appliance" or room_of(module) == room:
            continue
        allowed = MAY_IMPORT[room]
        if room_of(module) in allowed or module.removeprefix("appliance.") in allowed:
            continue
        problems.append(f"{room} imports {module}")
    return problems


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_keep_to_the_rooms(path: Path) -> None:
    assert breaches(path, imports_of(path)) == []


def test_a_breach_would_be_found() -> None:
    api = PACKAGE / "api" / "auth.py"
    services = PACKAGE / "services" / "knowledge.py"
    assert breaches(api, ["appliance.storage.users"]) == ["api imports appliance.storage.users"]
    assert breaches(api, ["lancedb"]) == ["api touches lancedb"]
    assert breaches(services, ["appliance.engines.embedder"])
    assert breaches(services, ["appliance.engines.protocols", "appliance.storage.users"]) == []


def test_every_room_is_known() -> None:
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}
    assert found - {"__init__"} <= ROOMS


def test_names_say_what_they_hold() -> None:
    assert [path for path in modules() if path.name in FORBIDDEN_NAMES] == []
