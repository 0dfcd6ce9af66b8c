-- Note up to which instant users are counted.
update counted_until set users = $until
