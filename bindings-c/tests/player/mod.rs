//! Plays a scenario through the extern functions of the second door and nothing else. The file's reader and its world of rules
//! are those of `nightlatch-tests`; what crosses the border is put together and read as a C program does.

pub(crate) mod border;
pub(crate) mod check;
pub(crate) mod world;

use std::ffi::c_char;
use std::ptr::null_mut;

use nightlatch::changes::*;
use nightlatch::config::*;
use nightlatch::error::nightlatch_error;
use nightlatch::operation::*;
use nightlatch::status::nightlatch_status::NIGHTLATCH_OK;
use nightlatch_tests::scenario::Scenario;
use nightlatch_tests::scenario::format::Call;
use serde_json::{Value, json};

/// Pointer and length, as C passes text.
pub(crate) fn raw(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

/// The text that a function of the library lends.
pub(crate) fn lent(get: impl FnOnce(*mut usize) -> *const c_char) -> Option<String> {
    lent_bytes(get).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The same for what is no text.
pub(crate) fn lent_bytes(get: impl FnOnce(*mut usize) -> *const c_char) -> Option<Vec<u8>> {
    let mut len = 0;
    let data = get(&mut len);
    if data.is_null() {
        return None;
    }
    // SAFETY: the library lends bytes of that number, and a NUL behind them.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len + 1) };
    assert_eq!(bytes[len], 0, "a NUL follows what is lent");
    Some(bytes[..len].to_vec())
}

/// The configuration of a scenario.
pub(crate) fn config(scenario: &Scenario, renewal: &str) -> *mut nightlatch_config {
    let config = nightlatch_config_new();
    let host = json!({"platform": scenario.world.platform, "renewal": renewal});
    // SAFETY: a live handle, and texts that live through the calls.
    unsafe {
        assert_eq!(
            nightlatch_config_inherit_environment(config, false),
            NIGHTLATCH_OK
        );
        for (name, value) in &scenario.world.environment {
            let ((n, n_len), (v, v_len)) = (raw(name), raw(value));
            assert_eq!(
                nightlatch_config_set_variable(config, n, n_len, v, v_len),
                NIGHTLATCH_OK
            );
        }
        for (name, value) in &scenario.options {
            plant(config, scenario, name, value);
        }
        plant(config, scenario, "host", &host);
    }
    config
}

/// Options whose number is the place of a secret.
const SLOTS: [&str; 7] = [
    "client_secret",
    "certificate",
    "password",
    "user_assertion",
    "system_access_token",
    "authorization_code",
    "token",
];

unsafe fn plant(config: *mut nightlatch_config, scenario: &Scenario, path: &str, value: &Value) {
    let (p, p_len) = raw(path);
    // SAFETY: the caller's live handle, and texts that live through the calls.
    let status = unsafe {
        match value {
            Value::Object(fields) => {
                return fields
                    .iter()
                    .for_each(|(name, value)| plant(config, scenario, &format!("{path}.{name}"), value));
            }
            Value::Array(items) => {
                return items
                    .iter()
                    .enumerate()
                    .for_each(|(nr, item)| plant(config, scenario, &format!("{path}.{nr}"), item));
            }
            Value::Number(slot) if SLOTS.contains(&path.rsplit('.').next().unwrap_or_default()) => {
                let secret = &scenario.secrets[slot.as_u64().expect("a slot") as usize];
                let (s, s_len) = raw(secret);
                nightlatch_config_set_secret(config, p, p_len, s, s_len)
            }
            Value::String(text) => {
                let (t, t_len) = raw(text);
                nightlatch_config_set_text(config, p, p_len, t, t_len)
            }
            Value::Number(number) => {
                nightlatch_config_set_number(config, p, p_len, number.as_f64().expect("a number"))
            }
            Value::Bool(flag) => nightlatch_config_set_flag(config, p, p_len, *flag),
            Value::Null => nightlatch_config_set_null(config, p, p_len),
        }
    };
    assert_eq!(status, NIGHTLATCH_OK, "{path}");
}

/// The operation of a call.
pub(crate) fn operation(call: &Call) -> *mut nightlatch_operation {
    let name = match call.op.as_str() {
        "refresh" | "invalidate" => "get_secret",
        name => name,
    };
    let (n, n_len) = raw(name);
    // SAFETY: texts that live through the calls, and a live handle.
    unsafe {
        let operation = nightlatch_operation_new(n, n_len);
        if name == "get_token" {
            argue(operation, "request.scopes", &json!(call.scopes));
            for (path, value) in [("request.tenant", &call.tenant), ("request.claims", &call.claims)] {
                argue_text(operation, path, value);
            }
            if call.authenticate {
                argue(operation, "request.authenticate", &json!(true));
            }
        }
        for (path, value) in [
            ("vault", &call.vault),
            ("name", &call.name),
            ("version", &call.version),
        ] {
            argue_text(operation, path, value);
        }
        if name == "get_secret" {
            argue(operation, "refresh", &json!(call.op == "refresh"));
        }
        if name == "rotate_secret" {
            argue(operation, "handle", &json!(0));
        }
        let changes = nightlatch_changes_new();
        for (path, value) in &call.arguments {
            if !change(changes, path, value) {
                argue(operation, path, value);
            }
        }
        assert_eq!(
            nightlatch_operation_set_changes(operation, changes),
            NIGHTLATCH_OK
        );
        nightlatch_changes_free(changes);
        if let Some(timeout) = call.timeout {
            argue(operation, "timeout", &json!(timeout));
        }
        if let Some(value) = &call.value {
            let (v, v_len) = raw(value);
            assert_eq!(nightlatch_operation_set_value(operation, v, v_len), NIGHTLATCH_OK);
        }
        operation
    }
}

unsafe fn argue_text(operation: *mut nightlatch_operation, path: &str, value: &Option<String>) {
    if let Some(value) = value {
        // SAFETY: the caller's live handle.
        unsafe { argue(operation, path, &json!(value)) };
    }
}

/// Sets an argument as its kind is set; the items of a list are added.
unsafe fn argue(operation: *mut nightlatch_operation, path: &str, value: &Value) {
    let (p, p_len) = raw(path);
    // SAFETY: the caller's live handle, and texts that live through the calls.
    let status = unsafe {
        match value {
            Value::String(text) => {
                let (t, t_len) = raw(text);
                nightlatch_operation_set_text(operation, p, p_len, t, t_len)
            }
            Value::Number(number) => {
                nightlatch_operation_set_number(operation, p, p_len, number.as_f64().expect("a number"))
            }
            Value::Bool(flag) => nightlatch_operation_set_flag(operation, p, p_len, *flag),
            Value::Array(items) if items.is_empty() => nightlatch_operation_set_list(operation, p, p_len),
            Value::Array(items) => items.iter().fold(NIGHTLATCH_OK, |_, item| {
                let (t, t_len) = raw(item.as_str().expect("a text"));
                nightlatch_operation_add_text(operation, p, p_len, t, t_len)
            }),
            other => panic!("{path} is {other}"),
        }
    };
    assert_eq!(status, NIGHTLATCH_OK, "{path}");
}

/// Sets what a version shall have; false if the argument is something else.
unsafe fn change(changes: *mut nightlatch_changes, name: &str, value: &Value) -> bool {
    let text = raw(value.as_str().unwrap_or_default());
    // SAFETY: the caller's live handle, and texts that live through the calls.
    let status = unsafe {
        match (name, value.as_i64()) {
            ("enabled", _) => nightlatch_changes_set_enabled(changes, value == true),
            ("not_before", Some(time)) => nightlatch_changes_set_not_before(changes, time),
            ("expires_on", Some(time)) => nightlatch_changes_set_expires_on(changes, time),
            ("if_unchanged_since", Some(time)) => nightlatch_changes_if_unchanged_since(changes, time),
            ("if_version", _) => nightlatch_changes_if_version(changes, text.0, text.1),
            ("content_type", _) => nightlatch_changes_set_content_type(changes, text.0, text.1),
            ("tags", _) if value.is_object() => {
                assert_eq!(nightlatch_changes_clear_tags(changes), NIGHTLATCH_OK);
                let tags = value.as_object().expect("tags");
                tags.iter().fold(NIGHTLATCH_OK, |_, (name, value)| {
                    let ((n, n_len), (v, v_len)) = (raw(name), raw(value.as_str().expect("a text")));
                    nightlatch_changes_add_tag(changes, n, n_len, v, v_len)
                })
            }
            _ => return false,
        }
    };
    assert_eq!(status, NIGHTLATCH_OK, "{name}");
    true
}

/// An empty place for an error.
pub(crate) fn no_error() -> *mut nightlatch_error {
    null_mut()
}
