-- Take the calls away that are judged otherwise now, to put them where they belong.
delete from calls
where start_time >= $first and start_time <= $last and rowid in (select n from moved)
