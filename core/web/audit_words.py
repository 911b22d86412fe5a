"""Entries of the audit log in words: what was done, to what, and how values changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.models import AuditEntry
from tenants.text import Text, _

__all__ = ["Change", "action_text", "changes_of", "kind_text", "name_text", "object_href"]

_ACTIONS = {
    "account.correction": _("Balance corrected"),
    "account.deposit": _("Deposit booked"),
    "account.open": _("Account opened"),
    "account.status": _("Account's status changed"),
    "account_type.add": _("Account type added"),
    "account_type.change": _("Account type changed"),
    "account_type.symbol": _("Symbol of an account type changed"),
    "account.withdrawal": _("Withdrawal booked"),
    "brand.change": _("Brand changed"),
    "brand.image": _("Brand's picture changed"),
    "company.change": _("Company changed"),
    "customer.accept": _("Invitation accepted"),
    "customer.block": _("Customer blocked"),
    "customer.email": _("Address changed"),
    "customer.email_request": _("New address asked for"),
    "customer.invite": _("Customer invited"),
    "customer.password": _("Password changed"),
    "customer.profile": _("Profile changed"),
    "customer.recovery_code": _("Signed in by a recovery code"),
    "customer.recovery_codes": _("New recovery codes made"),
    "customer.register": _("Registered"),
    "customer.reset": _("Password reset"),
    "customer.reset_request": _("Password reset asked for"),
    "customer.rule": _("Permission granted or denied"),
    "customer.second_factor_off": _("Second factor removed"),
    "customer.second_factor_on": _("Second factor set up"),
    "customer.sign_in": _("Signed in"),
    "customer.unblock": _("Customer unblocked"),
    "customer.verify": _("Customer verified"),
    "group.describe": _("Role renamed"),
    "group.make": _("Role made"),
    "group.permissions": _("Role's permissions changed"),
    "group.remove": _("Role removed"),
    "host.add": _("Domain added"),
    "host.main": _("Main domain changed"),
    "host.remove": _("Domain removed"),
    "order.cancel": _("Order cancelled"),
    "position.close": _("Position closed"),
    "position.protect": _("Stop-loss and take-profit set"),
    "product.allow": _("Product allowed"),
    "product.settings": _("Product's settings changed"),
    "product.state": _("Product switched"),
    "symbol.add": _("Symbol added"),
    "symbol.change": _("Symbol changed"),
    "symbol.status": _("Symbol switched"),
    "session.revoke": _("Signed out by hand"),
    "session.revoke_others": _("Signed out everywhere else"),
    "staff.accept": _("Invitation accepted"),
    "staff.block": _("Staff member deactivated"),
    "staff.email": _("Address changed"),
    "staff.email_request": _("New address asked for"),
    "staff.groups": _("Roles changed"),
    "staff.invite": _("Staff member invited"),
    "staff.make": _("Staff member added"),
    "staff.password": _("Password changed"),
    "staff.profile": _("Profile changed"),
    "staff.recovery_code": _("Signed in by a recovery code"),
    "staff.recovery_codes": _("New recovery codes made"),
    "staff.reset": _("Password reset"),
    "staff.reset_request": _("Password reset asked for"),
    "staff.rule": _("Permission granted or denied"),
    "staff.second_factor_off": _("Second factor removed"),
    "staff.second_factor_on": _("Second factor set up"),
    "staff.sign_in": _("Signed in"),
    "staff.unblock": _("Staff member activated"),
    "token.make": _("API token made"),
    "token.revoke": _("API token revoked"),
}
_KINDS = {
    "staff": _("Staff"),
    "customer": _("Customer"),
    "operator": _("Platform operator"),
    "system": _("The system"),
}
_PAGES = {
    "account": ("/admin/accounts/{id}", "trading.view"),
    "account_type": ("/admin/settings/account-types/{id}", "company.view"),
    "customer": ("/admin/customers/{id}", "customers.view"),
    "product": ("/admin/settings/products/{id}", "products.view"),
    "staff": ("/admin/staff/{id}", "staff.view"),
    "symbol": ("/admin/settings/symbols/{id}", "company.view"),
}
_LONGEST = 200
_NOTHING: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Change:
    """A value before and after; none where there was or is none. Of lists, what went and what came."""

    name: str
    before: str | None
    after: str | None


def action_text(action: str) -> str:
    """What was done; actions of modules in their own words, made readable."""
    found = _ACTIONS.get(action)
    if found is not None:
        return found
    return name_text(action.replace(".", ": ", 1))


def kind_text(kind: str) -> str:
    """Who acted: staff, a customer, the operator, the system."""
    return _KINDS.get(kind, kind)


def object_href(entry: AuditEntry, may: Callable[[str], bool]) -> str:
    """The page of what it was done to, where there is one that the reader may open."""
    pattern, permission = _PAGES.get(entry.object_kind, ("", ""))
    return pattern.format(id=entry.object_id) if pattern and entry.object_id and may(permission) else ""


def changes_of(entry: AuditEntry) -> list[Change]:
    """What changed, value by value: what only says which object it was comes first, and what stayed is left out."""
    before, after = entry.before or {}, entry.after or {}
    found: list[Change] = []
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        if was in _NOTHING and now in _NOTHING:
            continue
        if key in before and key in after and was == now:
            # The same on both sides names the object: said once.
            found.insert(0, Change(name_text(key), None, _written(now)))
        elif isinstance(was, list) and isinstance(now, list):
            gone, came = [item for item in was if item not in now], [item for item in now if item not in was]
            found.append(Change(name_text(key), _written(gone) if gone else None, _written(came) if came else None))
        else:
            found.append(
                Change(
                    name_text(key),
                    _written(was) if key in before and was not in _NOTHING else None,
                    _written(now) if key in after and now not in _NOTHING else None,
                )
            )
    return found


def _written(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, Mapping):
        text = ", ".join(f"{name_text(str(key))}: {_written(item)}" for key, item in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = ", ".join(_written(item) for item in value)
    else:
        text = str(value) if isinstance(value, str) else json.dumps(value)
        if isinstance(value, str) and "." in value and value.replace(".", "").lstrip("-").isdigit():
            text = value.rstrip("0").rstrip(".")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def name_text(key: str) -> str:
    """A value's name made readable."""
    text = key.replace("_", " ").strip()
    # Names of values are the programs'; those that a catalog knows are read in the reader's language.
    return Text(text[:1].upper() + text[1:], {})
