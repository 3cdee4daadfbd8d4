use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_core::running::Running;
use gonogo_store::{Deed, ProductionSeen, Sighted, Store};

fn runs(digits: &str) -> Running {
    Running::of(digits.chars().map(sha)).unwrap()
}

fn seen(running: Option<&str>) -> ProductionSeen {
    ProductionSeen {
        service: "web".to_owned(),
        running: running.map(runs),
        name: "production".to_owned(),
        why: "from gonogo.toml".to_owned(),
        trouble: None,
        astray: None,
    }
}

fn main_over(running: Option<&str>) -> Vec<Sighted> {
    let (service, branch) = ("web".to_owned(), "main".to_owned());
    vec![Sighted { service, branch, head: sha('e'), production: running.map(runs), stage: Stage::Deploy }]
}

fn deed() -> Deed {
    let (actor, subject) = ("deploy-bot".to_owned(), "web".to_owned());
    Deed { at: at(3), actor, action: "said what runs", subject, detail: "bbbbbbb".to_owned(), once: None }
}

conformance! {
    async fn a_move_is_recorded_once_with_the_candidates_over_it(store: Store) {
        let first = store.looked(seen(Some("a")), main_over(Some("a")), at(1), at(1)).await.unwrap();
        assert_eq!(first.moved.unwrap().before, None);
        let same = store.looked(seen(Some("a")), main_over(Some("a")), at(2), at(2)).await.unwrap();
        assert_eq!((same.moved, same.candidates[0].1), (None, false));
        let half = store.looked(seen(Some("ba")), main_over(Some("ab")), at(3), at(3)).await.unwrap();
        let (moved, (candidate, is_new)) = (half.moved.unwrap(), &half.candidates[0]);
        assert_eq!((moved.before, moved.running, moved.seen_at), (Some(runs("a")), runs("ab"), at(3)));
        assert!(*is_new);
        assert_eq!(candidate.production, Some(runs("ab")));
        assert_eq!(store.candidate(candidate.id).await.unwrap().as_ref(), Some(candidate));
        assert_eq!(store.all_open_candidates().await.unwrap()[0].production, Some(runs("ab")));
        let moves = store.production_moves("web", None, 9).await.unwrap();
        assert_eq!(moves.iter().map(|m| m.running.clone()).collect::<Vec<_>>(), [runs("ab"), runs("a")]);
        assert_eq!(store.production_moves("web", Some(moves[0].id), 9).await.unwrap(), moves[1..]);
        assert_eq!(store.production_moves("api", None, 9).await.unwrap(), []);
        let all = store.productions().await.unwrap();
        assert_eq!(all.get("web"), store.production("web").await.unwrap().as_ref());
    }

    async fn production_that_nobody_says_now_has_not_moved(store: Store) {
        store.looked(seen(Some("a")), Vec::new(), at(1), at(1)).await.unwrap();
        let away = || Some("no answer".to_owned());
        let stale = ProductionSeen { trouble: away(), ..seen(Some("a")) };
        assert_eq!(store.looked(stale, Vec::new(), at(2), at(2)).await.unwrap().moved, None);
        let unknown = ProductionSeen { trouble: away(), ..seen(None) };
        let looked = store.looked(unknown, main_over(None), at(3), at(3)).await.unwrap();
        assert_eq!((looked.moved, looked.candidates[0].0.production.clone()), (None, None));
        let row = store.production("web").await.unwrap().unwrap();
        assert_eq!((row.running, row.known_at, row.trouble), (Some(runs("a")), Some(at(1)), away()));
        assert_eq!(row.looked_at, Some(at(3)), "in vain");
        // It is back as it was: that is no move, and no trouble is left.
        assert_eq!(store.looked(seen(Some("a")), Vec::new(), at(4), at(4)).await.unwrap().moved, None);
        let row = store.production("web").await.unwrap().unwrap();
        assert_eq!((row.known_at, row.trouble), (Some(at(4)), None));
    }

    async fn what_went_astray_counts_from_when_it_was_seen_first(store: Store) {
        let astray = |said: &str| ProductionSeen { astray: Some(said.to_owned()), ..seen(Some("a")) };
        for (second, said) in [(1, "hotfix/1"), (2, "hotfix/1 and hotfix/2")] {
            store.looked(astray(said), Vec::new(), at(second), at(second)).await.unwrap();
        }
        let of = || async { store.production("web").await.unwrap().unwrap().astray };
        assert_eq!(of().await, Some(("hotfix/1 and hotfix/2".to_owned(), at(1))));
        store.looked(seen(Some("a")), Vec::new(), at(3), at(3)).await.unwrap();
        assert_eq!(of().await, None);
        store.looked(astray("hotfix/3"), Vec::new(), at(4), at(4)).await.unwrap();
        assert_eq!(of().await, Some(("hotfix/3".to_owned(), at(4))));
    }

    async fn the_last_word_on_what_runs_counts_and_is_audited(store: Store) {
        assert_eq!(store.production_told("web").await.unwrap(), None);
        for word in ["aaaaaaa", "bbbbbbb"] {
            store.tell_production("web", &[word.to_owned()], deed()).await.unwrap();
        }
        let told = store.production_told("web").await.unwrap().unwrap();
        assert_eq!((told.running.as_slice(), told.by.as_str(), told.at), (&["bbbbbbb".to_owned()][..], "deploy-bot", at(3)));
        assert_eq!(store.audit(&gonogo_store::AuditAsked::default(), None, 9).await.unwrap().len(), 2);
    }
}
