"""The mails that people get: in their language, from the brokerage, never naming the platform."""

from __future__ import annotations

from core.mail import Mail, mailer_of
from core.web.page import Page
from tenants.db import TenantSession
from tenants.models import Customer, Staff
from tenants.text import _, speaking

__all__ = ["origin", "send_after", "write_email_change", "write_email_changed", "write_invitation", "write_reset"]


def origin(web: Page) -> str:
    """Where the person's browser reached us. The host is one of the brokerage's own, or the request would be a 404."""
    scheme = "https" if web.kit.platform.settings.https else "http"
    return f"{scheme}://{web.request.headers.get('host', web.visit.tenant.hosts[0])}"


def send_after(web: Page, session: TenantSession, mail: Mail) -> None:
    """Send the mail once the transaction has committed."""
    session.after_commit(lambda: mailer_of(web.kit.platform.settings)(mail))


def write_invitation(web: Page, person: Staff | Customer, token: str) -> Mail:
    """An invitation to set a password; the link works for a week."""
    base = "/admin" if isinstance(person, Staff) else ""
    named = {
        "name": person.name,
        "brokerage": web.visit.tenant.name,
        "link": f"{origin(web)}{base}/invitation/{token}",
    }
    with speaking(_language(web, person)):
        if isinstance(person, Staff):
            text = _(
                "Hello {name},\n\nyou are invited to work at {brokerage}.\nChoose your password here, within a week:\n\n"
                "{link}\n\nIf you do not expect this, do nothing.\n",
                **named,
            )
        else:
            text = _(
                "Hello {name},\n\n{brokerage} invites you to open an account.\nChoose your password here, within a week:"
                "\n\n{link}\n\nIf you do not expect this, do nothing.\n",
                **named,
            )
        return Mail(person.email, f"{_('Your invitation to {brokerage}', **named)}", f"{text}", web.visit.tenant.name)


def write_reset(web: Page, person: Staff | Customer, token: str) -> Mail:
    """A link to set a new password, good for an hour."""
    base = "/admin" if isinstance(person, Staff) else ""
    named = {"name": person.name, "brokerage": web.visit.tenant.name, "link": f"{origin(web)}{base}/reset/{token}"}
    with speaking(_language(web, person)):
        text = _(
            "Hello {name},\n\nsomebody, most likely you, has asked for a new password at {brokerage}.\nSet it here, within"
            " an hour:\n\n{link}\n\nIf it was not you, do nothing: your password stays as it is.\n",
            **named,
        )
        return Mail(person.email, f"{_('Your password at {brokerage}', **named)}", f"{text}", web.visit.tenant.name)


def write_email_change(web: Page, person: Staff | Customer, email: str, token: str) -> Mail:
    """To the new address: a link that confirms it, good for a day."""
    base = "/admin" if isinstance(person, Staff) else ""
    named = {"name": person.name, "brokerage": web.visit.tenant.name, "link": f"{origin(web)}{base}/email/{token}"}
    with speaking(_language(web, person)):
        text = _(
            "Hello {name},\n\nconfirm that this is your new address at {brokerage}, within a day:\n\n{link}\n\n"
            "Until then you sign in with the former one. If it was not you, do nothing.\n",
            **named,
        )
        return Mail(email, f"{_('Confirm your new address at {brokerage}', **named)}", f"{text}", web.visit.tenant.name)


def write_email_changed(web: Page, person: Staff | Customer, former: str) -> Mail:
    """To the former address: it no longer signs in."""
    named = {"name": person.name, "brokerage": web.visit.tenant.name, "email": person.email}
    with speaking(_language(web, person)):
        text = _(
            "Hello {name},\n\nyour address at {brokerage} is now {email}; this one no longer signs you in.\n\n"
            "If it was not you, tell {brokerage} at once.\n",
            **named,
        )
        return Mail(
            former, f"{_('Your address at {brokerage} has changed', **named)}", f"{text}", web.visit.tenant.name
        )


def _language(web: Page, person: Staff | Customer) -> str:
    return person.language or web.visit.tenant.language
