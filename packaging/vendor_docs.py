"""Puts the libraries of the API documentation pages into appliance/web/vendor/.

    npm pack swagger-ui-dist@5.35.0 redoc@2.5.4
    python packaging/vendor_docs.py swagger-ui-dist-5.35.0.tgz redoc-2.5.4.tgz

Writes the files that the pages need and VENDORED.md, which names each with its sums.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "appliance" / "web" / "vendor"
# File in the package -> name here.
FILES = {
    "swagger-ui-dist": {
        "swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger-ui.css": "swagger-ui.css",
        "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
        "LICENSE": "swagger-ui.LICENSE.txt",
        "NOTICE": "swagger-ui.NOTICE.txt",
    },
    "redoc": {
        "bundles/redoc.standalone.js": "redoc.standalone.js",
        "bundles/redoc.standalone.js.LICENSE.txt": "redoc.standalone.js.LICENSE.txt",
        "LICENSE": "redoc.LICENSE.txt",
    },
}
# Name here -> what is replaced, exactly once. ReDoc fetches its maker's logo from a CDN; with an
# address that loads nothing it leaves the picture out.
CHANGES = {
    "redoc.standalone.js": (b'"https://cdn.redoc.ly/redoc/logo-mini.svg"', b'"data:,"'),
}
HEAD = """\
# Libraries that are not ours

Taken from the npm registry and served from here, so that `/docs` and `/redoc` load nothing from
outside.
Made by `packaging/vendor_docs.py`; `tests/web/test_vendored.py` compares the sums.
"""


def vendor(tarball: Path) -> str:
    """Write the files of one package; gives its part of VENDORED.md."""
    with tarfile.open(tarball) as archive:

        def content(name: str) -> bytes:
            member = archive.extractfile(f"package/{name}")
            assert member is not None, name
            return member.read()

        about = json.loads(content("package.json"))
        lines = [
            f"\n## {about['name']} {about['version']} ({about['license']})\n",
            "| file | from | sha256 | bytes |",
            "|---|---|---|---|",
        ]
        notes = []
        for source, name in FILES[about["name"]].items():
            data = content(source)
            if name in CHANGES:
                old, new = CHANGES[name]
                assert data.count(old) == 1, f"{name} is not what this script knows"
                notes.append(
                    f"\nChanged in `{name}`: `{old.decode()}` became `{new.decode()}`. "
                    f"As published its sha256 is `{hashlib.sha256(data).hexdigest()}`."
                )
                data = data.replace(old, new)
            (VENDOR / name).write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            lines.append(f"| {name} | package/{source} | {digest} | {len(data)} |")
    return "\n".join([*lines, *notes]) + "\n"


def main(arguments: Sequence[str]) -> None:
    VENDOR.mkdir(exist_ok=True)
    parts = [vendor(Path(argument)) for argument in arguments]
    (VENDOR / "VENDORED.md").write_text(HEAD + "".join(parts), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
