-- Which version of the schema does the file hold?
select max(version) from schema_version
