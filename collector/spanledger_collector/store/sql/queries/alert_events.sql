-- What happened to alerts, when, and who did it?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param alert_id texts = : only of these alerts
-- @param rule texts = : only of alerts of these rules
-- @param limit integer(1..10000) = 1000: rows at most
-- @readers whole ledger
-- @derived row_limit
-- @returns happened_at alert_id rule rule_kind dimension value event state severity actor remark observed expected excess_usd revision
-- @note The newest first.
select
    happened_at at time zone 'UTC' as happened_at,
    alert_events.alert_id,
    rule,
    kind as rule_kind,
    dimension,
    value,
    event,
    alert_events.state,
    alert_events.severity,
    actor,
    note as remark,
    alert_events.observed,
    alert_events.expected,
    alert_events.excess_usd,
    alert_events.revision
from alert_events
inner join alerts on alert_events.alert_id = alerts.alert_id
where
    happened_at >= $start
    and happened_at < $end
    and matches(alert_events.alert_id, $alert_id)
    and matches(rule, $rule)
order by happened_at desc, alert_events.revision desc, number desc, alert_events.alert_id
limit $row_limit
