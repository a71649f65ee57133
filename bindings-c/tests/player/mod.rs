//! Plays a scenario through the extern functions of the second door and nothing else. The file's reader and its world of rules
//! are those of `nightlatch-tests`; what crosses the border is put together and read as a C program does.

pub(crate) mod border;
pub(crate) mod check;
pub(crate) mod world;

use std::ffi::c_char;
use std::ptr::null_mut;

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
    let name = if call.op == "get_token" {
        "get_token"
    } else {
        "get_secret"
    };
    let (n, n_len) = raw(name);
    // SAFETY: texts that live through the calls, and a live handle.
    unsafe {
        let operation = nightlatch_operation_new(n, n_len);
        let set = |path: &str, value: &Option<String>| {
            if let Some(value) = value {
                let ((p, p_len), (v, v_len)) = (raw(path), raw(value));
                assert_eq!(
                    nightlatch_operation_set_text(operation, p, p_len, v, v_len),
                    NIGHTLATCH_OK
                );
            }
        };
        if name == "get_token" {
            for scope in &call.scopes {
                let ((p, p_len), (s, s_len)) = (raw("request.scopes"), raw(scope));
                assert_eq!(
                    nightlatch_operation_add_text(operation, p, p_len, s, s_len),
                    NIGHTLATCH_OK
                );
            }
            set("request.tenant", &call.tenant);
            set("request.claims", &call.claims);
        } else {
            set("vault", &call.vault);
            set("name", &call.name);
            set("version", &call.version);
            let (p, p_len) = raw("refresh");
            assert_eq!(
                nightlatch_operation_set_flag(operation, p, p_len, call.op == "refresh"),
                NIGHTLATCH_OK
            );
        }
        if let Some(timeout) = call.timeout {
            let (p, p_len) = raw("timeout");
            assert_eq!(
                nightlatch_operation_set_number(operation, p, p_len, timeout),
                NIGHTLATCH_OK
            );
        }
        operation
    }
}

/// An empty place for an error.
pub(crate) fn no_error() -> *mut nightlatch_error {
    null_mut()
}
