"""Operators of the installation: create, list, block, new password, forget a lost second factor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.settings import load_settings

if TYPE_CHECKING:
    from core.settings import Settings
    from tenants.db import SystemSession


@click.group(help=__doc__)
def command() -> None:
    pass


def _password(given_by_pipe: bool) -> str:
    if given_by_pipe:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered


PASSWORD_STDIN = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="As the log and the pages name the operator.")
@PASSWORD_STDIN
def create(email: str, name: str, password_stdin: bool) -> None:
    """Make an operator, who signs in by EMAIL and password and may add a second factor."""
    from core.operator import people
    from core.supervisor.welcome import address
    from tenants.services.actor import OPERATOR

    password = _password(password_stdin)
    with _installation() as (settings, session):
        people.create(session, email, name, password, OPERATOR)
    click.echo(f"{email} signs in at {address(settings, settings.operator_host, '/')}")


@command.command("list")
def list_() -> None:
    """All operators."""
    from core.operator import people

    with _installation() as (_, session):
        for operator in people.listed(session):
            factor = "second factor" if operator.totp_confirmed_at else "password alone"
            click.echo(f"{operator.email:<32} {operator.status:<8} {factor:<15} {operator.name}")


@command.command()
@click.argument("email")
def block(email: str) -> None:
    """Let an operator in no more; their sign-ins end at once."""
    _set_status(email, "blocked")
    click.echo(f"{email} is blocked")


@command.command()
@click.argument("email")
def unblock(email: str) -> None:
    """Let a blocked operator in again."""
    _set_status(email, "active")
    click.echo(f"{email} may sign in")


@command.command()
@click.argument("email")
@PASSWORD_STDIN
def password(email: str, password_stdin: bool) -> None:
    """Give an operator a new password; their sign-ins end."""
    from core.operator import people
    from tenants.services.actor import OPERATOR

    entered = _password(password_stdin)
    with _installation() as (_, session):
        people.set_password(session, people.by_email(session, email), entered, OPERATOR)
    click.echo(f"{email} has a new password")


@command.command("forget-second-factor")
@click.argument("email")
def forget_second_factor(email: str) -> None:
    """Let an operator who lost the device sign in by password alone, to set up another."""
    from core.operator import people, second_factor
    from tenants.services.actor import OPERATOR

    with _installation() as (_, session):
        second_factor.remove(session, people.by_email(session, email), OPERATOR)
    click.echo(f"{email} signs in by password alone")


def _set_status(email: str, status: str) -> None:
    from core.operator import people
    from tenants.services.actor import OPERATOR

    with _installation() as (_, session):
        people.set_status(session, people.by_email(session, email), status, OPERATOR)


@contextmanager
def _installation() -> Iterator[tuple[Settings, SystemSession]]:
    """One transaction in the installation's database at this version; refusals by rule are told without a traceback."""
    from core.addresses import resolve
    from core.preparation import prepare
    from core.servers import serving
    from tenants.db import Database
    from tenants.services.errors import TenantsError

    with serving(load_settings(), progress=lambda line: click.echo(f"  {line}", err=True)) as settings:
        prepare(settings)
        addresses = resolve(settings)
        database = Database(addresses.app, addresses.system, pooled=False)
        try:
            with database.system() as session:
                yield settings, session
        except TenantsError as error:
            raise click.ClickException(str(error)) from None
        finally:
            database.dispose()
