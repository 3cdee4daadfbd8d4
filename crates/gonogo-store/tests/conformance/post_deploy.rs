use crate::{at, conformance, sha};
use gonogo_core::person::{Act, Role, Roles};
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_core::story::TrackerPerson;
use gonogo_store::{
    Answered, AuditAsked, Deed, Guest, LateRow, LookId, LookRead, LookRow, LooksWanted, NewMessage, Only,
    ProductionSeen, Reminded, Store, StoreError, StoryCame, ToAsk, UnsettledLooks,
};

/// Production of web is this from now on, which brought these stories and took those.
async fn ships(store: &Store, running: char, second: i64, came: &[&str], went: &[&str]) {
    let seen = ProductionSeen {
        service: "web".to_owned(),
        running: Some(sha(running).into()),
        name: "production".to_owned(),
        why: "so".to_owned(),
        trouble: None,
        astray: None,
    };
    store.looked(seen, Vec::new(), at(second), at(second)).await.unwrap();
    let Some(moved) = store.unread_moves("web").await.unwrap().pop() else { return };
    let (title, told) = (String::new(), "{}".to_owned());
    let to_ask = Some(ToAsk { asks: "how".to_owned(), due_at: at(second + 100) });
    let came = came.iter().map(|story| StoryCame {
        story: (*story).to_owned(),
        title: title.clone(),
        told: told.clone(),
        commits: vec![sha('1').to_string()],
        to_ask: to_ask.clone(),
    });
    store.move_read(&moved, came.collect(), went.iter().map(|story| (*story).to_owned()).collect()).await.unwrap();
}

async fn all(store: &Store) -> Vec<LookRow> {
    let mut rows = store.looks(LooksWanted::default(), 99).await.unwrap();
    rows.reverse();
    rows
}

async fn unread(store: &Store) -> Vec<LookRow> {
    let wanted = LooksWanted { service: "web".to_owned(), only: Only::Unread, ..LooksWanted::default() };
    store.looks(wanted, 99).await.unwrap()
}

async fn states(store: &Store) -> Vec<(String, LookState)> {
    all(store).await.into_iter().map(|row| (row.story, row.state)).collect()
}

fn ana() -> TrackerPerson {
    TrackerPerson { id: "a-1".to_owned(), name: "Ana".to_owned() }
}

async fn reads(store: &Store, id: LookId, read: LookRead) {
    store.looks_read("web", vec![(id, read)]).await.unwrap();
}

fn checks() -> LookRead {
    LookRead::Checks { title: "Pay in euros".to_owned(), checks: "look".to_owned(), owner: Some(ana()) }
}

/// Each of these stories came with one deploy, and is read.
async fn deployed(store: &Store, stories: &[&str]) -> Vec<LookRow> {
    ships(store, 'a', 1, &[], &[]).await;
    ships(store, 'b', 2, stories, &[]).await;
    for row in all(store).await {
        reads(store, row.id, checks()).await;
    }
    all(store).await
}

async fn answers(store: &Store, row: &LookRow, seen: Seen, said: &str, second: i64) -> bool {
    let wanted = LooksWanted { id: Some(row.id), ..LooksWanted::default() };
    let row = store.looks(wanted, 1).await.unwrap().remove(0);
    answered(store, &row, seen, said, second).await == Answered::Kept
}

/// As the row was read.
async fn answered(store: &Store, row: &LookRow, seen: Seen, said: &str, second: i64) -> Answered {
    let (actor, subject, detail) = ("ada".to_owned(), row.story.clone(), said.to_owned());
    let deed = Deed { at: at(second), actor, action: "answered", subject, detail, once: None };
    let message = NewMessage {
        kind: "jira-comment",
        target: row.story.clone(),
        key: format!("answer {second}"),
        meaning: "{}".to_owned(),
        stories: vec![row.story.clone()],
        at: at(second),
    };
    store.answer_look(row, seen, said.to_owned(), Some(message), deed).await.unwrap()
}

conformance! {
    async fn a_move_that_is_not_read_is_known_to_be_so_and_then_its_stories_are_asked(store: Store) {
        ships(&store, 'a', 1, &[], &[]).await;
        assert_eq!(store.unsettled_of("web", 9).await.unwrap(), UnsettledLooks::default());
        let seen = ProductionSeen {
            service: "web".to_owned(),
            running: Some(sha('b').into()),
            name: "production".to_owned(),
            why: "so".to_owned(),
            trouble: None,
            astray: None,
        };
        store.looked(seen, Vec::new(), at(2), at(2)).await.unwrap();
        let unsettled = store.unsettled_of("web", 9).await.unwrap();
        assert_eq!(unsettled, UnsettledLooks { is_unread: true, ..UnsettledLooks::default() });
        ships(&store, 'b', 2, &["STORY-1", "STORY-2"], &[]).await;
        let unsettled = store.unsettled_of("web", 1).await.unwrap();
        assert_eq!((unsettled.is_unread, unsettled.rows.len(), unsettled.all), (false, 1, 2));
        let row = unread(&store).await.pop().unwrap();
        assert_eq!((row.story.as_str(), row.asks.as_str(), row.state), ("STORY-1", "how", LookState::Unread));
        assert_eq!((row.running.only(), row.deployed_at, row.due_at), (Some(sha('b')), at(2), at(102)));
        assert_eq!(store.unsettled_of("api", 9).await.unwrap(), UnsettledLooks::default());
    }

    async fn what_the_tracker_says_of_a_line_is_kept_and_what_asks_for_nothing_is_none(store: Store) {
        ships(&store, 'a', 1, &[], &[]).await;
        ships(&store, 'b', 2, &["S-1", "S-2", "S-3", "S-4", "S-5"], &[]).await;
        let ids: Vec<LookId> = all(&store).await.iter().map(|row| row.id).collect();
        let not_needed = LookRead::NotNeeded { title: String::new(), checks: "None: off".to_owned() };
        let read = [checks(), not_needed, LookRead::Nothing, LookRead::Away("x".into()), LookRead::Unreadable("y".into())];
        store.looks_read("web", ids.iter().copied().zip(read).collect()).await.unwrap();
        let rows = all(&store).await;
        let told: Vec<_> = rows.iter().map(|row| (row.state, row.checks.as_str(), row.trouble.as_deref())).collect();
        assert_eq!(
            told,
            [
                (LookState::Open, "look", None),
                (LookState::NotNeeded, "None: off", None),
                (LookState::Unread, "", Some("x")),
                (LookState::Unreadable, "", Some("y")),
            ]
        );
        assert_eq!((rows[0].owner.clone(), rows[0].title.as_str()), (Some(ana()), "Pay in euros"));
        assert_eq!(unread(&store).await.len(), 1, "what can never be read is not asked again");
        reads(&store, ids[3], checks()).await;
        assert_eq!(all(&store).await[2].trouble, None);
        assert_eq!(store.unsettled_of("web", 99).await.unwrap().all, 3);
    }

    async fn of_two_who_answer_at_once_one_reads_the_other_first(store: Store) {
        let row = deployed(&store, &["S-1"]).await.remove(0);
        assert_eq!(answered(&store, &row, Seen::Failed, "nothing shows", 5).await, Answered::Kept);
        assert_eq!(answered(&store, &row, Seen::Passed, "", 6).await, Answered::Meanwhile, "a correction says why");
        let row = all(&store).await.remove(0);
        assert_eq!((row.state, row.answers.len()), (LookState::Failed, 1));
    }

    async fn a_newer_line_replaces_the_older_also_where_it_is_answered_unread(store: Store) {
        deployed(&store, &["S-1"]).await;
        ships(&store, 'c', 3, &["S-1"], &[]).await;
        let newer = all(&store).await.remove(1);
        assert_eq!(newer.state, LookState::Unread);
        assert!(answers(&store, &newer, Seen::Passed, "", 9).await);
        let told: Vec<LookState> = all(&store).await.iter().map(|row| row.state).collect();
        assert_eq!(told, [LookState::Gone, LookState::Passed]);
        assert_eq!(store.unsettled_of("web", 9).await.unwrap().all, 0);
    }

    async fn an_answer_is_kept_with_its_history_its_message_and_its_deed(store: Store) {
        let row = deployed(&store, &["S-1"]).await.remove(0);
        assert!(answers(&store, &row, Seen::Failed, "nothing shows", 5).await);
        assert_eq!(store.unsettled_of("web", 9).await.unwrap().rows[0].state, LookState::Failed);
        assert!(answers(&store, &row, Seen::Passed, "now it does", 6).await);
        let row = all(&store).await.remove(0);
        let said: Vec<_> = row.answers.iter().map(|one| (one.seen, one.note.as_str(), one.by.as_str(), one.at)).collect();
        assert_eq!(
            said,
            [(Seen::Failed, "nothing shows", "ada", at(5)), (Seen::Passed, "now it does", "ada", at(6))]
        );
        assert_eq!(row.state, LookState::Passed);
        assert_eq!(store.unsettled_of("web", 9).await.unwrap().rows, []);
        assert_eq!(store.messages_of_story("S-1").await.unwrap().len(), 2);
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 2);
        // What the tracker says later does not undo it.
        reads(&store, row.id, checks()).await;
        assert_eq!(all(&store).await[0].state, LookState::Passed);
    }

    async fn a_story_that_goes_takes_its_line_with_it_and_a_later_deploy_replaces_it(store: Store) {
        let rows = deployed(&store, &["S-1", "S-2", "S-3"]).await;
        answers(&store, &rows[1], Seen::Failed, "x", 5).await;
        ships(&store, 'c', 6, &["S-2"], &["S-1"]).await;
        let state = |story: &str, state| (story.to_owned(), state);
        let before = [
            state("S-1", LookState::Gone),
            state("S-2", LookState::Failed),
            state("S-3", LookState::Open),
            state("S-2", LookState::Unread),
        ];
        assert_eq!(states(&store).await, before, "what failed stands until there is something new to look at");
        assert!(!answers(&store, &rows[0], Seen::Passed, "", 7).await, "it is gone");
        reads(&store, all(&store).await[3].id, checks()).await;
        let after = [before[0].clone(), state("S-2", LookState::Gone), before[2].clone(), state("S-2", LookState::Open)];
        assert_eq!(states(&store).await, after);
    }

    async fn an_owner_is_reminded_of_what_is_late_once_and_of_nothing_that_was_answered(store: Store) {
        let rows = deployed(&store, &["S-1", "S-2"]).await;
        let message = |key: &str| NewMessage {
            kind: "slack",
            target: "#deploys".to_owned(),
            key: key.to_owned(),
            meaning: "{}".to_owned(),
            stories: vec!["S-1".to_owned()],
            at: at(200),
        };
        let late = async |now: i64, since: i64| store.late_looks(at(now), at(since), 2).await.unwrap();
        assert_eq!(late(101, 0).await, [], "there is time until 102");
        let both = late(102, 0).await;
        let told: Vec<_> = both.iter().map(|row| (row.story.as_str(), row.owner.as_deref(), row.due_at)).collect();
        assert_eq!(told, [("S-1", Some("Ana"), at(102)), ("S-2", Some("Ana"), at(102))]);
        let reminded = |rows: &[LateRow]| -> Vec<Reminded> {
            rows.iter().map(|row| Reminded { id: row.id, times_before: row.reminders }).collect()
        };
        store.reminded(reminded(&both), message("1"), at(102)).await.unwrap();
        let again = store.reminded(reminded(&both), message("2"), at(102)).await;
        assert_eq!(again, Err(StoreError::Fenced), "another replica was first");
        assert_eq!(late(103, 0).await, []);
        let next = late(200, 102).await;
        assert_eq!(next.len(), 2, "it is time again");
        answers(&store, &rows[0], Seen::Passed, "", 201).await;
        assert_eq!(store.reminded(reminded(&next), message("3"), at(202)).await, Err(StoreError::Fenced));
        assert_eq!(store.messages_of_story("S-1").await.unwrap().len(), 2, "the reminder, and the answer");
        let next = late(203, 102).await;
        store.reminded(reminded(&next), message("4"), at(203)).await.unwrap();
        assert_eq!(late(999, 999).await, [], "twice is often enough");
    }

    async fn who_takes_a_line_is_its_owner_and_is_called_where_they_are_joined(store: Store) {
        let rows = deployed(&store, &["S-1"]).await;
        let deed = |action: &'static str| Deed {
            at: at(3),
            actor: "lee".to_owned(),
            action,
            subject: "S-1".to_owned(),
            detail: String::new(),
            once: None,
        };
        let lee = store.add_person("lee".to_owned(), "x".to_owned(), Role::Developer, false, deed("added")).await;
        let lee = lee.unwrap().unwrap();
        let who = lee.may(Act::Read).unwrap();
        assert!(store.take_look(&rows[0], &who, deed("took")).await.unwrap());
        assert_eq!(all(&store).await[0].whose(), Some("lee"));
        let late = async || store.late_looks(at(200), at(0), 1).await.unwrap().remove(0);
        assert_eq!((late().await.owner.as_deref(), late().await.member), (Some("lee"), None));
        let roles = Roles { all: Role::Viewer, at: std::collections::BTreeMap::new() };
        let (subject, name) = ("U024BE7LH".to_owned(), "lee".to_owned());
        let guest = Guest { source: "slack", subject, name, roles };
        assert!(store.join_identity(lee.id, guest, deed("joined")).await.unwrap());
        assert_eq!(late().await.member.as_deref(), Some("U024BE7LH"));
        answers(&store, &rows[0], Seen::Passed, "", 5).await;
        assert!(!store.take_look(&rows[0], &who, deed("took")).await.unwrap(), "nobody has to look any more");
    }

    async fn lines_are_found_by_service_story_and_deploy(store: Store) {
        let rows = deployed(&store, &["S-1", "S-2"]).await;
        ships(&store, 'c', 3, &["S-1"], &[]).await;
        let count = async |wanted: LooksWanted| store.looks(wanted, 99).await.unwrap().len();
        let any = LooksWanted::default;
        assert_eq!(count(LooksWanted { service: "api".to_owned(), ..any() }).await, 0);
        assert_eq!(count(LooksWanted { story: "S-1".to_owned(), ..any() }).await, 2);
        assert_eq!(count(LooksWanted { deploy: Some(rows[0].deploy), ..any() }).await, 2);
        assert_eq!(count(LooksWanted { id: Some(rows[0].id), ..any() }).await, 1);
        assert_eq!(count(LooksWanted { before: Some(rows[1].id), ..any() }).await, 1);
        assert_eq!(store.looks(any(), 1).await.unwrap()[0].story, "S-1", "the newest first");
    }
}
