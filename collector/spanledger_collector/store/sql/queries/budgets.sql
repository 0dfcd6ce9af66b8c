-- Where do the budgets stand in their periods?
-- @readers whole ledger
-- @derived budget_states
-- @returns budget dimension value period budget_start budget_end as_of budget_usd spent_usd left_usd used_share burn forecast_usd forecast_low_usd forecast_high_usd run_out_at thresholds only
-- @note As of the last judgement, which is about a minute ago at most. Of a budget by a dimension there is a row for each of its groups, those that spent most first. There is no forecast while the period is too young for one.
select
    row.budget,
    row.dimension,
    row.value,
    row.period,
    cast(row.budget_start as timestamp) at time zone 'UTC' as budget_start,
    cast(row.budget_end as timestamp) at time zone 'UTC' as budget_end,
    cast(row.as_of as timestamp) at time zone 'UTC' as as_of,
    cast(row.budget_usd as decimal(38, 12)) as budget_usd,
    cast(row.spent_usd as decimal(38, 12)) as spent_usd,
    cast(row.budget_usd as decimal(38, 12)) - cast(row.spent_usd as decimal(38, 12)) as left_usd,
    row.used_share,
    row.burn,
    cast(row.forecast_usd as decimal(38, 12)) as forecast_usd,
    cast(row.forecast_low_usd as decimal(38, 12)) as forecast_low_usd,
    cast(row.forecast_high_usd as decimal(38, 12)) as forecast_high_usd,
    cast(row.run_out_at as timestamp) at time zone 'UTC' as run_out_at,
    row.thresholds,
    row.only as only
from
    (
        select
            unnest(
                from_json(
                    cast($budget_states as json),
                    '[{"budget": "varchar", "dimension": "varchar", "value": "varchar", "period": "varchar", "budget_start": "varchar",
                    "budget_end": "varchar", "as_of": "varchar", "budget_usd": "varchar",
                    "spent_usd": "varchar", "used_share": "double", "burn": "double",
                    "forecast_usd": "varchar", "forecast_low_usd": "varchar",
                    "forecast_high_usd": "varchar", "run_out_at": "varchar", "thresholds": "varchar", "only": "varchar"}]'
                )
            ) as row
    )
