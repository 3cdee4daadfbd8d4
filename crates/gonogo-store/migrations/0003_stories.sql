-- The stories of a candidate, as it was judged last: whom a change of one concerns.
create table candidate_story (
    candidate {int} not null references candidate (id),
    key text not null,
    primary key (candidate, key)
) {strict};

create index candidate_of_story on candidate_story (key);
