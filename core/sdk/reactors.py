"""Price-driven subjects: what a reactor is, and how a plugin's commands start, change and end its subjects."""

from core.lanes.reactor import Reaction, Reactor, ReactorOrder, ReactorQuote, Subject, Triggers
from core.lanes.subjects import (
    NewState,
    SubjectState,
    change_subjects,
    client_order_id,
    lock_subjects,
    order_requests,
    start_subject,
    unwatched_subjects,
)

__all__ = [
    "NewState",
    "Reaction",
    "Reactor",
    "ReactorOrder",
    "ReactorQuote",
    "Subject",
    "SubjectState",
    "Triggers",
    "change_subjects",
    "client_order_id",
    "lock_subjects",
    "order_requests",
    "start_subject",
    "unwatched_subjects",
]
