//! What was asked of the services. No value, token or secret is ever written down: of a query only parameters
//! that are known to be harmless keep their value, and of the headers only the user agent stays.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::route::Service;

const HARMLESS_PARAMETERS: [&str; 17] = [
    "$skiptoken",
    "api-version",
    "audience",
    "authorization_endpoint",
    "bypass_cache",
    "client_id",
    "clientid",
    "maxresults",
    "mi_res_id",
    "msi_res_id",
    "object_id",
    "outContentType",
    "principal_id",
    "resource",
    "serviceConnectionId",
    "token_sha256_to_refresh",
    "xms_cc",
];
const SECOND_MS: u64 = 1000;

/// Every request to a service, in the order of arrival.
pub(crate) struct Journal {
    started: Instant,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    last: u64,
    list: Vec<Entry>,
}

/// A request and, once it is there, its outcome.
#[derive(Serialize)]
struct Entry {
    n: u64,
    at_ms: u64,
    service: Service,
    method: String,
    host: String,
    path: String,
    query: String,
    /// Null until there is an answer, and if no HTTP answer ever reached the client.
    status: Option<u16>,
    principal: Option<String>,
    authorized: bool,
    user_agent: Option<String>,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal {
            started: Instant::now(),
            entries: Mutex::default(),
        }
    }
}

impl Journal {
    /// Writes a request down and gives it its number.
    pub(crate) fn open(&self, service: Service, request: &Request) -> u64 {
        let mut entries = self.entries();
        entries.last += 1;
        let entry = Entry {
            n: entries.last,
            // Read under the lock, so that the entries are in the order of time.
            at_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            service,
            method: request.method.to_string(),
            host: request.host.clone(),
            path: request.path.clone(),
            query: harmless(&request.query),
            status: None,
            principal: None,
            authorized: false,
            user_agent: request.header("user-agent").map(str::to_owned),
        };
        entries.list.push(entry);
        entries.last
    }

    /// Adds the outcome, unless the journal was emptied meanwhile.
    pub(crate) fn close(&self, number: u64, answer: &Answer) {
        let mut entries = self.entries();
        if let Ok(index) = entries.list.binary_search_by_key(&number, |entry| entry.n) {
            let entry = &mut entries.list[index];
            entry.status = answer.reply.visible_status();
            entry.principal.clone_from(&answer.principal);
            entry.authorized = answer.authorized;
        }
    }

    pub(crate) fn clear(&self) {
        self.entries().list.clear();
    }

    pub(crate) fn log(&self) -> Value {
        json!({ "requests": self.entries().list })
    }

    /// Totals, and the most that arrived within any second.
    pub(crate) fn counts(&self) -> Value {
        let entries = self.entries();
        let of = |service| entries.list.iter().filter(move |entry| entry.service == service);
        let mut by_status = BTreeMap::<String, usize>::new();
        let mut by_secret = HashMap::<_, Vec<u64>>::new();
        for entry in of(Service::Vault) {
            let status = entry
                .status
                .map_or_else(|| "none".into(), |status| status.to_string());
            *by_status.entry(status).or_default() += 1;
            if let Some(secret) = entry.secret() {
                by_secret
                    .entry((&entry.host, secret))
                    .or_default()
                    .push(entry.at_ms);
            }
        }
        let counts: BTreeMap<_, _> = Service::ALL.map(|service| (service, of(service).count())).into();
        let mut counts = json!(counts);
        counts["vault_by_status"] = json!(by_status);
        counts["peak_per_second"] = json!({ "vault": peak(of(Service::Vault).map(|entry| entry.at_ms)) });
        counts["peak_per_secret_second"] = json!(
            by_secret
                .into_values()
                .map(|times| peak(times.into_iter()))
                .max()
                .unwrap_or(0)
        );
        counts
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// The secret that a vault's path names.
    fn secret(&self) -> Option<String> {
        let mut parts = self.path.split('/').filter(|part| !part.is_empty());
        (parts.next() == Some("secrets"))
            .then(|| parts.next())?
            .map(str::to_ascii_lowercase)
    }
}

fn harmless(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if !HARMLESS_PARAMETERS.contains(&name) => format!("{name}=(hidden)"),
        Some(_) => pair.to_owned(),
        None if pair.is_empty() => String::new(),
        None => "(hidden)".into(),
    });
    shown.collect::<Vec<_>>().join("&")
}

/// The most moments within any second.
fn peak(moments: impl Iterator<Item = u64>) -> usize {
    let mut window = VecDeque::new();
    let mut most = 0;
    for moment in moments {
        while window.front().is_some_and(|first| moment - first >= SECOND_MS) {
            window.pop_front();
        }
        window.push_back(moment);
        most = most.max(window.len());
    }
    most
}
