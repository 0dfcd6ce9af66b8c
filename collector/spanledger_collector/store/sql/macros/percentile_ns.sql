-- How long did this share of calls take at most, within 2 %? The histogram is a list of structs
-- {bucket, n}, ordered by bucket, such as list({'bucket': bucket, 'n': n} order by bucket).
create or replace macro percentile_ns(histogram, share) as
    cast(
        round(
            pow(
                1.04,
                list_reduce(
                    list_transform(
                        histogram, lambda x: {'bucket': x.bucket + 0.5e0, 'missing': cast(x.n as double)}
                    ),
                    lambda found, x: if(
                        found.missing <= 0, found, {'bucket': x.bucket, 'missing': found.missing - x.missing}
                    ),
                    {
                        'bucket': cast(null as double),
                        'missing': share * cast(list_sum(list_transform(histogram, lambda y: y.n)) as double) - 1e-6
                    }
                ).bucket
            )
        ) as bigint
    )
