-- Record a version of the schema as applied.
insert into schema_version values ($version, $applied_at, $release)
