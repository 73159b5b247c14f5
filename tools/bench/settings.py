"""The settings of `make run`, and a header that tells how many queries a page took."""

from seminar.settings.local import *  # noqa: F403, TID251
from seminar.settings.local import MIDDLEWARE as ALL  # noqa: TID251

MIDDLEWARE = ["tools.bench.middleware.count_queries", *ALL]
