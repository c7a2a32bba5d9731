"""The verbs of `voiceassist`."""

from __future__ import annotations

import os

# Before numpy loads: its own thread pool would compete with llama.cpp's for the same cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click

from appliance.cli.admin import admin
from appliance.cli.audit import audit
from appliance.cli.evaluation import evaluation
from appliance.cli.kb import kb
from appliance.cli.serve import serve
from appliance.cli.version import version


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """An offline medical assistant over a hospital's own documents.

    Every setting can be given in the environment as VOICEASSIST_<NAME>.
    """


for verb in (serve, admin, audit, kb, evaluation, version):
    main.add_command(verb)
