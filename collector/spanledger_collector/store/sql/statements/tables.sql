-- Which tables does the file hold?
select table_name from duckdb_tables() where not internal
