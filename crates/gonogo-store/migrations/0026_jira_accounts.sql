-- By what a person acts in the tracker under their own name there. Who they are
-- there is in identity. It is sealed by a secret that is kept elsewhere.
create table jira_account (
    person {int} primary key references person (id),
    -- The tracker's address: it is shown to no other one.
    tracker text not null,
    sealed text not null,
    -- Another one with each change of what is sealed.
    version {int} not null,
    -- Until when somebody renews it: what it is renewed with is good once.
    renewing_until {int},
    -- Why it is worth nothing any more; then they join anew.
    ended text
) {strict};
