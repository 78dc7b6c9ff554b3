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
BILLING_CACHE_SAVINGS = Family(
    name="tensormesh_billing_cache_savings",
    help="What the KV cache saved within the window, by the service's own account, "
    "in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("window", "currency"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/spending/history, field costSaving",
)
BILLING_CACHE_SAVING_RATIO = Family(
    name="tensormesh_billing_cache_saving_ratio",
    help="Savings of the last 30 days over savings plus spending of the same days; "
    "absent where nothing was spent, or in several currencies (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/spending/history",
)
USAGE_TODAY_TOKENS = Family(
    name="tensormesh_usage_today_tokens",
    help="Tokens billed since midnight UTC, "
    "of kind input (cached ones included), output or cached (cached).",
    kind="gauge",
    scope="target",
    labels=("model", "kind"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/serverless-usage/history",
)
USAGE_TODAY_REQUESTS = Family(
    name="tensormesh_usage_today_requests",
    help="Requests billed since midnight UTC (cached).",
    kind="gauge",
    scope="target",
    labels=("model",),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/serverless-usage/history",
)
BILLING_CARD_ON_FILE = Family(
    name="tensormesh_billing_card_on_file",
    help="Whether a payment card is on file that is good this month (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/stripe/customers/payment-methods",
)
BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS = Family(
    name="tensormesh_billing_card_expiry_timestamp_seconds",
    help="End of the month, in UTC, with which the first of the good payment cards "
    "ends; of the last one that was good, where none is (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/stripe/customers/payment-methods",
)
TRANSACTIONS = Family(
    name="tensormesh_transactions",
    help="Transactions by status, of the first 2000 that are listed (cached).",
    kind="gauge",
    scope="target",
    labels=("status",),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/transactions",
)
BILLING_RUNWAY_SECONDS = Family(
    name="tensormesh_billing_runway_seconds",
    help="For how long the balance lasts at the fastest of three rates: "
    "spending of 24 hours, of 7 days, fall of the balance; "
    "+Inf where nothing is spent (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    infinite=True,
    source="balance and spending of the Control Plane",
)
RECONCILIATION_DRIFT_RATIO = Family(
    name="tensormesh_reconciliation_drift_ratio",
    help="What the account was billed for over closed days, over what the canaries "
    "used on them, minus 1; only for an account that canaries have alone (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="usage history of the Control Plane, usage of the canaries' answers, "
    "both at the price list",
)
