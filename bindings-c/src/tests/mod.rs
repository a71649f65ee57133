//! Tests that need to reach behind the functions: panics in the core.

use std::cell::Cell;

thread_local! {
    static ASKED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Panics if this thread's test asked for it at this point, once.
pub(crate) fn panic_if_asked(point: &'static str) {
    if ASKED.get() == Some(point) {
        ASKED.set(None);
        panic!("as the test wants");
    }
}

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use crate::client::*;
use crate::config::*;
use crate::effect::nightlatch_effect;
use crate::engine::*;
use crate::error::*;
use crate::host::nightlatch_host;
use crate::operation::*;
use crate::outcome::*;
use crate::output::*;
use crate::reads::*;
use crate::secret::*;
use crate::status::nightlatch_status::*;

fn raw(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

unsafe extern "C" fn answer(
    _: *mut c_void,
    effect: *const nightlatch_effect,
    outcome: *mut nightlatch_outcome,
) {
    const TOKEN: &str = r#"{"access_token":"t","expires_on":"4102444800","token_type":"Bearer"}"#;
    const SECRET: &str =
        r#"{"value":"v","id":"https://contoso.vault.azure.net/secrets/db/0123456789abcdef"}"#;
    // SAFETY: handles of the library's own, live through the call.
    unsafe {
        let url = crate::effect::nightlatch_effect_text(effect, 2, null_mut());
        let url = std::ffi::CStr::from_ptr(url).to_string_lossy();
        let (body, len) = raw(if url.contains("/secrets/") { SECRET } else { TOKEN });
        assert_eq!(nightlatch_outcome_http(outcome, 200), NIGHTLATCH_OK);
        assert_eq!(nightlatch_outcome_add_body(outcome, body, len), NIGHTLATCH_OK);
    }
}

fn config() -> *mut nightlatch_config {
    let config = nightlatch_config_new();
    let (e, e_len) = raw("IDENTITY_ENDPOINT");
    let (v, v_len) = raw("http://127.0.0.1:1/msi/token");
    let (h, h_len) = raw("IDENTITY_HEADER");
    // SAFETY: a live handle and texts that live through the calls.
    unsafe {
        assert_eq!(
            nightlatch_config_inherit_environment(config, false),
            NIGHTLATCH_OK
        );
        assert_eq!(
            nightlatch_config_set_variable(config, e, e_len, v, v_len),
            NIGHTLATCH_OK
        );
        assert_eq!(
            nightlatch_config_set_variable(config, h, h_len, h, h_len),
            NIGHTLATCH_OK
        );
        assert_eq!(
            nightlatch_config_use_managed_identity(config, null(), 0),
            NIGHTLATCH_OK
        );
    }
    config
}

#[test]
fn a_panic_in_the_engine_stops_at_the_border_and_the_client_stays_usable() {
    // SAFETY: each handle is made, used and freed here.
    unsafe {
        let mut host: nightlatch_host = std::mem::zeroed();
        host.struct_size = size_of::<nightlatch_host>();
        host.http = Some(answer);
        let (config, mut client, mut vault) = (config(), null_mut(), null_mut());
        assert_eq!(
            nightlatch_client_new(config, &host, &mut client, null_mut()),
            NIGHTLATCH_OK
        );
        let (url, url_len) = raw("https://contoso.vault.azure.net");
        assert_eq!(
            nightlatch_vault_new(client, url, url_len, &mut vault, null_mut()),
            NIGHTLATCH_OK
        );
        let (name, name_len) = raw("db");
        for round in 0..3 {
            let (mut secret, mut error) = (null_mut(), null_mut());
            ASKED.set(Some("turn"));
            let status =
                nightlatch_vault_refresh_secret(vault, name, name_len, null(), 0, 0, &mut secret, &mut error);
            assert_eq!(status, NIGHTLATCH_INTERNAL);
            assert!(secret.is_null() && nightlatch_error_status(error) == NIGHTLATCH_INTERNAL);
            nightlatch_error_free(error);
            let status =
                nightlatch_vault_get_secret(vault, name, name_len, null(), 0, 5000, &mut secret, null_mut());
            assert_eq!(status, NIGHTLATCH_OK, "round {round}");
            nightlatch_secret_free(secret);
        }
        nightlatch_vault_free(vault);
        nightlatch_client_free(client);
        nightlatch_config_free(config);
    }
}

#[test]
fn a_panic_in_a_call_of_the_engine_is_a_status_and_the_engine_stays_usable() {
    // SAFETY: each handle is made, used and freed here.
    unsafe {
        let (config, mut engine, mut number, mut error) = (config(), null_mut(), 0, null_mut());
        assert_eq!(
            nightlatch_engine_new(config, &mut engine, null_mut()),
            NIGHTLATCH_OK
        );
        let (op, op_len) = raw("get_secret");
        let operation = nightlatch_operation_new(op, op_len);
        for (path, value) in [("vault", "https://contoso.vault.azure.net"), ("name", "db")] {
            let ((p, p_len), (v, v_len)) = (raw(path), raw(value));
            assert_eq!(
                nightlatch_operation_set_text(operation, p, p_len, v, v_len),
                NIGHTLATCH_OK
            );
        }
        ASKED.set(Some("engine"));
        let status = nightlatch_engine_start(engine, operation, 1000, 0, &mut number, &mut error);
        assert_eq!((status, number), (NIGHTLATCH_INTERNAL, 0));
        nightlatch_error_free(error);
        ASKED.set(Some("engine"));
        assert_eq!(
            nightlatch_engine_handle_timeout(engine, 1000, 0),
            NIGHTLATCH_INTERNAL
        );
        ASKED.set(Some("engine"));
        assert!(nightlatch_engine_poll_output(engine).is_null());
        assert_eq!(
            nightlatch_engine_start(engine, operation, 1000, 0, &mut number, null_mut()),
            NIGHTLATCH_OK
        );
        let output = nightlatch_engine_poll_output(engine);
        assert!(!nightlatch_output_effect(output).is_null());
        nightlatch_output_free(output);
        nightlatch_operation_free(operation);
        nightlatch_engine_free(engine);
        nightlatch_config_free(config);
    }
}
