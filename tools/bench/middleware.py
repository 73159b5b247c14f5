"""Counts the queries of each answer, for benchmarks only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def count_queries(get_response: Handler) -> Handler:
    """Say in a header how many statements the answer took, the session's own included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        statements = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal statements
            statements += 1
            return execute(*arguments)

        with connection.execute_wrapper(count):
            response = get_response(request)
        response["X-Queries"] = str(statements)
        return response

    return middleware
