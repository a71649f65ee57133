//! The JSON in which bindings get what holds no secret: one text a reply, so that they need no code for single fields.
//!
//! | reply | JSON |
//! |---|---|
//! | secret | `{"properties": PROPERTIES}`; the value is beside it |
//! | properties | `{"properties": PROPERTIES}` |
//! | deleted | `{"deleted": DELETED, "finished": false}` |
//! | page | `{"page": [PROPERTIES, …], "continuation": "https://…"}`, `null` at the end |
//! | deleted page | `{"page": [DELETED, …], "continuation": null}` |
//! | finished | `{"finished": true}` |
//! | rotation | `{"rotation": ROTATION}`, see [`Rotation`](super::Rotation) |
//! | next refresh | `{"next_refresh": 12.5}` (seconds) |
//! | token | `{"expires_on": 1793003600, "refresh_on": 1793001800}`; the token is beside it |
//! | report | `{"report": REPORT}`, see [`Report`] |
//! | health | `{"health": HEALTH}`, see [`Health`] |
//! | forecast | `{"forecast": FORECAST}`, see [`Forecast`] |
//! | resolved | `{"resolution": RESOLUTION}`, see [`Resolution`]; the text is beside it |
//!
//! `PROPERTIES` is [`SecretProperties`](crate::secret::SecretProperties) by its field names, all of them, `null` where the
//! service says nothing. `DELETED` is `{"properties", "recovery_id", "deleted_date", "scheduled_purge_date"}`. Times are
//! seconds since 1970. Secrets (many) and values have none: each secret of the former has its own, by
//! [`Secret::properties`](crate::secret::Secret::properties).

use serde::Serialize;

use super::Reply;
#[cfg(feature = "manage")]
use super::Rotation;
#[cfg(feature = "reference")]
use crate::report::Resolution;
#[cfg(feature = "doctor")]
use crate::report::{Forecast, Health, Report};
use crate::secret::{DeletedSecret, SecretProperties};
use crate::time::UnixTime;

/// A reply without what is secret in it.
#[derive(Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Properties {
        properties: &'a SecretProperties,
    },
    Deleted {
        deleted: &'a DeletedSecret,
        finished: bool,
    },
    Page {
        page: &'a [SecretProperties],
        continuation: &'a Option<String>,
    },
    DeletedPage {
        page: &'a [DeletedSecret],
        continuation: &'a Option<String>,
    },
    Finished {
        finished: bool,
    },
    #[cfg(feature = "manage")]
    Rotated {
        rotation: &'a Rotation,
    },
    NextRefresh {
        next_refresh: f64,
    },
    Token {
        expires_on: UnixTime,
        refresh_on: UnixTime,
    },
    #[cfg(feature = "doctor")]
    Report {
        report: &'a Report,
    },
    #[cfg(feature = "doctor")]
    Health {
        health: &'a Health,
    },
    #[cfg(feature = "doctor")]
    Forecast {
        forecast: &'a Forecast,
    },
    #[cfg(feature = "reference")]
    Resolved {
        resolution: &'a Resolution,
    },
}

impl Reply {
    /// Everything in it that is no secret, as the table above shows; `None` where nothing is left, and without the feature
    /// `manage`.
    pub fn to_json(&self) -> Option<String> {
        if !cfg!(feature = "manage") {
            return None;
        }
        let shape = match self {
            Reply::Secret(secret) => Shape::Properties {
                properties: secret.properties(),
            },
            Reply::Properties(properties) => Shape::Properties { properties },
            Reply::Deleted { secret, finished } => Shape::Deleted {
                deleted: secret,
                finished: *finished,
            },
            Reply::Page(page) => Shape::Page {
                page: &page.items,
                continuation: &page.continuation,
            },
            Reply::DeletedPage(page) => Shape::DeletedPage {
                page: &page.items,
                continuation: &page.continuation,
            },
            Reply::Finished(finished) => Shape::Finished { finished: *finished },
            #[cfg(feature = "manage")]
            Reply::Rotated(rotation) => Shape::Rotated { rotation },
            Reply::NextRefresh(delay) => Shape::NextRefresh {
                next_refresh: delay.as_secs_f64(),
            },
            Reply::Token {
                expires_on,
                refresh_on,
                ..
            } => Shape::Token {
                expires_on: *expires_on,
                refresh_on: *refresh_on,
            },
            #[cfg(feature = "doctor")]
            Reply::Report(report) => Shape::Report { report },
            #[cfg(feature = "doctor")]
            Reply::Health(health) => Shape::Health { health },
            #[cfg(feature = "doctor")]
            Reply::Forecast(forecast) => Shape::Forecast { forecast },
            #[cfg(feature = "reference")]
            Reply::Resolved { resolution, .. } => Shape::Resolved { resolution },
            Reply::Secrets(_) | Reply::Value(_) => return None,
        };
        serde_json::to_string(&shape).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Page;
    use crate::secret::Secret;

    #[test]
    fn times_are_seconds_and_values_stay_out() {
        let properties = SecretProperties {
            name: "a".into(),
            expires_on: Some(UnixTime::from_millis(1_800_000_000_900)),
            ..SecretProperties::default()
        };
        let json = Reply::Secret(Secret::new("hunter2".into(), properties.clone()))
            .to_json()
            .unwrap();
        assert!(json.starts_with(r#"{"properties":{"id":"","vault_url":"","name":"a","version":null,"#));
        assert!(
            json.contains(r#""expires_on":1800000000,"#) && !json.contains("hunter2"),
            "{json}"
        );
        let page = Reply::Page(Page {
            items: Vec::new(),
            continuation: None,
        });
        assert_eq!(page.to_json().unwrap(), r#"{"page":[],"continuation":null}"#);
    }
}
