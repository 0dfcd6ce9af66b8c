-- What fires, what has fired, and what was told of it?
-- @param start instant = 30 days before end: alerts that were open at this instant or later
-- @param end instant = now: alerts that began before this instant
-- @param alert_id texts = : only these alerts
-- @param state texts = : only alerts in these states: `pending`, `firing`, `recovering`, `resolved`
-- @param severity texts = : only alerts of these severities
-- @param rule texts = : only alerts of these rules
-- @param limit integer(1..10000) = 500: rows at most
-- @readers whole ledger
-- @derived row_limit
-- @returns alert_id rule rule_kind dimension value episode state severity pending_since fired_at last_bad_at resolved_at bad_since
-- @returns window_start window_end observed expected expected_low expected_high unit excess_usd peak_usd verdict parent_id
-- @returns told told_at acked_at acked_by snoozed_until snoozed_by feedback title message unsent send_error revision
-- @note Open alerts first, the most severe and the newest of them first.
with queued as (
    select
        alert_id,
        count(*) filter (where state = 'waiting') as unsent,
        arg_max(error, next_at) filter (where error is not null and state <> 'sent') as send_error
    from alert_outbox
    group by alert_id
)

select
    alerts.alert_id,
    rule,
    kind as rule_kind,
    dimension,
    value,
    episode,
    state,
    severity,
    pending_since at time zone 'UTC' as pending_since,
    fired_at at time zone 'UTC' as fired_at,
    last_bad_at at time zone 'UTC' as last_bad_at,
    resolved_at at time zone 'UTC' as resolved_at,
    bad_since at time zone 'UTC' as bad_since,
    window_start at time zone 'UTC' as window_start,
    window_end at time zone 'UTC' as window_end,
    observed,
    expected,
    expected_low,
    expected_high,
    unit,
    excess_usd,
    peak_usd,
    reason as verdict,
    parent_id,
    told,
    told_at at time zone 'UTC' as told_at,
    acked_at at time zone 'UTC' as acked_at,
    acked_by,
    snoozed_until at time zone 'UTC' as snoozed_until,
    snoozed_by,
    feedback,
    message ->> '$.title' as title,
    cast(message as varchar) as message,
    coalesce(unsent, 0) as unsent,
    send_error,
    revision
from alerts
left join queued on alerts.alert_id = queued.alert_id
where
    pending_since < $end
    and coalesce(resolved_at, $end) >= $start
    and matches(alerts.alert_id, $alert_id)
    and matches(state, $state)
    and matches(severity, $severity)
    and matches(rule, $rule)
order by
    state = 'resolved',
    case severity when 'critical' then 0 when 'warning' then 1 else 2 end,
    alerts.pending_since desc,
    alerts.alert_id
limit $row_limit
