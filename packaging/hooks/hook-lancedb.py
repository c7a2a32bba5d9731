"""LanceDB: reads its own version from its metadata, and imports parts of itself by need."""

from PyInstaller.utils.hooks import copy_metadata

datas = copy_metadata("lancedb")
# Clients of hosted models, of other data frames and of the cloud service: the appliance calls none.
excludedimports = ["lancedb.conftest", "torch", "pandas", "polars", "datasets", "boto3", "openai"]
