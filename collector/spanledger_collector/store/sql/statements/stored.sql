-- Which tables are there, and which of their columns are stored, not worked out? (what works a column
-- out stands where others have their default, and no other column of ours has any)
select table_name, list(column_name order by column_index) as columns
from duckdb_columns()
where not internal and column_default is null
group by table_name
order by table_name
