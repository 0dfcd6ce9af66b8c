-- How much of the ledger's file holds something?
select block_size * used_blocks from pragma_database_size()
