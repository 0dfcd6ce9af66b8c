-- When does planned work take place?
-- @param start instant = 30 days before end: work that is over after this instant
-- @param end instant = now: work that begins before this instant
-- @readers whole ledger
-- @derived planned_work
-- @returns planned planned_start planned_end only
-- @note What `[[alerts.planned]]` says, the earliest first, 1,000 rows at most. Ask for an `end` in the future to see what is to come.
select
    row.planned,
    cast(row.planned_start as timestamp) at time zone 'UTC' as planned_start,
    cast(row.planned_end as timestamp) at time zone 'UTC' as planned_end,
    row.only as only
from
    (
        select
            unnest(
                from_json(
                    cast($planned_work as json),
                    '[{"planned": "varchar", "planned_start": "varchar", "planned_end": "varchar",
                    "only": "varchar"}]'
                )
            ) as row
    )
order by row.planned_start, row.planned
