-- Which value does a named dimension have? '(none)' stands for a missing one, null for no dimension.
create or replace macro dimension(
    name, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id
) as
    case
        when name <> 'none' then
            coalesce(
                case name
                    when 'model' then model
                    when 'service' then service
                    when 'team' then team
                    when 'feature' then feature
                    when 'environment' then environment
                    when 'provider' then provider
                    when 'workspace_id' then workspace_id
                    when 'outcome' then outcome
                    when 'cost_status' then cost_status
                    when 'operation' then operation
                    when 'user_id' then user_id
                    when 'session_id' then session_id
                end,
                '(none)'
            )
    end
