"""How allauth meets our accounts and our outbox. Named in settings.ACCOUNT_ADAPTER."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from seminar.accounts.models import User
from seminar.lib import clock
from seminar.lib.codes import new_code
from seminar.notifications import actions


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name given at sign-up, and sends account mails through the outbox."""

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: Any,
        commit: bool = True,  # noqa: FBT001,FBT002 - allauth's signature
    ) -> User:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail into the outbox: a mail server that is down cannot break sign-up.

        Its links start with SITE_URL, whatever name the visitor reached this server by.
        """
        site = {"name": "Seminar", "domain": urlsplit(settings.SITE_URL).netloc}
        mail = self.render_mail(template_prefix, email, {"current_site": site} | context)
        reached_by = self.request.build_absolute_uri("/")
        actions.write(
            key=f"account:{template_prefix}:{new_code()}",
            to=User.objects.filter(email=email.lower()).first(),
            address=email,
            kind=template_prefix,
            subject=mail.subject,
            text=mail.body.replace(reached_by, f"{settings.SITE_URL}/"),
            at=clock.now(),
        )
