-- When what runs was looked at last, whatever that came to.
alter table production add column looked_at {int};

-- They come again with the next look.
delete from fact;

-- What an answer is of beside its key: an issue's own key where it was asked for by
-- another, or the mark of all queries.
alter table fact add column about text not null default '';

create index fact_about on fact (about);

-- What was told to have changed: answers of before that count no more, also those
-- that come in later.
create table fact_changed (
    key text primary key,
    at {int} not null
) {strict};
