-- Which tags of a call does no column of its own repeat?
create or replace macro other_tags(tags, team, feature, user_id, session_id) as
    map_from_entries(
        list_filter(
            map_entries(tags),
            lambda tag: not coalesce(
                tag.value = case tag.key
                    when 'team' then team
                    when 'feature' then feature
                    when 'user' then user_id
                    when 'session' then session_id
                end,
                false
            )
        )
    )
