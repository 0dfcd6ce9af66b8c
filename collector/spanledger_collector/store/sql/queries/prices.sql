-- What does each model cost, by list and by contract?
-- @param at instant = now: the day is the one in UTC that this instant lies in
-- @param platform choice(any|anthropic|aws.bedrock|gcp.vertex_ai) = any: only models sold there, at the prices agreed on for it; any shows all models at the Claude API's
-- @param active choice(yes|no) = no: yes leaves out models that are retired on that day
-- @readers anyone
-- @derived listed_prices
-- @returns model tier valid_from valid_to input_usd_per_mtok output_usd_per_mtok cache_read_usd_per_mtok cache_write_5m_usd_per_mtok cache_write_1h_usd_per_mtok list_input_usd_per_mtok list_output_usd_per_mtok list_cache_read_usd_per_mtok list_cache_write_5m_usd_per_mtok list_cache_write_1h_usd_per_mtok batch_multiplier us_geo_multiplier regional_multiplier web_search_usd override confidence source note lifecycle released deprecated retired platforms
select
    row.model,
    row.tier,
    cast(row.valid_from as date) as valid_from,
    cast(row.valid_to as date) as valid_to,
    cast(row.input as decimal(18, 6)) as input_usd_per_mtok,
    cast(row.output as decimal(18, 6)) as output_usd_per_mtok,
    cast(row.cache_read as decimal(18, 6)) as cache_read_usd_per_mtok,
    cast(row.cache_write_5m as decimal(18, 6)) as cache_write_5m_usd_per_mtok,
    cast(row.cache_write_1h as decimal(18, 6)) as cache_write_1h_usd_per_mtok,
    cast(row.list_input as decimal(18, 6)) as list_input_usd_per_mtok,
    cast(row.list_output as decimal(18, 6)) as list_output_usd_per_mtok,
    cast(row.list_cache_read as decimal(18, 6)) as list_cache_read_usd_per_mtok,
    cast(row.list_cache_write_5m as decimal(18, 6)) as list_cache_write_5m_usd_per_mtok,
    cast(row.list_cache_write_1h as decimal(18, 6)) as list_cache_write_1h_usd_per_mtok,
    cast(row.batch_multiplier as decimal(9, 4)) as batch_multiplier,
    cast(row.us_geo_multiplier as decimal(9, 4)) as us_geo_multiplier,
    cast(row.regional_multiplier as decimal(9, 4)) as regional_multiplier,
    cast(row.web_search_usd as decimal(18, 12)) as web_search_usd,
    row.override as override,
    row.confidence,
    row.source,
    row.note,
    row.lifecycle,
    cast(row.released as date) as released,
    cast(row.deprecated as date) as deprecated,
    cast(row.retired as date) as retired,
    row.platforms
from
    (
        select
            unnest(
                from_json(
                    cast($listed_prices as json),
                    '[{"model": "varchar", "tier": "varchar", "valid_from": "varchar",
                    "valid_to": "varchar", "input": "varchar", "output": "varchar",
                    "cache_read": "varchar", "cache_write_5m": "varchar",
                    "cache_write_1h": "varchar", "list_input": "varchar",
                    "list_output": "varchar", "list_cache_read": "varchar",
                    "list_cache_write_5m": "varchar", "list_cache_write_1h": "varchar",
                    "batch_multiplier": "varchar", "us_geo_multiplier": "varchar",
                    "regional_multiplier": "varchar", "web_search_usd": "varchar",
                    "override": "varchar", "confidence": "varchar", "source": "varchar",
                    "note": "varchar", "lifecycle": "varchar", "released": "varchar",
                    "deprecated": "varchar", "retired": "varchar", "platforms": ["varchar"]}]'
                )
            ) as row
    )
where $active = 'no' or row.lifecycle <> 'retired'
order by row.released desc, row.model, row.tier <> 'standard', row.tier
