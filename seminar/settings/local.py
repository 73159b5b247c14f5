"""`make run`: one machine, SQLite, an embedded broker, the demo unless DEMO=false."""

from django.core.management.utils import get_random_secret_key

from seminar.settings.base import *  # noqa: F403
from seminar.settings.base import BROKER_DIR, EMAIL_URL, STATIC_ROOT, VAR_DIR, env

VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
# The broker folder is a command channel: whoever may write there may run tasks.
(BROKER_DIR / "control").mkdir(mode=0o700, parents=True, exist_ok=True)
BROKER_DIR.chmod(0o700)
STATIC_ROOT.mkdir(exist_ok=True)  # files are served from where they lie; this stays empty


def kept_secret_key() -> str:
    """Return this machine's own secret key, made once and kept beside the data."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = env("SECRET_KEY", default="") or kept_secret_key()
DEMO = env.bool("DEMO", default=True)
MAILBOX = not EMAIL_URL
CLOCK_OFFSET_FILE = VAR_DIR / "clock-offset" if DEMO else None
# Passkeys on http://localhost; browsers offer them on no other address without https.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = env.bool("DEBUG", default=False)
