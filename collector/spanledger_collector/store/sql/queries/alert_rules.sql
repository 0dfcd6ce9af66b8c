-- Which rules are in force?
-- @readers whole ledger
-- @derived alert_rules
-- @returns rule rule_kind dimension severity only channels options from_settings
select
    row.rule,
    row.rule_kind,
    row.dimension,
    row.severity,
    row.only as only,
    row.channels,
    row.options,
    row.from_settings
from
    (
        select
            unnest(
                from_json(
                    cast($alert_rules as json),
                    '[{"rule": "varchar", "rule_kind": "varchar", "dimension": "varchar",
                    "severity": "varchar", "only": "varchar", "channels": ["varchar"],
                    "options": "varchar", "from_settings": "boolean"}]'
                )
            ) as row
    )
