use crate::{at, conformance};
use gonogo_store::{Delivery, Received, Store};

pub(crate) fn delivery(id: &str) -> Delivery {
    Delivery {
        source: "github".to_owned(),
        delivery_id: id.to_owned(),
        event: "push".to_owned(),
        body: b"{\0\xff".to_vec(),
        received_at: at(1),
    }
}

conformance! {
    async fn a_delivery_is_stored_once_with_its_work(store: Store) {
        let first = store.receive(delivery("a"), "delivery").await.unwrap();
        let Received::New(id) = first else { panic!("{first:?}") };
        assert_eq!(store.receive(delivery("a"), "delivery").await.unwrap(), Received::Known(id));
        assert!(matches!(store.receive(delivery("b"), "delivery").await.unwrap(), Received::New(_)));
        assert_eq!(store.delivery(id).await.unwrap().unwrap().body, b"{\0\xff");

        let job = store.lease_job(at(1), at(60)).await.unwrap().unwrap();
        assert_eq!((job.kind.as_str(), job.key), ("delivery", id.0.to_string()));
        store.delivery_led_to(id, "evaluates web".to_owned()).await.unwrap();
        let list = store.deliveries(None, 10).await.unwrap();
        assert_eq!(list.iter().map(|d| d.delivery_id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(list[1].outcome.as_deref(), Some("evaluates web"));
        assert_eq!(store.deliveries(Some(list[0].id), 10).await.unwrap().len(), 1);
    }

    async fn what_is_worked_on_at_once_waits_for_nobody(store: Store) {
        let first = store.receive_for_now(delivery("a")).await.unwrap();
        let Received::New(id) = first else { panic!("{first:?}") };
        assert_eq!(store.receive_for_now(delivery("a")).await.unwrap(), Received::Known(id));
        assert_eq!(store.receive(delivery("a"), "delivery").await.unwrap(), Received::Known(id));
        assert_eq!(store.job_counts().await.unwrap(), (0, 0));
        assert_eq!(store.outcome_of(id).await.unwrap(), None);
        store.delivery_led_to(id, "waived".to_owned()).await.unwrap();
        assert_eq!(store.outcome_of(id).await.unwrap().as_deref(), Some("waived"));
    }

    async fn the_same_delivery_twice_at_once_is_one(store: Store) {
        let both = tokio::join!(store.receive(delivery("a"), "delivery"), store.receive(delivery("a"), "delivery"));
        let new = [both.0.unwrap(), both.1.unwrap()].iter().filter(|r| matches!(r, Received::New(_))).count();
        assert_eq!(new, 1);
        assert_eq!(store.job_counts().await.unwrap(), (1, 0));
    }
}
