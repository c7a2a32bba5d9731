"""What is asked of a page image."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from appliance.api.fields import Prose, Query
from appliance.errors import Invalid
from appliance.services.document_pages import Highlight

_PLACE = re.compile(r"(\d{1,7})-(\d{1,7})", re.ASCII)


class PageQuery(Query):
    """`highlight`: "start-end", characters of the page's text as citations count them, or words."""

    highlight: Annotated[Prose, Field(max_length=500)] | None = None

    def wanted(self) -> Highlight | None:
        """Raises `Invalid` for a place that ends before it begins."""
        if not self.highlight:
            return None
        place = _PLACE.fullmatch(self.highlight)
        if place is None:
            return Highlight(text=self.highlight)
        start, end = int(place[1]), int(place[2])
        if start >= end:
            raise Invalid("The place must end after it begins.", field="highlight")
        return Highlight(start=start, end=end)
