"""What the Control Plane says of money."""

from tm_exporter.catalog.family import Family


BILLING_BALANCE = Family(
    name="tensormesh_billing_balance",
    help="Prepaid credit that is left, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("currency",),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/balance, field balance",
)
BILLING_SPEND = Family(
    name="tensormesh_billing_spend",
    help="Spent within a rolling window, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("window", "currency"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/spending/summary",
)
