-- Note that history was priced anew.
insert into reprices by name from incoming
