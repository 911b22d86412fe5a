"""Nothing of one brokerage exists for another: masters, subscriptions, lists."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from plugins.copy_trading.models import SCHEMA, Master
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import following, lists, mastering
from plugins.copy_trading.services.errors import NotFoundError
from tenants.db import new_id
from tenants.models import Tenant
from tests.copy_trading.scene import Scene


def test_a_follower_of_tenant_a_asks_for_a_master_of_tenant_b_by_id_and_gets_404(scene: Scene) -> None:
    master, account = scene.master(), scene.account("2500")
    subscription = scene.follow(master, account)
    other = new_id()
    with scene.place.database.system() as session:
        session.add(Tenant(id=other, key="south", name="South"))
    with scene.place.database.tenant(other) as session:
        with pytest.raises(NotFoundError):
            mastering.get(session, master)
        with pytest.raises(NotFoundError):
            following.follow(
                session,
                CopyTradingSettings.model_validate({}),
                customer_id=scene.customer_of(account),
                account_id=account,
                master_id=master,
                choices=Choices.model_validate({}),
                confirmed=True,
            )
        assert lists.masters(session) == []
        assert (
            lists.followers(session, CopyTradingSettings.model_validate({}).leverage_limits, ids=[subscription]) == []
        )


def test_every_table_of_the_module_is_kept_apart_by_its_policies(scene: Scene) -> None:
    scene.follow(scene.master(), scene.account("2500"))
    tables = [table for table in Master.metadata.sorted_tables if table.schema == SCHEMA]
    with scene.place.database.tenant(UUID(int=7)) as session:
        for table in tables:
            assert session.scalar(select(func.count()).select_from(table)) == 0
    with scene.place.session() as session:
        assert session.scalar(text("select count(*) from copy_trading.subscriptions")) == 1
