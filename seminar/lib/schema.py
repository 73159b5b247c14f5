"""What the OpenAPI document says of every operation by itself, so that no view has to.

Which scope a token needs follows from the policy; ``If-Match`` and 412 from whether there is
anything to GET. Named in settings.REST_FRAMEWORK.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from seminar.lib.scopes import SAFE_METHODS, STAFF_SCOPES, scope_of


class ApiSchema(AutoSchema):
    """Describes an operation of an ``ApiView``."""

    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return the operation with its scope and its conditions."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            self.add_scope(operation)
            self.add_precondition(operation)
        return operation

    def add_scope(self, operation: dict[str, Any]) -> None:
        """Say which scope a token needs: for programs in ``x-token-scope``, for people in words."""
        if not self.view.takes_tokens:
            operation["x-token-scope"] = None
            said = "For the session only: no token opens it."
        else:
            scope = scope_of(self.view.policy, self.method)
            operation["x-token-scope"] = scope
            said = f"Token scope: `{scope}`"
            as_staff = scope_of(self.view.policy, self.method, as_staff=True)
            if scope not in STAFF_SCOPES and self.view.staff_act_as_staff:
                said += f"; for TAs and instructors of the course `{as_staff}`"
            said += "."
        operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()

    def add_precondition(self, operation: dict[str, Any]) -> None:
        """List ``If-Match`` where a write changes what can be read."""
        if self.method in SAFE_METHODS or self.view.shown_by() is None:
            return
        said = "The ETag of what is being changed, as GET answered it. Another one now: 412."
        header = {"in": "header", "name": "If-Match", "schema": {"type": "string"}}
        operation.setdefault("parameters", []).append(header | {"description": said})
