"""`make test`: fast hashing, kept mails, a fixed key; the database comes from DATABASE_URL."""

import os
import tempfile
from pathlib import Path

from seminar.settings.base import *  # noqa: F403
from seminar.settings.base import DATABASES

SECRET_KEY = "only-for-tests"
TESTING = True
DEMO = True
MAILBOX = True
VAR_DIR = Path(tempfile.mkdtemp(prefix="seminar-test-"))
MEDIA_ROOT = VAR_DIR / "files"
CLOCK_OFFSET_FILE = VAR_DIR / "clock-offset"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # the test's server has no https
API_RATES = {"read": None, "write": None, "anonymous": None}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and child processes of a test must see the same database.
    DATABASES["default"]["NAME"] = VAR_DIR / f"seminar-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    # Each process of tests its own database: several run at once.
    DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}_{os.getpid()}"}
