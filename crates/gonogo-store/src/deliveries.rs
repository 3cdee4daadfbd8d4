//! Deliveries from outside. One is stored, and its work queued, before it is
//! acknowledged; the same one again changes nothing.

use crate::db::{Tx, execute, fetch};
use crate::jobs::{NewJob, put};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

/// A delivery as it came.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The system that sent it: `github`.
    pub source: String,
    pub delivery_id: String,
    pub event: String,
    pub body: Vec<u8>,
    pub received_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryId(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    New(DeliveryId),
    /// It was here before: a redelivery.
    Known(DeliveryId),
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub source: String,
    pub delivery_id: String,
    pub event: String,
    pub received_at: Timestamp,
    pub outcome: Option<String>,
}

impl Store {
    /// Whether it came, by the id that its system gave it.
    pub async fn has_delivery(&self, source: &'static str, delivery_id: &str) -> Result<bool, StoreError> {
        const SELECT: &str = "select id from delivery where source = $1 and delivery_id = $2";
        let delivery_id = delivery_id.to_owned();
        let found: Option<(i64,)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, source, delivery_id)?) }))
            .await?;
        Ok(found.is_some())
    }

    /// Stores a delivery with the job that works on it; `kind` is the job's.
    pub async fn receive(&self, delivery: Delivery, kind: &'static str) -> Result<Received, StoreError> {
        let received = self.keep(delivery, Some(kind)).await?;
        self.work.came();
        Ok(received)
    }

    /// Stores a delivery that is worked on at once, by who stores it.
    pub async fn receive_for_now(&self, delivery: Delivery) -> Result<Received, StoreError> {
        self.keep(delivery, None).await
    }

    async fn keep(&self, delivery: Delivery, kind: Option<&'static str>) -> Result<Received, StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let insert = "insert into delivery (source, delivery_id, event, body, received_at)
                         values ($1, $2, $3, $4, $5)
                         on conflict (source, delivery_id) do nothing
                         returning id";
                    let new: Option<(i64,)> = fetch!(
                        tx,
                        fetch_optional,
                        insert,
                        &delivery.source,
                        &delivery.delivery_id,
                        &delivery.event,
                        &delivery.body,
                        micros(delivery.received_at)
                    )?;
                    let Some((id,)) = new else { return known(tx, &delivery).await };
                    if let Some(kind) = kind {
                        let job =
                            NewJob { kind, key: id.to_string(), body: String::new(), run_at: delivery.received_at };
                        put(tx, &job).await?;
                    }
                    Ok(Received::New(DeliveryId(id)))
                })
            })
            .await
    }

    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        type Row = (String, String, String, Vec<u8>, i64);
        let select = "select source, delivery_id, event, body, received_at from delivery where id = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, id.0)?) })).await?;
        Ok(row.map(|(source, delivery_id, event, body, at)| Delivery {
            source,
            delivery_id,
            event,
            body,
            received_at: time(at),
        }))
    }

    /// What came of a delivery, once that is known.
    pub async fn outcome_of(&self, id: DeliveryId) -> Result<Option<String>, StoreError> {
        let select = "select outcome from delivery where id = $1";
        let row: Option<(Option<String>,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, id.0)?) })).await?;
        Ok(row.and_then(|(outcome,)| outcome))
    }

    /// Says what came of a delivery.
    pub async fn delivery_led_to(&self, id: DeliveryId, outcome: String) -> Result<(), StoreError> {
        let update = "update delivery set outcome = $2 where id = $1";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, update, id.0, &outcome)?;
                    Ok(())
                })
            })
            .await
    }

    /// The newest deliveries, or those older than one.
    pub async fn deliveries(&self, before: Option<DeliveryId>, most: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        type Row = (i64, String, String, String, i64, Option<String>);
        let select = "select id, source, delivery_id, event, received_at, outcome
             from delivery where id < $1 order by id desc limit $2";
        let before = before.map_or(i64::MAX, |id| id.0);
        let rows: Vec<Row> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let most = i64::from(most);
                    Ok(fetch!(tx, fetch_all, select, before, most)?)
                })
            })
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, source, delivery_id, event, at, outcome)| DeliveryRow {
                id: DeliveryId(id),
                source,
                delivery_id,
                event,
                received_at: time(at),
                outcome,
            })
            .collect())
    }
}

async fn known(tx: &mut Tx<'_>, delivery: &Delivery) -> Result<Received, StoreError> {
    let select = "select id from delivery where source = $1 and delivery_id = $2";
    let (id,): (i64,) = fetch!(tx, fetch_one, select, &delivery.source, &delivery.delivery_id)?;
    Ok(Received::Known(DeliveryId(id)))
}
