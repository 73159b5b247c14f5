"""People who sign in as they really do: by the form, with a password, with a code."""

import time
from importlib import import_module
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from seminar.accounts.models import User

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN = "/account/login/"
CODE = "/account/2fa/authenticate/"


def with_password(user: User) -> User:
    """Give somebody the password and a confirmed address."""
    user.set_password(PASSWORD)
    user.save()
    user.emailaddress_set.get_or_create(email=user.email, verified=True, primary=True)
    return user


def with_app(user: User) -> User:
    """Give somebody a password, an authenticator app and recovery codes."""
    TOTP.activate(with_password(user), SECRET)
    RecoveryCodes.activate(user)
    return user


def code_of(secret: str = SECRET, ahead: int = 0) -> str:
    """Return what the app shows now, or some codes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def recovery_codes_of(user: User) -> list[str]:
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return RecoveryCodes(row).get_unused_codes()


def sign_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> HttpResponse:
    return client.post(LOGIN, {"login": user.email, "password": password}, **extra)


def sign_in_with_app(client: Client, user: User) -> Client:
    """Sign in all the way: password, then code."""
    assert sign_in(client, user)["Location"] == CODE
    assert client.post(CODE, {"code": code_of()})["Location"] == "/"
    return client


def own_cache(settings: LazySettings) -> None:
    """Count in a cache of this test's own: others run at the same time and clear theirs."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": uuid4().hex,
        }
    }


def real_limits(settings: LazySettings) -> None:
    """Limit as an installation does."""
    base = import_module("seminar.settings.base")
    settings.ACCOUNT_RATE_LIMITS = base.ACCOUNT_RATE_LIMITS
    settings.MFA_RATE_LIMITS = base.MFA_RATE_LIMITS
