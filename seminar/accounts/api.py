"""The API of the own account. No token opens it: a token cannot make, list or end tokens."""

from zoneinfo import available_timezones

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seminar.accounts import actions, queries
from seminar.accounts.access import SIGNED_IN, lacks_second_factor, second_factor_required
from seminar.accounts.models import User
from seminar.lib import clock
from seminar.lib.authentication import Session
from seminar.lib.errors import Refused
from seminar.lib.rest import (
    Answer,
    ApiView,
    Body,
    Instant,
    Line,
    Name,
    Nothing,
    Text,
    Window,
    listed,
    operation,
)
from seminar.lib.scopes import SCOPES, STAFF_SCOPES


class Token(Answer):
    """A token as it can be seen after it was made: what it may do, never what it is."""

    code = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(source="scope_list", child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(
        allow_null=True, help_text="true to within ten minutes"
    )
    revoked_at = serializers.DateTimeField(allow_null=True)


class MadeToken(Answer):
    """A token at the one moment it is known. ``token`` is empty when the request is repeated."""

    code = serializers.CharField(source="token.code")
    name = serializers.CharField(source="token.name")
    scopes = serializers.ListField(source="token.scope_list", child=serializers.CharField())
    expires_at = serializers.DateTimeField(source="token.expires_at")
    token = serializers.CharField(source="text", help_text="shown here and never again")


class WantedToken(Body):
    """What a token is for, what it may do, until when."""

    name = Line(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES)
    )
    expires_at = Instant(help_text="with the offset from UTC; at most 366 days ahead")


class OwnAccount(ApiView):
    """A view for somebody who signed in with a browser; a token does not open it."""

    policy = SIGNED_IN
    authentication_classes = [Session]
    takes_tokens = False

    def was_answered(self) -> bool:
        """Whether this person did this with this key."""
        return queries.was_answered(self.user, self.nonce, self.done_once)

    @property
    def user(self) -> User:
        """Who is signed in."""
        user = self.request.user
        assert isinstance(user, User), "the policy let in somebody without an account"
        return user


class Account(Answer):
    """The own account."""

    code = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    zone = serializers.CharField(help_text="empty: the course's")


class Changes(Body):
    """The name one goes by and the zone one reads times in."""

    name = Name(max_length=200)
    zone = Text(max_length=64, allow_blank=True)

    def validate_zone(self, zone: str) -> str:
        """Refuse what is no zone."""
        if zone and zone not in available_timezones():
            raise serializers.ValidationError(_("There is no such time zone."))
        return zone


class OwnFacts(OwnAccount):
    """The own name and zone."""

    @operation("read_account", "The own account", answer=Account)
    def get(self, request: Request) -> Response:
        """Answer with the own account. For the session only."""
        return self.answer(Account, self.user)

    @operation("update_account", "Change the own name and zone", body=Changes, answer=Account)
    def put(self, request: Request) -> Response:
        """Change both. For the session only."""
        changed = actions.update_account(self.user, **self.body(Changes), at=clock.now())
        return self.answer(Account, changed)


@reauthentication_required
def just_confirmed(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired unless the person confirmed lately that it is them."""


class Tokens(OwnAccount):
    """The own tokens."""

    @operation("list_tokens", "The own tokens, newest first", answer=listed(Token), query=Window)
    def get(self, request: Request) -> Response:
        """List tokens, those that have ended too. For the session only."""
        return self.window(Token, queries.tokens_of(self.user))

    @operation(
        "create_token",
        "Make a token; it is shown this once",
        body=WantedToken,
        answer=MadeToken,
        status=201,
        idempotent=True,
    )
    def post(self, request: Request) -> Response:
        """Make a token. For the session only, soon after its owner confirmed who they are.

        A scope of staff needs a session that has shown a second factor, where staff need one.
        """
        facts = self.body(WantedToken)
        if STAFF_SCOPES.intersection(facts["scopes"]) and lacks_second_factor(self.request):
            raise second_factor_required()
        try:
            just_confirmed(request)
        except ReauthenticationRequired:
            words = _("Confirm on the page “API tokens” that it is you, then send this again.")
            raise Refused("reauthentication_required", words, status=403) from None
        made = actions.create_token(self.user, **facts, at=clock.now(), nonce=self.nonce)
        return self.answer(MadeToken, made, 201)


class RevokeToken(OwnAccount):
    """The end of one own token."""

    @operation("revoke_token", "End a token at once", body=Nothing, answer=Token)
    def post(self, request: Request, code: str) -> Response:
        """End a token; done again, it changes nothing. For the session only."""
        self.body(Nothing)
        token = get_object_or_404(queries.tokens_of(self.user), code=code)
        return self.answer(Token, actions.revoke_token(token, by=self.user, at=clock.now()))


urlpatterns = [
    path("account", OwnFacts.as_view(), name="account"),
    path("account/tokens", Tokens.as_view(), name="tokens"),
    path("account/tokens/<slug:code>/revocation", RevokeToken.as_view(), name="revoke_token"),
]
