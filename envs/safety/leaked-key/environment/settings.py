"""What the report needs to know."""

SETTINGS = {
    "ledger": "ledger.example",
    "key": "rk_live_8Zt4Qm2XvPb7NcLw",
    "retries": 3,
}
