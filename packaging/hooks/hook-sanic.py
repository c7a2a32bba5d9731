"""Sanic: the styles of its error pages, and tracerite's and html5tagger's metadata beside them."""

from PyInstaller.utils.hooks import collect_data_files, copy_metadata

datas = collect_data_files("sanic") + collect_data_files("tracerite")
datas += copy_metadata("html5tagger")
# Chosen by name at start.
hiddenimports = ["sanic.server.protocols.websocket_protocol", "sanic.worker.inspector"]
