"""What the pages of orders and contact requests are built from, beside what every page is."""

from __future__ import annotations

from dataclasses import dataclass

from hub.cases.contacts import Contacts
from hub.cases.orders import Orders

__all__ = ["OrderOffice"]


@dataclass(frozen=True, slots=True)
class OrderOffice:
    """`kept_days`: for how long a way of contact is kept."""

    orders: Orders
    contacts: Contacts
    kept_days: int
