-- What is a sum as an ordinary integer? It saturates: absurd input must not break a query.
create or replace macro whole(total) as
    cast(least(coalesce(total, 0), 9223372036854775807) as bigint)
