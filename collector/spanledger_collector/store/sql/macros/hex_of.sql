-- How does OpenTelemetry write a trace's id?
create or replace macro hex_of(trace) as replace(cast(trace as varchar), '-', '')
