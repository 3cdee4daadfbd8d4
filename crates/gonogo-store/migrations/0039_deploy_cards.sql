-- Where it was asked for, if that was in Slack: its id of the channel.
alter table deploy add column channel text;
-- Which of its changes people were told of in Slack.
alter table deploy add column told {int} not null default 0;

-- Nobody is told of what is over.
update deploy set told = changed where ended_at is not null;

create index deploy_untold on deploy (id) where changed > told;
