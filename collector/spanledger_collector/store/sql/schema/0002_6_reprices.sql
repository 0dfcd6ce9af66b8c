-- When was history priced anew, by which prices, and what did that change?
create table reprices (
    applied_at timestamp not null,
    release varchar not null,
    prices_version varchar not null,
    first_day date,
    last_day date,
    calls bigint not null,
    changed bigint not null,
    unpriced_before bigint not null,
    unpriced_after bigint not null,
    before_usd decimal(38, 12) not null,
    after_usd decimal(38, 12) not null,
    changes json not null
)
