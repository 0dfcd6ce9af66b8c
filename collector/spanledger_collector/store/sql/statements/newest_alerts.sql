-- What is the newest alert of each rule and group?
select *
from alerts
qualify row_number() over (partition by rule, dimension, value order by episode desc) = 1
