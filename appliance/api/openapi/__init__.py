"""The OpenAPI 3.1 document of the route table."""

from appliance.api.openapi.document import document

__all__ = ["document"]
