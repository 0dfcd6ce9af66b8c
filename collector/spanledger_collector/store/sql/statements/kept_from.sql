-- From which day on are calls kept?
select calls from kept_from
