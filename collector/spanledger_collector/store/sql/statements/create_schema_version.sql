-- Which versions of the schema were applied, when, by which release?
create table schema_version (
    version integer not null, applied_at timestamp not null, release varchar not null
)
