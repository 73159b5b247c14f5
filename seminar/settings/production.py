"""A real installation. Refuses to start with an unsafe value, and names it."""

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured

from seminar.settings.base import *  # noqa: F403
from seminar.settings.base import ALLOWED_HOSTS, EMAIL_URL, REDIS_URL, SITE_URL, STORAGES, env

SECRET_KEY = env("SECRET_KEY", default="")

REFUSED = {
    "SECRET_KEY: give at least 50 random characters": len(SECRET_KEY) < 50,
    "ALLOWED_HOSTS: name the host people type, never *": "*" in ALLOWED_HOSTS
    or not env("ALLOWED_HOSTS", default=""),
    "SITE_URL: give the https address people type": not SITE_URL.startswith("https://"),
    "DATABASE_URL: give a database": not env("DATABASE_URL", default=""),
    "REDIS_URL: give a Redis; limits and jobs span processes": not REDIS_URL,
    "EMAIL_URL: give a mail server; people rely on receipts": not EMAIL_URL,
    "DEBUG: must be off": env.bool("DEBUG", default=False),
    "DEMO: must be off; it signs people in with one click": env.bool("DEMO", default=False),
}
if problems := [rule for rule, broken in REFUSED.items() if broken]:
    raise ImproperlyConfigured("Unsafe production settings:\n  " + "\n  ".join(problems))

DEBUG = False
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1)
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}

if SENTRY_DSN := env("SENTRY_DSN", default=""):
    # Without personal data: a report names the code that failed, never who was there.
    sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False)
