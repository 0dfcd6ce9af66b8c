-- Which rules and budgets are in force?
-- @readers whole ledger
-- @derived alert_rules
-- @returns rule rule_kind dimension severity only channels options from_settings judged_at judged_groups left_out_groups trouble
-- @note A budget is of kind `budget`, and its severity is the one that it rises to.
select
    row.rule,
    row.rule_kind,
    row.dimension,
    row.severity,
    row.only as only,
    row.channels,
    row.options,
    row.from_settings,
    cast(row.judged_at as timestamp) at time zone 'UTC' as judged_at,
    row.judged_groups,
    row.left_out_groups,
    row.trouble
from
    (
        select
            unnest(
                from_json(
                    cast($alert_rules as json),
                    '[{"rule": "varchar", "rule_kind": "varchar", "dimension": "varchar",
                    "severity": "varchar", "only": "varchar", "channels": ["varchar"],
                    "options": "varchar", "from_settings": "boolean", "judged_at": "varchar",
                    "judged_groups": "bigint", "left_out_groups": "bigint", "trouble": "varchar"}]'
                )
            ) as row
    )
