-- Which bucket of a latency histogram does a duration fall into? (each is 4 % wider than the last)
create or replace macro latency_bucket(ns) as cast(floor(ln(greatest(ns, 1)) / ln(1.04)) as smallint)
