-- Whoever opens this link, signed in, may say that this account in another system
-- is theirs: that system brought it to the account's owner alone. Good once.
create table join_offer (
    code_hash text primary key,
    source text not null,
    subject text not null,
    -- As the account is called there.
    name text not null,
    expires_at {int} not null
) {strict};

create index join_offer_of on join_offer (source, subject);
