"""A real installation. Refuses to start with an unsafe value, and names it."""

from urllib.parse import urlsplit

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured

from seminar.settings.base import *  # noqa: F403
from seminar.settings.base import (
    ALLOWED_HOSTS,
    CSRF_TRUSTED_ORIGINS,
    EMAIL_URL,
    LOGGING,
    REDIS_URL,
    SITE_URL,
    STORAGES,
    env,
)

SECRET_KEY = env("SECRET_KEY", default="")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1)

REFUSED = {
    "SECRET_KEY: give at least 50 random characters": len(SECRET_KEY) < 50
    or len(set(SECRET_KEY)) < 5
    or SECRET_KEY.startswith("django-insecure-"),
    "ALLOWED_HOSTS: name the host people type, never *": any(
        "*" in host or host.startswith(".") for host in ALLOWED_HOSTS
    )
    or not env("ALLOWED_HOSTS", default=""),
    "SITE_URL: give the https address people type": not SITE_URL.startswith("https://"),
    "SITE_URL: its host must be in ALLOWED_HOSTS": urlsplit(SITE_URL).hostname not in ALLOWED_HOSTS,
    "CSRF_TRUSTED_ORIGINS: https only, without *": any(
        "*" in origin or not origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS
    ),
    "DATABASE_URL: give a database": not env("DATABASE_URL", default=""),
    "REDIS_URL: give a Redis; limits and jobs span processes": not REDIS_URL,
    "EMAIL_URL: give a mail server; people rely on receipts": not EMAIL_URL.startswith(
        ("smtp://", "smtps://", "smtp+tls://", "smtp+ssl://")
    ),
    "TRUSTED_PROXY_COUNT: at least the proxy that ends TLS": TRUSTED_PROXY_COUNT < 1,
    "STAFF_SECOND_FACTOR: cannot be off; staff see other people's grades": not env.bool(
        "STAFF_SECOND_FACTOR", default=True
    ),
    "DEBUG: must be off": env.bool("DEBUG", default=False),
    "DEMO: must be off; it signs people in with one click": env.bool("DEMO", default=False),
}
if problems := [rule for rule, broken in REFUSED.items() if broken]:
    raise ImproperlyConfigured("Unsafe production settings:\n  " + "\n  ".join(problems))

DEBUG = False
STAFF_SECOND_FACTOR = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# __Host-: set by this host alone, over https, for all of it; a neighbouring host cannot plant one.
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-csrf"
MESSAGE_STORAGE = "seminar.lib.messages.HostMessages"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
LOGGING["formatters"] = {"plain": {"()": "seminar.lib.logs.OneLine"}}

if SENTRY_DSN := env("SENTRY_DSN", default=""):
    # Without personal data: a report names the code that failed, never who was there.
    sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False)
