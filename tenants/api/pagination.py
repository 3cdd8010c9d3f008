"""Lists come in pages: `?page=2&page_size=100`."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`{"count", "next", "previous", "results"}`; 50 a page, 200 at most. A page beyond the last is 404."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except NotFound as error:
            raise NotFound("There is no such page.") from error
