"""What every installation shares. Values come from the environment; see .env.example."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parents[2]

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
DEMO = False
TESTING = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "seminar.lib",
    "seminar.accounts",
    "seminar.notifications",
    "courses",
    "presentations",
    "assignments",
    "grading",
    "seminar.desk.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "seminar.desk.apps.SeminarAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "heroicons",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    # Outermost, so that no answer leaves without them.
    "seminar.lib.middleware.safe_headers",
    "seminar.lib.middleware.private_answers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "seminar.lib.middleware.refuse_nul",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "seminar.lib.middleware.htmx_sign_in",
    "seminar.lib.middleware.refusals",
]

ROOT_URLCONF = "seminar.urls"
WSGI_APPLICATION = "seminar.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "seminar.lib.context.page",
                "seminar.desk.context.demo",
            ],
        },
    },
]

# --- database -----------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'seminar.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def tune_database(database: dict) -> None:
    """Make both engines safe for first come, first served.

    SQLite begins each transaction IMMEDIATE, so that a reader never has to be upgraded to a writer
    (which fails at once with "database is locked"); WAL with synchronous=FULL keeps what was
    acknowledged after a power cut. PostgreSQL stays at READ COMMITTED: a row lock taken first and
    read after is what makes the queue exact.
    """
    if database["ENGINE"].endswith("sqlite3"):
        database["ENGINE"] = "seminar.lib.sqlite3"
        database["OPTIONS"] = {
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
        }
    else:
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True


tune_database(DATABASES["default"])

# --- cache, broker ------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

BROKER_DIR = VAR_DIR / "broker"
if REDIS_URL:
    # Celery spells a Redis socket differently from Django's cache.
    CELERY_BROKER_URL = (
        f"redis+socket://{REDIS_URL.removeprefix('unix://')}"
        if REDIS_URL.startswith("unix://")
        else REDIS_URL
    )
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 30,
        "unacked_restore_throttle": 1,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR),
        "data_folder_out": str(BROKER_DIR),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.5,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "UTC"  # local-time schedules skip an hour at each DST change
CELERY_ENABLE_UTC = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A tick that was not picked up before the next one is due is worthless.
CELERY_BEAT_SCHEDULE = {
    "deliver": {
        "task": "notifications.deliver",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "plan_reminders": {
        "task": "desk.plan_reminders",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "offer_free_places": {
        "task": "presentations.offer_free_places",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "submit_complete_drafts": {
        "task": "assignments.submit_complete_drafts",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget_tables": {
        "task": "courses.forget_tables",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "compute_results": {
        "task": "grading.compute_results",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}

# --- people and sign-in -------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "seminar.accounts.access.TokensEndWithThePassword"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "seminar.notifications.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "seminar.accounts.forms.SignupForm",
    "change_password": "seminar.accounts.forms.ChangePasswordForm",
    "reset_password_from_key": "seminar.accounts.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "seminar.accounts.queries.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Whoever's password, address or second factor is changed hears of it.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Seminar] "
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
# A lecture hall signs in behind one address at once: guesses are limited by account.
ACCOUNT_RATE_LIMITS: Any = {
    "login": "600/m/ip",
    "login_failed": "600/m/ip,5/5m/key",
    "signup": "600/m/ip",
    "reset_password": "600/m/ip,5/m/key",
    "reset_password_from_key": "600/m/ip",
    "confirm_email": "1/3m/key",
    "manage_email": "60/m/user",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
# Whether staff rights wait for a second factor; production always says yes.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=False)
# A passkey has nothing to guess; the hall signs in with those too.
MFA_RATE_LIMITS: Any = {"webauthn_login": "600/m/ip"}
MFA_FORMS = {
    "activate_totp": "seminar.accounts.forms.ActivateAppForm",
    "add_webauthn": "seminar.accounts.forms.AddKeyForm",
    "authenticate": "seminar.accounts.forms.CodeForm",
    "reauthenticate": "seminar.accounts.forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Seminar"
MFA_TOTP_TOLERANCE = 1  # codes of 30 s: one before and one after, for clocks that go wrong
MFA_PASSKEY_LOGIN_ENABLED = True

# --- mail ---------------------------------------------------------------------------------------
EMAIL_URL = env("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
    EMAIL_TIMEOUT = 20
else:
    # Without a mail server each message ends in the local mailbox page.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
MAILBOX = False
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Seminar <seminar@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGE_URL = env("STORAGE_URL", default=f"file://{VAR_DIR / 'files'}")
if not STORAGE_URL.startswith("file:///"):
    raise ImproperlyConfigured("STORAGE_URL: give file:// and an absolute folder")
MEDIA_ROOT = Path(STORAGE_URL.removeprefix("file://"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = ["seminar.lib.uploads.CappedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_MAX_MIB = env.int("UPLOAD_MAX_MIB", default=20)

# --- language, time -----------------------------------------------------------------------------
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_TZ = True
TIME_ZONE = "UTC"
CLOCK_OFFSET_FILE: Path | None = None

# --- security -----------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "seminar.desk.views.errors.csrf_failure"
# On every answer. Nothing from elsewhere, nothing inline: what somebody smuggles into a page does not
# run. data: is for pictures only: the QR code of the second factor, the arrows of the style sheet.
SAFE_HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": X_FRAME_OPTIONS,
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        [
            "camera=()",
            "display-capture=()",
            "geolocation=()",
            "microphone=()",
            "payment=()",
            "usb=()",
            "publickey-credentials-get=(self)",
            "publickey-credentials-create=(self)",
        ]
    ),
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "seminar.lib.schema.ApiSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "seminar.accounts.access.Bearer",
        "seminar.lib.authentication.Session",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "seminar.lib.problems.exception_handler",
}
# Requests a minute: of one token or person, and of one address that nobody signed in from (a lecture
# hall of 500 may sit behind it). None: as many as they like.
API_RATES: dict[str, int | None] = {
    "read": env.int("API_READS_PER_MINUTE", default=600),
    "write": env.int("API_WRITES_PER_MINUTE", default=120),
    "anonymous": env.int("API_ANONYMOUS_PER_MINUTE", default=6000),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Seminar",
    "DESCRIPTION": "Everything that the pages do, through the same actions and with the same refusals.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices stay beside the field they belong to: the same name means other things elsewhere.
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
