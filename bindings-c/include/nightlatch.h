#ifndef NIGHTLATCH_H
#define NIGHTLATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * nightlatch: secrets out of Azure Key Vault without a stored credential.
 *
 * Conventions, which hold for every function:
 *
 * - Handles are opaque. What `_new` (or a call with an output of that type) gave, its `_free` takes back, once; `_free` takes
 *   NULL too. Who calls `_new` calls `_free`: no function takes a handle over.
 * - Inputs come first, outputs last. Outputs are written only on success, `error` only on failure; `error` may be
 *   NULL for callers who are content with the status.
 * - Text and bytes go in as pointer and length; `NIGHTLATCH_TEXT("...")` makes both from a string. Text is UTF-8; NULL with
 *   length 0 is the empty text. What goes in is copied.
 * - Text and bytes come out as a pointer that is lent: its comment says for how long. Behind every text that is lent stands a
 *   NUL that its length does not count; a value may hold NULs of its own.
 * - A handle that is NULL is refused: NIGHTLATCH_INVALID_ARGUMENT, NULL, 0 or false.
 * - Any number of threads may use a handle at once. Nobody may use it while or after it is freed.
 * - A defect of the library ends as NIGHTLATCH_INTERNAL; the client stays usable.
 * - The first door, for most programs: `nightlatch_client`, calls that block. The second, for programs with their own
 *   event loop: `nightlatch_engine`. Everything else serves both.
 */

/*
 * Options, by the paths that nightlatch_config_set_text and its kin take; README.md says what each means.
 *
 *   `cache.ttl`, `cache.pinned_ttl`, `cache.jitter`, `cache.soft_window`, `cache.stale_if_error`,
 *     `cache.negative_ttl`, `cache.max_entries`, `cache.max_bytes`, `cache.refresh_interval`,
 *     `limits.secret_per_second`, `limits.secret_burst`, `limits.vault_per_second`, `limits.vault_burst`,
 *     `limits.create_per_second`, `limits.create_burst`,
 *     `retry.tries`, `retry.delay`, `retry.max_delay`, `retry.operation_timeout`, `retry.try_timeout`,
 *     `vault.api_version`, `vault.verify_challenge_resource`, `vault.allowed_domains`, `vault.allow_http_loopback`,
 *     `vault.validity`, `vault.near_expiry`, `expect.client_id`, `expect.object_id`, `expect.resource_id`,
 *     `expect.tenant_id`, `host.platform`, `host.renewal`, `user_agent`
 *
 * `credential.type`, and what stands beside it below `credential`:
 *
 *   `DefaultAzureCredential`: `exclude_environment_credential`, `exclude_workload_identity_credential`,
 *     `exclude_managed_identity_credential`, `exclude_visual_studio_credential`, `exclude_cli_credential`,
 *     `exclude_powershell_credential`, `exclude_developer_cli_credential`, `exclude_interactive_browser_credential`,
 *     `managed_identity_client_id`, `workload_identity_client_id`, `workload_identity_tenant_id`,
 *     `interactive_browser_client_id`, `interactive_browser_tenant_id`, `visual_studio_tenant_id`,
 *     `process_timeout`, `require_envvar`, `authority`
 *   `ManagedIdentityCredential`: `client_id`, `object_id`, `resource_id`
 *   `ClientSecretCredential`: `tenant_id`, `client_id`, `client_secret`, `authority`
 *   `ClientCertificateCredential`: `tenant_id`, `client_id`, `certificate_path`, `key_path`, `certificate`, `password`,
 *     `signing_key`, `send_certificate_chain`, `algorithm`, `authority`
 *   `ClientAssertionCredential`: `tenant_id`, `client_id`, `assertion`, `authority`
 *   `OnBehalfOfCredential`: `tenant_id`, `client_id`, `user_assertion`, one of `client_secret`, `assertion` and the settings
 *     of a certificate, `authority`
 *   `WorkloadIdentityCredential`: `tenant_id`, `client_id`, `token_file_path`, `enable_azure_proxy`, `authority`
 *   `AzurePipelinesCredential`: `tenant_id`, `client_id`, `service_connection_id`, `system_access_token`, `authority`
 *   `GitHubActionsCredential`: `tenant_id`, `client_id`, `audience`, `authority`
 *   `EnvironmentCredential`: `authority`, `additionally_allowed_tenants`
 *   `AzureCliCredential`: `tenant_id`, `subscription`, `process_timeout`, `additionally_allowed_tenants`
 *   `AzureDeveloperCliCredential`, `AzurePowerShellCredential`, `VisualStudioCredential`: `tenant_id`, `process_timeout`,
 *     `additionally_allowed_tenants`
 *   `DeviceCodeCredential`: `tenant_id`, `client_id`, `timeout`, `disable_automatic_authentication`, `prompt`, `authority`
 *   `InteractiveBrowserCredential`: `tenant_id`, `client_id`, `timeout`, `disable_automatic_authentication`,
 *     `redirect_port`, `login_hint`, `authority`
 *   `AuthorizationCodeCredential`: `tenant_id`, `client_id`, `authorization_code`, `redirect_uri`, `client_secret`,
 *     `authority`
 *   `UsernamePasswordCredential`: `tenant_id`, `client_id`, `username`, `password`, `timeout`,
 *     `disable_automatic_authentication`, `authority`
 *   `ChainedTokenCredential`: `sources`
 *   `HostCredential`: `handle`, `name`
 *
 * Secret values (`client_secret`, `certificate`, `password`, `user_assertion`, `system_access_token`, `authorization_code`)
 * are set by nightlatch_config_set_secret and by no other setter.
 */

/*
 * Operations, by the names that nightlatch_operation_new takes, with their arguments (optional ones in brackets) and what they
 * come to. The calls nightlatch_vault_... have one each; README.md says what the arguments mean.
 *
 *   `get_secret`: vault, name [version, refresh, out_content_type] - a secret
 *   `get_secrets`: vault, names (a list) [refresh] - many secrets
 *   `set_secret`: vault, name [enabled, not_before, expires_on, content_type, tags, recover_if_deleted], a value - a secret
 *   `update_secret_properties`: vault, name [version, enabled, not_before, expires_on, content_type, tags, if_version,
 *     if_unchanged_since] - properties
 *   `list_properties_of_secrets`: vault [continuation, max_page_size] - a page
 *   `list_properties_of_secret_versions`: vault, name [continuation, max_page_size] - a page
 *   `list_deleted_secrets`: vault [continuation, max_page_size] - a page
 *   `delete_secret`: vault, name [wait, interval] - properties, and whether it has finished
 *   `deletion_finished`: vault, name [wait, interval] - whether it has finished
 *   `get_deleted_secret`: vault, name - properties
 *   `recover_deleted_secret`: vault, name [wait, interval] - properties
 *   `recovery_finished`: vault, name [wait, interval] - whether it has finished
 *   `purge_deleted_secret`: vault, name [wait, interval] - whether it has finished
 *   `backup_secret`: vault, name - a backup, which is a value
 *   `restore_secret_backup`: vault, a backup as its value - properties
 *   `refresh_due`: nothing - when to ask again
 *   `get_token`: request.scopes (a list) [request.tenant, request.claims, request.enable_cae, request.authenticate] - a token
 *   `diagnose`: vault [name, version] - a report
 *   `check`: vault [names (a list)] - a report
 *   `explain`: [secrets, instances] - a report
 *   `rotate_secret`: vault, name, handle [slots (a list of two), content_type, expires_on, tags] - a rotation
 *   `encrypt`, `decrypt`, `rewrap`: vault, name (of a key) [version, form (value, json), fields (a list), field, document,
 *     data_key_uses, data_key_ttl], a text as its value - a value
 *   `resolve_references`: [form (value, json, yaml, toml, env), content_type, vault_domain, max_age, report], a text as its value - what it
 *     resolves to
 *   `load_secrets`: vault [names (a list), prefix, separator] - a text with the secrets
 *
 * Each takes `timeout` (seconds) too. Times are seconds since 1970; a tag is set as `tags.NAME`; values are given by
 * nightlatch_operation_set_value.
 */

#define NIGHTLATCH_VERSION "0.1.0"
#define NIGHTLATCH_VERSION_MAJOR 0
#define NIGHTLATCH_VERSION_MINOR 1
#define NIGHTLATCH_VERSION_PATCH 0

/* Two arguments from one string: the text and its length. */
#define NIGHTLATCH_TEXT(string) (string), strlen(string)

/* Two arguments that say: no text. */
#define NIGHTLATCH_NONE NULL, 0

/* The value a nightlatch_host begins with: no callback. */
#define NIGHTLATCH_HOST_INIT \
    { sizeof(nightlatch_host), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/* The value a nightlatch_rotator begins with: no function. */
#define NIGHTLATCH_ROTATOR_INIT \
    { sizeof(nightlatch_rotator), NULL, NULL, NULL, NULL }

/* The value a nightlatch_encryption begins with: no key. */
#define NIGHTLATCH_ENCRYPTION_INIT \
    { sizeof(nightlatch_encryption), NULL, 0, NULL, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0, NULL, 0 }


/*
 The largest body of an answer that is read: 1 MiB. A longer one is answered with
 `NIGHTLATCH_FAULT_TOO_LARGE`.
 */
#define NIGHTLATCH_BODY_LIMIT (1 << 20)

/*
 The exit status of a program that a signal ended.
 */
#define NIGHTLATCH_SIGNALLED INT32_MIN

/*
 How a call ended: 0, or what the caller can do about the error. Numbers never change meaning; a number of
 a newer library that this header does not know is an error like any other.
 */
enum nightlatch_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     It was done.
     */
    NIGHTLATCH_OK = 0,
    /*
     A value given to the call is not valid: mend the call.
     */
    NIGHTLATCH_INVALID_ARGUMENT = 1,
    /*
     The configuration or environment contradicts itself: mend it.
     */
    NIGHTLATCH_INVALID_CONFIGURATION = 2,
    /*
     No source of an identity exists here: sign in, attach or configure one.
     */
    NIGHTLATCH_CREDENTIAL_UNAVAILABLE = 3,
    /*
     A source exists and was refused: mend the credential.
     */
    NIGHTLATCH_AUTHENTICATION_FAILED = 4,
    /*
     The token stands for somebody other than expected: mend the pin or the host.
     */
    NIGHTLATCH_IDENTITY_MISMATCH = 5,
    /*
     The vault's challenge was not believed, so no token was sent: check the vault URL.
     */
    NIGHTLATCH_CHALLENGE_REJECTED = 6,
    /*
     The vault knows the caller and says no: grant what the advice names.
     */
    NIGHTLATCH_FORBIDDEN = 7,
    /*
     The secret is disabled: enable it or ask for another version.
     */
    NIGHTLATCH_SECRET_DISABLED = 8,
    /*
     No such secret, version or vault.
     */
    NIGHTLATCH_NOT_FOUND = 9,
    /*
     The name is in a state that does not allow this (deleted, being recovered).
     */
    NIGHTLATCH_CONFLICT = 10,
    /*
     The service's limit was reached, or the library's own budget ran out: wait.
     */
    NIGHTLATCH_THROTTLED = 11,
    /*
     The service failed: try later.
     */
    NIGHTLATCH_SERVICE_FAILURE = 12,
    /*
     No connection: check name resolution, network, firewall, proxy.
     */
    NIGHTLATCH_UNREACHABLE = 13,
    /*
     The TLS peer was not accepted: check certificates and interception.
     */
    NIGHTLATCH_TLS = 14,
    /*
     The time allowed ran out.
     */
    NIGHTLATCH_TIMEOUT = 15,
    /*
     The caller cancelled.
     */
    NIGHTLATCH_CANCELLED = 16,
    /*
     An answer could not be understood: something else may be answering.
     */
    NIGHTLATCH_MALFORMED_RESPONSE = 17,
    /*
     This host or version cannot do it.
     */
    NIGHTLATCH_UNSUPPORTED = 18,
    /*
     A defect of nightlatch: please report it.
     */
    NIGHTLATCH_INTERNAL = 19,
    /*
     An encrypted value is not what it should be: altered, for another key, or from another place.
     */
    NIGHTLATCH_DECRYPTION_FAILED = 20,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_status nightlatch_status;
#else
typedef uint32_t nightlatch_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The parts of an attempt: what one credential of a chain said.
 */
enum nightlatch_attempt_part
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     The credential's SDK name.
     */
    NIGHTLATCH_ATTEMPT_SOURCE = 1,
    /*
     `unavailable`, `refused` or `transient`.
     */
    NIGHTLATCH_ATTEMPT_ENDING = 2,
    /*
     Why, in one sentence.
     */
    NIGHTLATCH_ATTEMPT_REASON = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_attempt_part nightlatch_attempt_part;
#else
typedef uint32_t nightlatch_attempt_part;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a cache tells of itself.
 */
enum nightlatch_cache_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     Entries, those included that are gone and not yet swept out.
     */
    NIGHTLATCH_CACHE_ENTRIES = 1,
    /*
     Their size in bytes.
     */
    NIGHTLATCH_CACHE_BYTES = 2,
    /*
     Reads that were served without waiting for the vault.
     */
    NIGHTLATCH_CACHE_HITS = 3,
    /*
     Reads that had to wait for the vault.
     */
    NIGHTLATCH_CACHE_MISSES = 4,
    /*
     Reads that were served a copy past its life, because the vault could not be asked.
     */
    NIGHTLATCH_CACHE_STALE_SERVED = 5,
    /*
     Times that a copy was renewed before its end, or because a caller wanted it.
     */
    NIGHTLATCH_CACHE_REFRESHES = 6,
    /*
     Entries that left for want of room.
     */
    NIGHTLATCH_CACHE_EVICTIONS = 7,
    /*
     Entries that left because their time was over.
     */
    NIGHTLATCH_CACHE_EXPIRED = 8,
    /*
     Age of the oldest entry in milliseconds; absent while there is none.
     */
    NIGHTLATCH_CACHE_OLDEST_AGE_MS = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_cache_fact nightlatch_cache_fact;
#else
typedef uint32_t nightlatch_cache_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The texts of an effect, and its bytes.
 */
enum nightlatch_effect_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
     */
    NIGHTLATCH_EFFECT_METHOD = 1,
    /*
     Absolute URL; never holds a secret. Of a browse effect: the page to open.
     */
    NIGHTLATCH_EFFECT_URL = 2,
    /*
     Absolute path.
     */
    NIGHTLATCH_EFFECT_PATH = 3,
    /*
     Tenant to ask for a token, if not the credential's own.
     */
    NIGHTLATCH_EFFECT_TENANT = 4,
    /*
     Claims of a challenge (JSON).
     */
    NIGHTLATCH_EFFECT_CLAIMS = 5,
    /*
     How to sign: `PS256` (the salt has 32 bytes) or `RS256`, as RFC 7518 section 3.1 has them.
     */
    NIGHTLATCH_EFFECT_ALGORITHM = 6,
    /*
     What to sign, as bytes; or what to tell a person, which holds code and page.
     */
    NIGHTLATCH_EFFECT_MESSAGE = 7,
    /*
     The SHA-256 of what to sign, 32 bytes, for keys that sign digests.
     */
    NIGHTLATCH_EFFECT_DIGEST = 8,
    /*
     What a person types at the page.
     */
    NIGHTLATCH_EFFECT_USER_CODE = 9,
    /*
     The page that a person opens.
     */
    NIGHTLATCH_EFFECT_VERIFICATION_URI = 10,
    /*
     The `state` that a browser must bring back.
     */
    NIGHTLATCH_EFFECT_STATE = 11,
    /*
     The SHA-1, 20 bytes, of the one certificate (in DER) that the server may show. Nothing else about it counts: no
     authority, no name, no date.
     */
    NIGHTLATCH_EFFECT_PIN = 12,
    /*
     The authorities (in PEM) that may vouch for the server, and no others.
     */
    NIGHTLATCH_EFFECT_ROOTS = 13,
    /*
     The server name to ask for and to check, if it is not the URL's.
     */
    NIGHTLATCH_EFFECT_SERVER_NAME = 14,
    /*
     `make`, `apply` or `verify`.
     */
    NIGHTLATCH_EFFECT_STEP = 15,
    /*
     The slot that a value is for.
     */
    NIGHTLATCH_EFFECT_SLOT = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_effect_fact nightlatch_effect_fact;
#else
typedef uint32_t nightlatch_effect_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The sorts of effects. A host answers one that it does not know with `NIGHTLATCH_FAULT_UNSUPPORTED`.
 */
enum nightlatch_effect_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     One HTTP exchange: `METHOD`, `URL`, headers, body, `TIMEOUT_MS`, `DIRECT`; and whom to trust, if not whom the
     host's network trusts: `PIN`, or `ROOTS` with perhaps a `SERVER_NAME`. No redirect is followed, certificates are
     checked before anything is sent, at most `NIGHTLATCH_BODY_LIMIT` bytes of the answer's body are read.
     */
    NIGHTLATCH_EFFECT_HTTP = 1,
    /*
     Read a whole file: `PATH`, `LIMIT`, `PLAIN`.
     */
    NIGHTLATCH_EFFECT_READ_FILE = 2,
    /*
     Run a program without a shell and without input, from a directory that only the system's owner can write
     to: arguments (the first is the program, looked up on `PATH`), variables to add, `TIMEOUT_MS`.
     */
    NIGHTLATCH_EFFECT_RUN = 3,
    /*
     Ask a credential object that the host holds for a token: `HANDLE`, scopes, `TENANT`, `CLAIMS`, `CAE`.
     */
    NIGHTLATCH_EFFECT_TOKEN = 4,
    /*
     Something newer than this library's interface.
     */
    NIGHTLATCH_EFFECT_OTHER = 5,
    /*
     Sign with an RSA key: `ALGORITHM`, `MESSAGE`, `DIGEST`, and the `HANDLE` of a key that the host holds. Without a
     handle the key stands in the configuration: `nightlatch_effect_perform` signs with it.
     */
    NIGHTLATCH_EFFECT_SIGN = 6,
    /*
     Give a client assertion, a JWT that proves the application: `HANDLE`.
     */
    NIGHTLATCH_EFFECT_ASSERTION = 7,
    /*
     Tell a person where to sign in: `MESSAGE`, `USER_CODE`, `VERIFICATION_URI`, `EXPIRES_ON`, and perhaps a `HANDLE`.
     */
    NIGHTLATCH_EFFECT_PROMPT = 8,
    /*
     Let a person sign in with a browser: listen on this machine's loopback address, at `PORT` if that is given, open
     `URL`, in which `{redirect_uri}` stands for the listener's address (percent-encoded), and wait for the browser to
     come back with `STATE`, for `TIMEOUT_MS`. What comes back without it is refused and not waited for.
     */
    NIGHTLATCH_EFFECT_BROWSE = 9,
    /*
     Give bytes that nobody can foresee, from the operating system: they become keys. `LENGTH`.
     `nightlatch_effect_perform` does it.
     */
    NIGHTLATCH_EFFECT_RANDOM = 10,
    /*
     Call one of the functions with which the operation `rotate_secret` rotates, on its behalf alone: `STEP`, perhaps a
     `SLOT`, the `HANDLE` that the operation gave, and in the body the value that is applied or verified. `make` is answered
     with `nightlatch_outcome_made`, the others with `nightlatch_outcome_done`; a value that does not work with
     `NIGHTLATCH_FAULT_REFUSED`. What the program has no function for is done at once.
     */
    NIGHTLATCH_EFFECT_ROTATE = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_effect_kind nightlatch_effect_kind;
#else
typedef uint32_t nightlatch_effect_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The lists of an effect.
 */
enum nightlatch_effect_list
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     HTTP headers: name in lower case, and value, which may be a token.
     */
    NIGHTLATCH_EFFECT_HEADERS = 1,
    /*
     Program and arguments.
     */
    NIGHTLATCH_EFFECT_ARGUMENTS = 2,
    /*
     Variables added to the program's environment, by name.
     */
    NIGHTLATCH_EFFECT_VARIABLES = 3,
    /*
     Scopes such as `https://vault.azure.net/.default`.
     */
    NIGHTLATCH_EFFECT_SCOPES = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_effect_list nightlatch_effect_list;
#else
typedef uint32_t nightlatch_effect_list;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The numbers of an effect.
 */
enum nightlatch_effect_number_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     Milliseconds that the whole effect may take.
     */
    NIGHTLATCH_EFFECT_TIMEOUT_MS = 1,
    /*
     1: no proxy may stand in between. 0: as the host's network is configured.
     */
    NIGHTLATCH_EFFECT_DIRECT = 2,
    /*
     The most bytes of a file; more is `NIGHTLATCH_FAULT_TOO_LARGE`.
     */
    NIGHTLATCH_EFFECT_LIMIT = 3,
    /*
     Which of the host's credential objects, keys or functions, by the number that the configuration gave it.
     */
    NIGHTLATCH_EFFECT_HANDLE = 4,
    /*
     1: the resource understands continuous access evaluation.
     */
    NIGHTLATCH_EFFECT_CAE = 5,
    /*
     1: a symbolic link, or anything else that is no plain file, is `NIGHTLATCH_FAULT_NOT_PLAIN`.
     */
    NIGHTLATCH_EFFECT_PLAIN = 6,
    /*
     When a code ends, in seconds since 1970.
     */
    NIGHTLATCH_EFFECT_EXPIRES_ON = 7,
    /*
     The port to listen on, if not any that is free.
     */
    NIGHTLATCH_EFFECT_PORT = 8,
    /*
     How many bytes.
     */
    NIGHTLATCH_EFFECT_LENGTH = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_effect_number_fact nightlatch_effect_number_fact;
#else
typedef uint32_t nightlatch_effect_number_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The texts of an error. Those that do not apply are absent.
 */
enum nightlatch_error_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     The status's stable name, such as `NOT_FOUND`.
     */
    NIGHTLATCH_ERROR_NAME = 1,
    /*
     One sentence.
     */
    NIGHTLATCH_ERROR_MESSAGE = 2,
    /*
     Message, next step and request id together, in lines: what to show people.
     */
    NIGHTLATCH_ERROR_DESCRIPTION = 3,
    /*
     The next step, in one sentence.
     */
    NIGHTLATCH_ERROR_ADVICE = 4,
    /*
     The credential concerned, by its SDK name.
     */
    NIGHTLATCH_ERROR_SOURCE = 5,
    /*
     Who was refused: tenant id.
     */
    NIGHTLATCH_ERROR_TENANT = 6,
    /*
     Who was refused: application (client) id.
     */
    NIGHTLATCH_ERROR_CLIENT = 7,
    /*
     Who was refused: object (principal) id.
     */
    NIGHTLATCH_ERROR_OBJECT = 8,
    /*
     Who was refused: resource id of a managed identity.
     */
    NIGHTLATCH_ERROR_RESOURCE = 9,
    /*
     The service's error code.
     */
    NIGHTLATCH_ERROR_CODE = 10,
    /*
     The service's inner error code.
     */
    NIGHTLATCH_ERROR_INNER_CODE = 11,
    /*
     The service's request id, for a support ticket.
     */
    NIGHTLATCH_ERROR_REQUEST_ID = 12,
    /*
     What the trouble is, as one stable word such as `role-missing`; absent unless the facts tell.
     */
    NIGHTLATCH_ERROR_HELP = 13,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_error_fact nightlatch_error_fact;
#else
typedef uint32_t nightlatch_error_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The numbers of an error. Those that do not apply are absent.
 */
enum nightlatch_error_number_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     HTTP status of the answer.
     */
    NIGHTLATCH_ERROR_HTTP_STATUS = 1,
    /*
     How long the service asked to wait, in milliseconds.
     */
    NIGHTLATCH_ERROR_RETRY_AFTER_MS = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_error_number_fact nightlatch_error_number_fact;
#else
typedef uint32_t nightlatch_error_number_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 Why an effect could not be done; it decides whether and how the engine tries again.
 */
enum nightlatch_fault
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     The file or program does not exist.
     */
    NIGHTLATCH_FAULT_NOT_FOUND = 1,
    /*
     The operating system forbids it.
     */
    NIGHTLATCH_FAULT_PERMISSION_DENIED = 2,
    /*
     More than the limit of bytes.
     */
    NIGHTLATCH_FAULT_TOO_LARGE = 3,
    /*
     The name does not resolve.
     */
    NIGHTLATCH_FAULT_DNS = 4,
    /*
     No connection: refused, no route, network down.
     */
    NIGHTLATCH_FAULT_CONNECT = 5,
    /*
     The TLS handshake failed.
     */
    NIGHTLATCH_FAULT_TLS = 6,
    /*
     It took longer than its timeout.
     */
    NIGHTLATCH_FAULT_TIMEOUT = 7,
    /*
     The connection ended in the middle of the exchange, or spoke no HTTP.
     */
    NIGHTLATCH_FAULT_CONNECTION_LOST = 8,
    /*
     The proxy in between refused or failed.
     */
    NIGHTLATCH_FAULT_PROXY = 9,
    /*
     The caller who performed it was interrupted; somebody else may repeat it.
     */
    NIGHTLATCH_FAULT_INTERRUPTED = 10,
    /*
     A credential object does not exist here.
     */
    NIGHTLATCH_FAULT_UNAVAILABLE = 11,
    /*
     A credential object was refused.
     */
    NIGHTLATCH_FAULT_REFUSED = 12,
    /*
     This host has no such ability.
     */
    NIGHTLATCH_FAULT_UNSUPPORTED = 13,
    /*
     Anything else.
     */
    NIGHTLATCH_FAULT_OTHER = 14,
    /*
     A symbolic link or a device, where a plain file was asked for.
     */
    NIGHTLATCH_FAULT_NOT_PLAIN = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_fault nightlatch_fault;
#else
typedef uint32_t nightlatch_fault;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a text with references is.
 */
enum nightlatch_form
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     One value of a configuration.
     */
    NIGHTLATCH_FORM_VALUE = 1,
    /*
     JSON, such as an object of values with their names: comes back as it was, but for its references.
     */
    NIGHTLATCH_FORM_JSON = 2,
    /*
     An `.env` file: becomes a JSON object of its variables.
     */
    NIGHTLATCH_FORM_ENV = 3,
    /*
     YAML 1.2: comes back as it was, but for its references.
     */
    NIGHTLATCH_FORM_YAML = 4,
    /*
     TOML 1.1: comes back as it was, but for its references.
     */
    NIGHTLATCH_FORM_TOML = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_form nightlatch_form;
#else
typedef uint32_t nightlatch_form;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The sorts of outputs.
 */
enum nightlatch_output_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     Perform the effect, then answer it by its number, once, with `nightlatch_engine_complete`.
     */
    NIGHTLATCH_OUTPUT_PERFORM = 1,
    /*
     Nobody waits for the effect of that number any more; an answer is ignored.
     */
    NIGHTLATCH_OUTPUT_ABORT = 2,
    /*
     The operation of that number ended: with a reply, or with an error.
     */
    NIGHTLATCH_OUTPUT_FINISHED = 3,
    /*
     Something worth telling: one line of JSON, without any secret.
     */
    NIGHTLATCH_OUTPUT_EVENT = 4,
    /*
     Something newer than this library's interface: free it and go on.
     */
    NIGHTLATCH_OUTPUT_OTHER = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_output_kind nightlatch_output_kind;
#else
typedef uint32_t nightlatch_output_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The texts of a secret besides its value. Those that the vault did not say are absent.
 */
enum nightlatch_secret_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     The full identifier, version included.
     */
    NIGHTLATCH_SECRET_ID = 1,
    /*
     The vault's URL.
     */
    NIGHTLATCH_SECRET_VAULT_URL = 2,
    /*
     The name.
     */
    NIGHTLATCH_SECRET_NAME = 3,
    /*
     The version.
     */
    NIGHTLATCH_SECRET_VERSION = 4,
    /*
     Free text.
     */
    NIGHTLATCH_SECRET_CONTENT_TYPE = 5,
    /*
     How deletion works in this vault, such as `Recoverable+Purgeable`.
     */
    NIGHTLATCH_SECRET_RECOVERY_LEVEL = 6,
    /*
     The key identifier of the certificate that stands behind the secret.
     */
    NIGHTLATCH_SECRET_KEY_ID = 7,
    /*
     The version before.
     */
    NIGHTLATCH_SECRET_PREVIOUS_VERSION = 8,
    /*
     Of a deleted secret: the identifier under which it can be recovered.
     */
    NIGHTLATCH_SECRET_RECOVERY_ID = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_secret_fact nightlatch_secret_fact;
#else
typedef uint32_t nightlatch_secret_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The numbers of a secret. Those that the vault did not say are absent. Times are seconds since 1970.
 */
enum nightlatch_secret_number_fact
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     1 if it may be read.
     */
    NIGHTLATCH_SECRET_ENABLED = 1,
    /*
     Not valid before; for information.
     */
    NIGHTLATCH_SECRET_NOT_BEFORE = 2,
    /*
     Not valid from then on; for information.
     */
    NIGHTLATCH_SECRET_EXPIRES_ON = 3,
    /*
     When this version was made.
     */
    NIGHTLATCH_SECRET_CREATED_ON = 4,
    /*
     When its attributes last changed.
     */
    NIGHTLATCH_SECRET_UPDATED_ON = 5,
    /*
     Days it can be recovered after deletion.
     */
    NIGHTLATCH_SECRET_RECOVERABLE_DAYS = 6,
    /*
     1 if a certificate stands behind it.
     */
    NIGHTLATCH_SECRET_MANAGED = 7,
    /*
     Of a deleted secret: when it was deleted.
     */
    NIGHTLATCH_SECRET_DELETED_DATE = 8,
    /*
     Of a deleted secret: when the service purges it.
     */
    NIGHTLATCH_SECRET_SCHEDULED_PURGE_DATE = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nightlatch_secret_number_fact nightlatch_secret_number_fact;
#else
typedef uint32_t nightlatch_secret_number_fact;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a version of a secret shall have. When a secret is set, what is not given is the service's default; when properties are
 updated, it stays as it is. Checked by the call that uses it.
 */
typedef struct nightlatch_changes nightlatch_changes;

/*
 One credential with all its state: tokens, cached secrets, limits. Any number of threads may use it at once; make
 one and keep it.
 */
typedef struct nightlatch_client nightlatch_client;

/*
 Options, variables and secret values for a client or an engine, which copies them when it is made.
 */
typedef struct nightlatch_config nightlatch_config;

/*
 One thing to do, and everything needed to do it. Texts and bytes it lends live as long as it does: during the
 callback, or as long as the output it came in.
 */
typedef struct nightlatch_effect nightlatch_effect;

/*
 One credential with all its state, for a program with its own event loop. It does nothing by itself:

 1. After any call that takes the time, take outputs with `nightlatch_engine_poll_output` until there is none, then
    arrange to call `nightlatch_engine_handle_timeout` at `nightlatch_engine_poll_timeout`.
 2. More output appears only after `start`, `complete`, `cancel` or `handle_timeout`.
 3. Answer each `NIGHTLATCH_OUTPUT_PERFORM` once with `nightlatch_engine_complete`.
 4. Try `nightlatch_engine_cached` before `nightlatch_engine_start`.

 In a forked child what was in flight is forgotten, being the parent's; what is cached stays.

 Time is told as milliseconds of a clock that only goes forward, and milliseconds since 1970; `nightlatch_now` reads
 the machine's.
 */
typedef struct nightlatch_engine nightlatch_engine;

/*
 What went wrong, with every fact that helps to mend it, and no secret.
 */
typedef struct nightlatch_error nightlatch_error;

/*
 What a caller asks for, by name and arguments; it can be carried out any number of times.
 */
typedef struct nightlatch_operation nightlatch_operation;

/*
 The answer to an effect. New, it says that there was no answer. What is put in is copied into memory that is
 wiped.
 */
typedef struct nightlatch_outcome nightlatch_outcome;

/*
 One thing that an engine hands its host. It owns what it lends.
 */
typedef struct nightlatch_output nightlatch_output;

/*
 One page of a list. A page may be empty although others follow: only a missing continuation is the end.
 */
typedef struct nightlatch_page nightlatch_page;

/*
 What a vault says of a secret, deleted or not, besides its value. It never changes; any number of threads may read it.
 */
typedef struct nightlatch_properties nightlatch_properties;

/*
 What an operation came to.
 */
typedef struct nightlatch_reply nightlatch_reply;

/*
 What was found out: the doctor's diagnosis, the answer to a check, a forecast, or how the secrets of a configuration fared. It
 holds no secret and may be pasted into a ticket; it never changes, and any number of threads may read it.

 Each fact has a path, as options have: `verdict.code`, `sources.0.reason`. README.md lists them.
 */
typedef struct nightlatch_report nightlatch_report;

/*
 A text with secrets in place of what asked for them, and a report without any on how each fared. It never changes, any
 number of threads may read it, and the text is wiped when it is freed.
 */
typedef struct nightlatch_resolved nightlatch_resolved;

/*
 How a rotation ended well. It never changes; any number of threads may read it.
 */
typedef struct nightlatch_rotation nightlatch_rotation;

/*
 A secret: its value and what the vault says of it. It never changes; any number of threads may read it.
 */
typedef struct nightlatch_secret nightlatch_secret;

/*
 Many secrets, in the order in which they were asked for; each came, or says why not.
 */
typedef struct nightlatch_secrets nightlatch_secrets;

/*
 A bearer token, for clients of other services.
 */
typedef struct nightlatch_token nightlatch_token;

/*
 A value that is wiped when it is freed. It never changes, and any number of threads may read it. A backup is all versions of
 a secret as one opaque blob, which only a vault of the same subscription and geography restores.
 */
typedef struct nightlatch_value nightlatch_value;

/*
 One vault, read through a client. Any number of threads may use it at once.
 */
typedef struct nightlatch_vault nightlatch_vault;

/*
 Performs an effect before it returns, and puts the answer into the outcome; nothing put in is a failure. Both
 belong to the library and end with the call. It may take as long as the effect's timeout.
 */
typedef void (*nightlatch_perform)(void *context,
                                   const struct nightlatch_effect *effect,
                                   struct nightlatch_outcome *outcome);

/*
 What a client needs of the program around it. Begin with `NIGHTLATCH_HOST_INIT`, which sets `struct_size`, and
 set what you have; a callback that is NULL, or that a shorter table of an older header lacks, is not given.

 Callbacks run in the threads of the callers, several at once, and never while the library holds a lock. They may
 use every function of the library, but no call of the same client that blocks: that is refused with
 `NIGHTLATCH_CONFLICT`, since it could wait for itself. They must not unwind (C++ exceptions, `longjmp`).
 */
typedef struct nightlatch_host {
    /*
     The size of the table as its user knows it.
     */
    size_t struct_size;
    /*
     Given to every callback.
     */
    void *context;
    /*
     Performs `NIGHTLATCH_EFFECT_HTTP`. Must be given; `nightlatch_curl` does it with libcurl.
     */
    nightlatch_perform http;
    /*
     Performs `NIGHTLATCH_EFFECT_READ_FILE`. Not given: the library reads files itself.
     */
    nightlatch_perform read_file;
    /*
     Performs `NIGHTLATCH_EFFECT_RUN`. Not given: the library runs programs itself.
     */
    nightlatch_perform run;
    /*
     Performs `NIGHTLATCH_EFFECT_TOKEN`, for the option `HostCredential`. Not given: there is no such credential.
     */
    nightlatch_perform token;
    /*
     Writes a clock that only goes forward, and milliseconds since 1970. It must run as fast as real time, since
     waiting is done by the real clock. Not given: the machine's clocks.
     */
    void (*clock)(void *context, uint64_t *monotonic_ms, int64_t *unix_ms);
    /*
     Hears of events, each one line of JSON (the member `event` names it): what was chosen, fetched, rotated,
     refused. No event holds a secret or token. The text ends with the call. Not given: nobody hears.
     */
    void (*event)(void *context, const char *json, size_t len);
    /*
     Called once, when the client and its vaults are freed and no callback will be called any more.
     */
    void (*release)(void *context);
    /*
     Performs `NIGHTLATCH_EFFECT_SIGN` with keys that the host holds, for the option `signing_key`. Not given: there
     are none. With keys in files and texts the library signs itself.
     */
    nightlatch_perform sign;
    /*
     Performs `NIGHTLATCH_EFFECT_ASSERTION`, for the option `assertion`. Not given: nobody has any.
     */
    nightlatch_perform assertion;
    /*
     Performs `NIGHTLATCH_EFFECT_PROMPT`. Not given: the message is a line on standard error; the option `prompt`,
     which names a function of the host's, then fails.
     */
    nightlatch_perform prompt;
    /*
     Performs `NIGHTLATCH_EFFECT_BROWSE`. Not given: nobody signs in with a browser.
     */
    nightlatch_perform browse;
} nightlatch_host;

/*
 Called with a value that the cache holds, followed by a NUL that `len` does not count. The value ends with the call;
 be brief.
 */
typedef void (*nightlatch_reader)(void *context, const char *value, size_t len);

/*
 Uses a secret's value, and returns false if it was not accepted where it was used. The secret is lent for the call.
 */
typedef bool (*nightlatch_use)(void *context, const struct nightlatch_secret *secret);

/*
 Makes a new value, and puts it into the outcome with `nightlatch_outcome_made`; nothing put in is a failure. `slot` is the one
 that it is for, a text with a NUL behind it, and NULL if the secret has no slots.
 */
typedef void (*nightlatch_make)(void *context, const char *slot, struct nightlatch_outcome *outcome);

/*
 Puts a value into effect where it is used, or finds out whether it works there; false if that fails. Value and slot each have
 a NUL behind them and end with the call; `slot` is NULL if the secret has no slots.
 */
typedef bool (*nightlatch_try)(void *context, const char *value, size_t value_len, const char *slot);

/*
 What rotates a secret. Begin with `NIGHTLATCH_ROTATOR_INIT`, which sets `struct_size`, and set what you have.

 The functions run in the thread that called `nightlatch_vault_rotate_secret` and without any lock: they may take minutes, and
 make calls of the same client that block, such as for an administrator's password. They must not unwind (C++ exceptions,
 `longjmp`).
 */
typedef struct nightlatch_rotator {
    /*
     The size of the struct as its user knows it.
     */
    size_t struct_size;
    /*
     Given to every function.
     */
    void *context;
    /*
     Makes a new value. Must be given.
     */
    nightlatch_make make;
    /*
     Puts a value into effect where it is used, such as a database. It may be called again with the same value, and with the
     old one. Not given: nothing is to be done.
     */
    nightlatch_try apply;
    /*
     Finds out whether a value works. Not given: it does.
     */
    nightlatch_try verify;
} nightlatch_rotator;

/*
 What is encrypted, and with which key. Begin with `NIGHTLATCH_ENCRYPTION_INIT`, which sets `struct_size`, and set what you
 have. Texts are pointer and length; NULL with length 0 is none.
 */
typedef struct nightlatch_encryption {
    /*
     The size of the struct as its user knows it.
     */
    size_t struct_size;
    /*
     The name of the vault's RSA key. Must be given.
     */
    const char *key;
    /*
     Its length.
     */
    size_t key_len;
    /*
     A version of the key; without one the latest encrypts, and any decrypts that a value names.
     */
    const char *key_version;
    /*
     Its length.
     */
    size_t key_version_len;
    /*
     What the text is, a `nightlatch_form`: `NIGHTLATCH_FORM_VALUE` (also 0), or `NIGHTLATCH_FORM_JSON` of which fields are
     encrypted and everything else stays to the byte.
     */
    uint32_t form;
    /*
     How many values one data key encrypts; 0: about a million.
     */
    uint32_t data_key_uses;
    /*
     For how many milliseconds; 0: five minutes.
     */
    uint64_t data_key_ttl_ms;
    /*
     Of JSON: `field_count` JSON Pointers (RFC 6901), in which `*` stands for every item or member. NULL when decrypting or
     encrypting anew: all that are encrypted.
     */
    const char *const *fields;
    /*
     Their lengths.
     */
    const size_t *field_lens;
    /*
     Their number.
     */
    size_t field_count;
    /*
     The document that the text is or belongs to, by a name that never changes: what was encrypted for one is decrypted for
     that one only. It stands in the open.
     */
    const char *document;
    /*
     Its length.
     */
    size_t document_len;
    /*
     Of a value: the field of the document that it belongs to. It stands in the open.
     */
    const char *field;
    /*
     Its length.
     */
    size_t field_len;
} nightlatch_encryption;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of the library that is running, such as `0.1.0`; compare with `NIGHTLATCH_VERSION`.
 */
const char *nightlatch_version(void);

/*
 Frees an error and everything it lent. NULL is ignored.
 */
void nightlatch_error_free(struct nightlatch_error *error);

/*
 The status that the call returned. `NIGHTLATCH_INVALID_ARGUMENT` for NULL.
 */
nightlatch_status nightlatch_error_status(const struct nightlatch_error *error);

/*
 A text of an error, as named by `nightlatch_error_fact`; NULL if absent. It lives as long as the error.
 `len`, if not NULL, gets its length; a NUL follows it.
 */
const char *nightlatch_error_text(const struct nightlatch_error *error, uint32_t fact, size_t *len);

/*
 Writes a number of an error, as named by `nightlatch_error_number_fact`. False if absent.
 */
bool nightlatch_error_number(const struct nightlatch_error *error, uint32_t fact, uint64_t *value);

/*
 How many credentials of a chain were asked.
 */
size_t nightlatch_error_attempt_count(const struct nightlatch_error *error);

/*
 A part of what the credential number `index` of a chain said, as named by `nightlatch_attempt_part`; NULL if
 there is none. It lives as long as the error.
 */
const char *nightlatch_error_attempt(const struct nightlatch_error *error,
                                     size_t index,
                                     uint32_t part,
                                     size_t *len);

/*
 A configuration in which everything has its default, and the variables of the process's environment count:
 `DefaultAzureCredential`. Free it with `nightlatch_config_free`.
 */
struct nightlatch_config *nightlatch_config_new(void);

/*
 Frees a configuration; clients made from it stay. NULL is ignored.
 */
void nightlatch_config_free(struct nightlatch_config *config);

/*
 Sets an option to a text. `path` names it, as in `vault.api_version`; parts of lists are numbered from 0.

 Options are checked when the client is made: a wrong name or value is then
 `NIGHTLATCH_INVALID_CONFIGURATION`, and the message names it. The README lists all options.
 */
nightlatch_status nightlatch_config_set_text(struct nightlatch_config *config,
                                             const char *path,
                                             size_t path_len,
                                             const char *value,
                                             size_t value_len);

/*
 Sets an option to a number: durations in seconds, fractions allowed; shares from 0 to 1; counts.
 */
nightlatch_status nightlatch_config_set_number(struct nightlatch_config *config,
                                               const char *path,
                                               size_t path_len,
                                               double value);

/*
 Sets an option to true or false.
 */
nightlatch_status nightlatch_config_set_flag(struct nightlatch_config *config,
                                             const char *path,
                                             size_t path_len,
                                             bool value);

/*
 Sets an option to nothing, where that differs from leaving it out.
 */
nightlatch_status nightlatch_config_set_null(struct nightlatch_config *config,
                                             const char *path,
                                             size_t path_len);

/*
 Adds a text to an option that is a list.
 */
nightlatch_status nightlatch_config_add_text(struct nightlatch_config *config,
                                             const char *path,
                                             size_t path_len,
                                             const char *value,
                                             size_t value_len);

/*
 Sets an option to a secret value, such as `credential.client_secret`. It is copied into memory that is wiped
 when the last client that uses it is freed; wipe your own copy.
 */
nightlatch_status nightlatch_config_set_secret(struct nightlatch_config *config,
                                               const char *path,
                                               size_t path_len,
                                               const char *value,
                                               size_t value_len);

/*
 Sets an environment variable for this configuration only. An empty value counts as not set.
 */
nightlatch_status nightlatch_config_set_variable(struct nightlatch_config *config,
                                                 const char *name,
                                                 size_t name_len,
                                                 const char *value,
                                                 size_t value_len);

/*
 Says whether the variables of the process's environment count; they do, unless this was called with false.
 They are read when the client is made.
 */
nightlatch_status nightlatch_config_inherit_environment(struct nightlatch_config *config, bool inherit);

/*
 Takes the credential of that SDK name, such as `AzureCliCredential`, in place of the one set so far. Its
 options are set below `credential`, such as `credential.tenant_id`.
 */
nightlatch_status nightlatch_config_use_credential(struct nightlatch_config *config,
                                                   const char *name,
                                                   size_t name_len);

/*
 Takes a managed identity: the user-assigned one with that client id, or with an empty text the host's own.
 */
nightlatch_status nightlatch_config_use_managed_identity(struct nightlatch_config *config,
                                                         const char *client_id,
                                                         size_t client_id_len);

/*
 Takes an application with a client secret. The secret is kept as by `nightlatch_config_set_secret`.
 */
nightlatch_status nightlatch_config_use_client_secret(struct nightlatch_config *config,
                                                      const char *tenant_id,
                                                      size_t tenant_id_len,
                                                      const char *client_id,
                                                      size_t client_id_len,
                                                      const char *client_secret,
                                                      size_t client_secret_len);

/*
 Takes an application with a certificate in a file: PEM with certificate and key, or PKCS #12. An empty `password` is
 none. A key file that others may read is told of by the event `key_file_shared`.
 */
nightlatch_status nightlatch_config_use_certificate_file(struct nightlatch_config *config,
                                                         const char *tenant_id,
                                                         size_t tenant_id_len,
                                                         const char *client_id,
                                                         size_t client_id_len,
                                                         const char *path,
                                                         size_t path_len,
                                                         const char *password,
                                                         size_t password_len);

/*
 Takes an application with a certificate in memory: PEM with certificate and key, or the bytes of a PKCS #12 file. Both it
 and the password (empty: none) are kept as by `nightlatch_config_set_secret`.
 */
nightlatch_status nightlatch_config_use_certificate(struct nightlatch_config *config,
                                                    const char *tenant_id,
                                                    size_t tenant_id_len,
                                                    const char *client_id,
                                                    size_t client_id_len,
                                                    const char *certificate,
                                                    size_t certificate_len,
                                                    const char *password,
                                                    size_t password_len);

/*
 Takes an application with a certificate (PEM, without a key) whose key only the program reaches, such as one in a
 security module: the callback `sign` is asked with `key` as its `HANDLE`.
 */
nightlatch_status nightlatch_config_use_signing_key(struct nightlatch_config *config,
                                                    const char *tenant_id,
                                                    size_t tenant_id_len,
                                                    const char *client_id,
                                                    size_t client_id_len,
                                                    const char *certificate,
                                                    size_t certificate_len,
                                                    uint32_t key);

/*
 Takes an application that proves itself by an assertion of the program's: the callback `assertion` is asked with that
 number as its `HANDLE`.
 */
nightlatch_status nightlatch_config_use_client_assertion(struct nightlatch_config *config,
                                                         const char *tenant_id,
                                                         size_t tenant_id_len,
                                                         const char *client_id,
                                                         size_t client_id_len,
                                                         uint32_t assertion);

/*
 Takes an application on behalf of the user whose token is `user_assertion`. The application's proof is set after this:
 `credential.client_secret`, the settings of a certificate, or `credential.assertion`.
 */
nightlatch_status nightlatch_config_use_on_behalf_of(struct nightlatch_config *config,
                                                     const char *tenant_id,
                                                     size_t tenant_id_len,
                                                     const char *client_id,
                                                     size_t client_id_len,
                                                     const char *user_assertion,
                                                     size_t user_assertion_len);

/*
 Takes the identity of a workload that finds a token in a file, as on Kubernetes. What is empty comes from the environment.
 */
nightlatch_status nightlatch_config_use_workload_identity(struct nightlatch_config *config,
                                                          const char *tenant_id,
                                                          size_t tenant_id_len,
                                                          const char *client_id,
                                                          size_t client_id_len,
                                                          const char *token_file_path,
                                                          size_t token_file_path_len);

/*
 Takes a service connection of Azure Pipelines; the token is the job's `System.AccessToken`.
 */
nightlatch_status nightlatch_config_use_azure_pipelines(struct nightlatch_config *config,
                                                        const char *tenant_id,
                                                        size_t tenant_id_len,
                                                        const char *client_id,
                                                        size_t client_id_len,
                                                        const char *service_connection_id,
                                                        size_t service_connection_id_len,
                                                        const char *system_access_token,
                                                        size_t system_access_token_len);

/*
 Takes the person who signed in at a page of the program's own, from which the code came back to `redirect_uri`. A
 confidential client sets `credential.client_secret` after this.
 */
nightlatch_status nightlatch_config_use_authorization_code(struct nightlatch_config *config,
                                                           const char *tenant_id,
                                                           size_t tenant_id_len,
                                                           const char *client_id,
                                                           size_t client_id_len,
                                                           const char *authorization_code,
                                                           size_t authorization_code_len,
                                                           const char *redirect_uri,
                                                           size_t redirect_uri_len);

/*
 Takes a person's name and password. Few tenants allow it still; it cannot pass multi-factor authentication.
 */
nightlatch_status nightlatch_config_use_username_password(struct nightlatch_config *config,
                                                          const char *username,
                                                          size_t username_len,
                                                          const char *password,
                                                          size_t password_len);

/*
 Adds a credential, by its SDK name, to a chain of which the first that has a token serves; the first call begins the chain
 in place of the credential set so far. The settings of the one number `n`, counted from 0, are set below
 `credential.sources.n`.
 */
nightlatch_status nightlatch_config_add_source(struct nightlatch_config *config,
                                               const char *name,
                                               size_t name_len);

/*
 Makes a client from a configuration (NULL: the default one) and a table of callbacks, of which it keeps a copy. Nothing
 is asked yet. Free it with `nightlatch_client_free`.
 */
nightlatch_status nightlatch_client_new(const struct nightlatch_config *config,
                                        const struct nightlatch_host *host,
                                        struct nightlatch_client **client,
                                        struct nightlatch_error **error);

/*
 Frees a client. Vaults made from it stay usable, and keep its state until they are freed too. NULL is ignored.
 */
void nightlatch_client_free(struct nightlatch_client *client);

/*
 Carries out any operation, and waits for its end.
 */
nightlatch_status nightlatch_client_perform(const struct nightlatch_client *client,
                                            const struct nightlatch_operation *operation,
                                            struct nightlatch_reply **reply,
                                            struct nightlatch_error **error);

/*
 Gets a token for a scope such as `https://management.azure.com/.default`, for clients of other services, and waits
 for it. `timeout_ms` is what it may take, 0 as configured. Free it with `nightlatch_token_free`.
 */
nightlatch_status nightlatch_client_get_token(const struct nightlatch_client *client,
                                              const char *scope,
                                              size_t scope_len,
                                              uint64_t timeout_ms,
                                              struct nightlatch_token **token,
                                              struct nightlatch_error **error);

/*
 Renews every cached secret whose renewal is due and that somebody read since it was fetched, and writes in how many
 milliseconds to call again. For a thread of the program's own: then no reader waits for a renewal.
 */
nightlatch_status nightlatch_client_refresh_due(const struct nightlatch_client *client,
                                                uint64_t timeout_ms,
                                                uint64_t *next_ms,
                                                struct nightlatch_error **error);

/*
 Writes a number of what the cache holds and has done since the client was made, as named by `nightlatch_cache_fact`. False
 if absent.
 */
bool nightlatch_client_cache_number(const struct nightlatch_client *client,
                                    uint32_t fact,
                                    uint64_t *value);

/*
 Forgets all cached secrets, so that the next reads ask their vaults.
 */
nightlatch_status nightlatch_client_invalidate_all(const struct nightlatch_client *client);

/*
 Names a vault by its URL, such as `https://contoso.vault.azure.net`. Nothing is asked yet. Free it with
 `nightlatch_vault_free`, before or after the client.
 */
nightlatch_status nightlatch_vault_new(const struct nightlatch_client *client,
                                       const char *url,
                                       size_t url_len,
                                       struct nightlatch_vault **vault,
                                       struct nightlatch_error **error);

/*
 Frees a vault. NULL is ignored.
 */
void nightlatch_vault_free(struct nightlatch_vault *vault);

/*
 Gets a secret: from the cache if a fresh copy is there, else from the vault. An empty `version` is the latest;
 `timeout_ms` is what the call may take, 0 as configured. Free the secret with `nightlatch_secret_free`.
 */
nightlatch_status nightlatch_vault_get_secret(const struct nightlatch_vault *vault,
                                              const char *name,
                                              size_t name_len,
                                              const char *version,
                                              size_t version_len,
                                              uint64_t timeout_ms,
                                              struct nightlatch_secret **secret,
                                              struct nightlatch_error **error);

/*
 Gets a secret from the vault, whatever the cache holds, as after the vault's answer turned out to be old. Many callers
 at once share one request.
 */
nightlatch_status nightlatch_vault_refresh_secret(const struct nightlatch_vault *vault,
                                                  const char *name,
                                                  size_t name_len,
                                                  const char *version,
                                                  size_t version_len,
                                                  uint64_t timeout_ms,
                                                  struct nightlatch_secret **secret,
                                                  struct nightlatch_error **error);

/*
 A secret that is cached and fresh, else NULL; never waits. Free it with `nightlatch_secret_free`. Once in a while a copy
 that is still good is withheld from one caller, who renews it by `nightlatch_vault_get_secret`; so follow NULL
 with that.
 */
struct nightlatch_secret *nightlatch_vault_cached(const struct nightlatch_vault *vault,
                                                  const char *name,
                                                  size_t name_len,
                                                  const char *version,
                                                  size_t version_len);

/*
 Calls `reader` with a value that is cached and fresh, in place; false if there is none, as `nightlatch_vault_cached`
 says. The quickest way: nothing is copied, allocated or counted, so it scales with threads.
 */
bool nightlatch_vault_read(const struct nightlatch_vault *vault,
                           const char *name,
                           size_t name_len,
                           const char *version,
                           size_t version_len,
                           nightlatch_reader reader,
                           void *context);

/*
 Copies the value of a secret and a NUL into a buffer of `capacity` bytes, and writes the value's length: from the cache if
 a fresh copy is there, else from the vault, as `nightlatch_vault_get_secret`. There is nothing to free, and nothing
 is counted, so it scales with threads. `NIGHTLATCH_INVALID_ARGUMENT` if it does not fit; then nothing is written. Wipe the buffer
 with `nightlatch_wipe`.
 */
nightlatch_status nightlatch_vault_copy_secret(const struct nightlatch_vault *vault,
                                               const char *name,
                                               size_t name_len,
                                               const char *version,
                                               size_t version_len,
                                               uint64_t timeout_ms,
                                               char *buffer,
                                               size_t capacity,
                                               size_t *len,
                                               struct nightlatch_error **error);

/*
 Forgets a cached secret, so that the next read asks the vault.
 */
nightlatch_status nightlatch_vault_invalidate(const struct nightlatch_vault *vault,
                                              const char *name,
                                              size_t name_len,
                                              const char *version,
                                              size_t version_len);

/*
 Frees properties that a call handed over; not those that are lent. NULL is ignored.
 */
void nightlatch_properties_free(struct nightlatch_properties *properties);

/*
 A text, as named by `nightlatch_secret_fact`; NULL if absent. It lives as long as the properties. `len`, if not NULL,
 gets its length; a NUL follows it.
 */
const char *nightlatch_properties_text(const struct nightlatch_properties *properties,
                                       uint32_t fact,
                                       size_t *len);

/*
 Writes a number, as named by `nightlatch_secret_number_fact`. False if absent.
 */
bool nightlatch_properties_number(const struct nightlatch_properties *properties,
                                  uint32_t fact,
                                  int64_t *value);

/*
 How many tags there are.
 */
size_t nightlatch_properties_tag_count(const struct nightlatch_properties *properties);

/*
 The name of the tag number `index`, in the order of the names; NULL if there is none.
 */
const char *nightlatch_properties_tag_name(const struct nightlatch_properties *properties,
                                           size_t index,
                                           size_t *len);

/*
 The value of the tag number `index`; NULL if there is none.
 */
const char *nightlatch_properties_tag(const struct nightlatch_properties *properties,
                                      size_t index,
                                      size_t *len);

/*
 Frees a handle. The value is wiped when no handle is left and the cache has let go of it. NULL is ignored.
 */
void nightlatch_secret_free(struct nightlatch_secret *secret);

/*
 Another handle to the same secret, to be freed on its own.
 */
struct nightlatch_secret *nightlatch_secret_share(const struct nightlatch_secret *secret);

/*
 The value, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
 */
const char *nightlatch_secret_value(const struct nightlatch_secret *secret, size_t *len);

/*
 Copies the value and a NUL into a buffer of `capacity` bytes. `NIGHTLATCH_INVALID_ARGUMENT` if it does not fit; then
 nothing is written. Wipe the buffer with `nightlatch_wipe`.
 */
nightlatch_status nightlatch_secret_copy(const struct nightlatch_secret *secret,
                                         char *buffer,
                                         size_t capacity);

/*
 What the vault says of it besides the value, lent for as long as the handle lives.
 */
const struct nightlatch_properties *nightlatch_secret_properties(const struct nightlatch_secret *secret);

/*
 A text of a secret, as named by `nightlatch_secret_fact`; NULL if absent. It lives as long as the handle. `len`, if
 not NULL, gets its length; a NUL follows it.
 */
const char *nightlatch_secret_text(const struct nightlatch_secret *secret,
                                   uint32_t fact,
                                   size_t *len);

/*
 Writes a number of a secret, as named by `nightlatch_secret_number_fact`. False if absent.
 */
bool nightlatch_secret_number(const struct nightlatch_secret *secret, uint32_t fact, int64_t *value);

/*
 How many tags a secret has.
 */
size_t nightlatch_secret_tag_count(const struct nightlatch_secret *secret);

/*
 The name of the tag number `index`, in the order of the names; NULL if there is none.
 */
const char *nightlatch_secret_tag_name(const struct nightlatch_secret *secret, size_t index, size_t *len);

/*
 The value of the tag number `index`; NULL if there is none.
 */
const char *nightlatch_secret_tag(const struct nightlatch_secret *secret, size_t index, size_t *len);

/*
 Wipes memory of your own, in a way that no compiler leaves out. NULL is ignored.
 */
void nightlatch_wipe(void *buffer, size_t len);

/*
 Frees a token and wipes it. NULL is ignored.
 */
void nightlatch_token_free(struct nightlatch_token *token);

/*
 The token itself, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
 */
const char *nightlatch_token_value(const struct nightlatch_token *token, size_t *len);

/*
 Writes when the token ends and when it should be asked for anew, in seconds since 1970; either may be NULL.
 */
bool nightlatch_token_times(const struct nightlatch_token *token, int64_t *expires_on, int64_t *refresh_on);

/*
 Frees a page that a call handed over; not one that is lent. NULL is ignored.
 */
void nightlatch_page_free(struct nightlatch_page *page);

/*
 How many items are on the page.
 */
size_t nightlatch_page_count(const struct nightlatch_page *page);

/*
 The item number `index`, lent for as long as the page lives; NULL if there is none.
 */
const struct nightlatch_properties *nightlatch_page_item(const struct nightlatch_page *page, size_t index);

/*
 What to ask the next page with; NULL at the end of the list. It lives as long as the page. `len`, if not NULL, gets its
 length; a NUL follows it.
 */
const char *nightlatch_page_continuation(const struct nightlatch_page *page,
                                         size_t *len);

/*
 Frees a list that a call handed over, not one that is lent, and with it the secrets it lent. NULL is ignored.
 */
void nightlatch_secrets_free(struct nightlatch_secrets *secrets);

/*
 How many secrets were asked for.
 */
size_t nightlatch_secrets_count(const struct nightlatch_secrets *secrets);

/*
 The name of the secret number `index`; NULL if there is none. It lives as long as the list.
 */
const char *nightlatch_secrets_name(const struct nightlatch_secrets *secrets, size_t index, size_t *len);

/*
 The secret number `index`, lent for as long as the list lives (`nightlatch_secret_share` makes it last longer); NULL if it
 did not come.
 */
const struct nightlatch_secret *nightlatch_secrets_secret(const struct nightlatch_secrets *secrets,
                                                          size_t index);

/*
 Why the secret number `index` did not come, lent for as long as the list lives; NULL if it did.
 */
const struct nightlatch_error *nightlatch_secrets_error(const struct nightlatch_secrets *secrets,
                                                        size_t index);

/*
 Frees a value that a call handed over, and wipes it; not one that is lent. NULL is ignored.
 */
void nightlatch_value_free(struct nightlatch_value *value);

/*
 The value itself, which lives as long as the handle. `len`, if not NULL, gets its length; a NUL follows it.
 */
const char *nightlatch_value_data(const struct nightlatch_value *value, size_t *len);

/*
 No changes. Free it with `nightlatch_changes_free`.
 */
struct nightlatch_changes *nightlatch_changes_new(void);

/*
 Frees changes. NULL is ignored.
 */
void nightlatch_changes_free(struct nightlatch_changes *changes);

/*
 Whether it may be read.
 */
nightlatch_status nightlatch_changes_set_enabled(struct nightlatch_changes *changes, bool enabled);

/*
 From when on it should be used, in seconds since 1970; for information.
 */
nightlatch_status nightlatch_changes_set_not_before(struct nightlatch_changes *changes, int64_t time);

/*
 Until when, in seconds since 1970; for information.
 */
nightlatch_status nightlatch_changes_set_expires_on(struct nightlatch_changes *changes, int64_t time);

/*
 Free text, at most 255 characters.
 */
nightlatch_status nightlatch_changes_set_content_type(struct nightlatch_changes *changes,
                                                      const char *content_type,
                                                      size_t content_type_len);

/*
 Adds a tag. The tags given replace all that there are; at most 15.
 */
nightlatch_status nightlatch_changes_add_tag(struct nightlatch_changes *changes,
                                             const char *name,
                                             size_t name_len,
                                             const char *value,
                                             size_t value_len);

/*
 No tags, also where there are some.
 */
nightlatch_status nightlatch_changes_clear_tags(struct nightlatch_changes *changes);

/*
 For updates: only if this version is the latest, else `NIGHTLATCH_CONFLICT`.
 */
nightlatch_status nightlatch_changes_if_version(struct nightlatch_changes *changes,
                                                const char *version,
                                                size_t version_len);

/*
 For updates: only if it was not changed after this moment (the `UPDATED_ON` that the caller knows), in seconds since 1970;
 else `NIGHTLATCH_CONFLICT`. The service knows no etags: a change between the look and the update is not noticed.
 */
nightlatch_status nightlatch_changes_if_unchanged_since(struct nightlatch_changes *changes,
                                                        int64_t time);

/*
 Gets many secrets at once, each from the cache or from the vault; one that fails leaves the others alone. `names` and
 `name_lens` are `count` texts with their lengths. `refresh` asks the vault whatever the cache holds. Free the list with
 `nightlatch_secrets_free`.
 */
nightlatch_status nightlatch_vault_get_secrets(const struct nightlatch_vault *vault,
                                               const char *const *names,
                                               const size_t *name_lens,
                                               size_t count,
                                               bool refresh,
                                               uint64_t timeout_ms,
                                               struct nightlatch_secrets **secrets,
                                               struct nightlatch_error **error);

/*
 Sets a secret: makes a new version, which inherits nothing from the one before. `changes` (NULL: none) is what it shall have
 besides its value. `recover_if_deleted` recovers a deleted secret of that name first; without it such a name is
 `NIGHTLATCH_CONFLICT`. The value is copied into memory that is wiped; wipe your own copy. Free the secret with
 `nightlatch_secret_free`.
 */
nightlatch_status nightlatch_vault_set_secret(const struct nightlatch_vault *vault,
                                              const char *name,
                                              size_t name_len,
                                              const char *value,
                                              size_t value_len,
                                              const struct nightlatch_changes *changes,
                                              bool recover_if_deleted,
                                              uint64_t timeout_ms,
                                              struct nightlatch_secret **secret,
                                              struct nightlatch_error **error);

/*
 Changes properties of a version; an empty `version` is the latest. What `changes` does not give stays. Free the properties
 with `nightlatch_properties_free`.
 */
nightlatch_status nightlatch_vault_update_secret_properties(const struct nightlatch_vault *vault,
                                                            const char *name,
                                                            size_t name_len,
                                                            const char *version,
                                                            size_t version_len,
                                                            const struct nightlatch_changes *changes,
                                                            uint64_t timeout_ms,
                                                            struct nightlatch_properties **properties,
                                                            struct nightlatch_error **error);

/*
 One page of the secrets, disabled and expired ones too, without values and versions.
 `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
 service has it (25). Free the page with `nightlatch_page_free`.
 */
nightlatch_status nightlatch_vault_list_properties_of_secrets(const struct nightlatch_vault *vault,
                                                              const char *continuation,
                                                              size_t continuation_len,
                                                              uint32_t max_page_size,
                                                              uint64_t timeout_ms,
                                                              struct nightlatch_page **page,
                                                              struct nightlatch_error **error);

/*
 One page of the versions of a secret, without values.
 `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
 service has it (25). Free the page with `nightlatch_page_free`.
 */
nightlatch_status nightlatch_vault_list_properties_of_secret_versions(const struct nightlatch_vault *vault,
                                                                      const char *name,
                                                                      size_t name_len,
                                                                      const char *continuation,
                                                                      size_t continuation_len,
                                                                      uint32_t max_page_size,
                                                                      uint64_t timeout_ms,
                                                                      struct nightlatch_page **page,
                                                                      struct nightlatch_error **error);

/*
 One page of the deleted secrets.
 `continuation` is that of the page before, and empty for the first; `max_page_size` is the most items on a page, 0 as the
 service has it (25). Free the page with `nightlatch_page_free`.
 */
nightlatch_status nightlatch_vault_list_deleted_secrets(const struct nightlatch_vault *vault,
                                                        const char *continuation,
                                                        size_t continuation_len,
                                                        uint32_t max_page_size,
                                                        uint64_t timeout_ms,
                                                        struct nightlatch_page **page,
                                                        struct nightlatch_error **error);

/*
 Deletes a secret with all versions. The service finishes some seconds later; with `wait` the call returns then. What is cached
 is forgotten at once. Free the properties with `nightlatch_properties_free`.
 */
nightlatch_status nightlatch_vault_delete_secret(const struct nightlatch_vault *vault,
                                                 const char *name,
                                                 size_t name_len,
                                                 bool wait,
                                                 uint64_t timeout_ms,
                                                 struct nightlatch_properties **properties,
                                                 struct nightlatch_error **error);

/*
 Writes whether a deletion has finished; with `wait` the call returns when it has.
 */
nightlatch_status nightlatch_vault_deletion_finished(const struct nightlatch_vault *vault,
                                                     const char *name,
                                                     size_t name_len,
                                                     bool wait,
                                                     uint64_t timeout_ms,
                                                     bool *finished,
                                                     struct nightlatch_error **error);

/*
 A deleted secret, without its value. Free the properties with `nightlatch_properties_free`.
 */
nightlatch_status nightlatch_vault_get_deleted_secret(const struct nightlatch_vault *vault,
                                                      const char *name,
                                                      size_t name_len,
                                                      uint64_t timeout_ms,
                                                      struct nightlatch_properties **properties,
                                                      struct nightlatch_error **error);

/*
 Recovers a deleted secret with all versions. The service finishes some seconds later; with `wait` the call returns then.
 Free the properties with `nightlatch_properties_free`.
 */
nightlatch_status nightlatch_vault_recover_deleted_secret(const struct nightlatch_vault *vault,
                                                          const char *name,
                                                          size_t name_len,
                                                          bool wait,
                                                          uint64_t timeout_ms,
                                                          struct nightlatch_properties **properties,
                                                          struct nightlatch_error **error);

/*
 Writes whether a recovery has finished; with `wait` the call returns when it has.
 */
nightlatch_status nightlatch_vault_recovery_finished(const struct nightlatch_vault *vault,
                                                     const char *name,
                                                     size_t name_len,
                                                     bool wait,
                                                     uint64_t timeout_ms,
                                                     bool *finished,
                                                     struct nightlatch_error **error);

/*
 Deletes a deleted secret for good. The name can be used again some seconds later; with `wait` the call returns then. Writes
 whether it has finished.
 */
nightlatch_status nightlatch_vault_purge_deleted_secret(const struct nightlatch_vault *vault,
                                                        const char *name,
                                                        size_t name_len,
                                                        bool wait,
                                                        uint64_t timeout_ms,
                                                        bool *finished,
                                                        struct nightlatch_error **error);

/*
 All versions of a secret as one blob. Free it with `nightlatch_value_free`.
 */
nightlatch_status nightlatch_vault_backup_secret(const struct nightlatch_vault *vault,
                                                 const char *name,
                                                 size_t name_len,
                                                 uint64_t timeout_ms,
                                                 struct nightlatch_value **backup,
                                                 struct nightlatch_error **error);

/*
 Brings a backup back under its own name, which must be free. Free the properties with `nightlatch_properties_free`.
 */
nightlatch_status nightlatch_vault_restore_secret_backup(const struct nightlatch_vault *vault,
                                                         const char *backup,
                                                         size_t backup_len,
                                                         uint64_t timeout_ms,
                                                         struct nightlatch_properties **properties,
                                                         struct nightlatch_error **error);

/*
 Calls `accepts` with a secret; if that says that the value was not accepted, gets the latest version and, if it is another one,
 calls `accepts` with it once more. Writes whether it was accepted in the end. However many threads meet a rotated secret, the
 vault is asked once. `timeout_ms` is what each of the two reads may take.
 */
nightlatch_status nightlatch_vault_with_secret(const struct nightlatch_vault *vault,
                                               const char *name,
                                               size_t name_len,
                                               nightlatch_use accepts,
                                               void *context,
                                               uint64_t timeout_ms,
                                               bool *accepted,
                                               struct nightlatch_error **error);

/*
 Frees a report that a call handed over; not one that is lent. NULL is ignored.
 */
void nightlatch_report_free(struct nightlatch_report *report);

/*
 Whether all is well: the secret could be read, or everything asked for is at hand. A forecast finds no fault: true.
 */
bool nightlatch_report_ok(const struct nightlatch_report *report);

/*
 Whether trying again later may help, as nobody has to mend anything: true of a check if that holds for every trouble. False
 when all is well; and of references and secrets of a configuration, where each has a status of its own.
 */
bool nightlatch_report_is_transient(const struct nightlatch_report *report);

/*
 The whole report as one line of JSON, the same in every language. It lives as long as the report. `len`, if not NULL, gets its
 length; a NUL follows it.
 */
const char *nightlatch_report_json(const struct nightlatch_report *report,
                                   size_t *len);

/*
 The text at a path; NULL if there is none. `text` is the whole report for people, line by line; `verdict.code` is what the
 trouble is, in the words of `NIGHTLATCH_ERROR_HELP`. It lives as long as the report. `len`, if not NULL, gets its
 length; a NUL follows it.
 */
const char *nightlatch_report_text(const struct nightlatch_report *report,
                                   const char *path,
                                   size_t path_len,
                                   size_t *len);

/*
 Writes the number at a path, such as `duration_ms` or `requests.per_hour`; 1 or 0 for what is true or false. False if there is
 none. Times are seconds since 1970.
 */
bool nightlatch_report_number(const struct nightlatch_report *report,
                              const char *path,
                              size_t path_len,
                              double *value);

/*
 How many items the list at a path has, such as `troubles`, `warnings` or `verdict.commands`; 0 if there is none.
 */
size_t nightlatch_report_count(const struct nightlatch_report *report,
                               const char *path,
                               size_t path_len);

/*
 Frees what a call handed over, and wipes the text; not what is lent. NULL is ignored.
 */
void nightlatch_resolved_free(struct nightlatch_resolved *resolved);

/*
 The text with the secrets, which lives as long as the handle; NULL if only a report was asked for. `len`, if not NULL, gets
 its length; a NUL follows it.
 */
const char *nightlatch_resolved_text(const struct nightlatch_resolved *resolved,
                                     size_t *len);

/*
 How each reference or secret fared: which version it is, and how old the copy. Lent for as long as the handle lives.
 */
const struct nightlatch_report *nightlatch_resolved_report(const struct nightlatch_resolved *resolved);

/*
 Puts secrets in place of the Key Vault references (`@Microsoft.KeyVault(...)`, as App Service has them) in a text: all of
 them, or none and an error whose attempts name each that is missing. `form`, a `nightlatch_form`, says what the text is; a value
 that is no reference comes back as it is. `max_age_ms` is the oldest copy that may serve, also while a vault is away; 0: by the
 cache's own rules. `timeout_ms` is what the call may take, 0 as configured. The text is copied into memory that is wiped.
 Free what it resolves to with `nightlatch_resolved_free`.

 With the other arguments of `resolve_references`, such as the content type of an App Configuration value, perform that
 operation: `nightlatch_reply_resolved` lends the same.
 */
nightlatch_status nightlatch_client_resolve(const struct nightlatch_client *client,
                                            uint32_t form,
                                            const char *text,
                                            size_t text_len,
                                            uint64_t max_age_ms,
                                            uint64_t timeout_ms,
                                            struct nightlatch_resolved **resolved,
                                            struct nightlatch_error **error);

/*
 How each reference in a text would fare, by the words of App Service and with what is to be done, without the text: for
 readiness probes and for people. A trouble is no failure of this call: the report tells of it. Arguments are those of
 `nightlatch_client_resolve`. Free the report with `nightlatch_report_free`.
 */
nightlatch_status nightlatch_client_check_references(const struct nightlatch_client *client,
                                                     uint32_t form,
                                                     const char *text,
                                                     size_t text_len,
                                                     uint64_t max_age_ms,
                                                     uint64_t timeout_ms,
                                                     struct nightlatch_report **report,
                                                     struct nightlatch_error **error);

/*
 Loads secrets as a configuration: a JSON object of texts under keys that are made of their names, without `prefix` and with
 `separator` (NULL: `:`) in place of `--`. `names` and `name_lens` are `count` texts with their lengths; reading these takes
 the permission to get only. If `names` is NULL, it is all enabled secrets that the vault lists and whose names begin with
 `prefix`; loading again then reads only what changed. All are loaded, or none and an error whose attempts name each that is
 missing. `timeout_ms` is what the call may take, 0 as configured. Free what it comes to with `nightlatch_resolved_free`.
 */
nightlatch_status nightlatch_vault_load(const struct nightlatch_vault *vault,
                                        const char *const *names,
                                        const size_t *name_lens,
                                        size_t count,
                                        const char *prefix,
                                        size_t prefix_len,
                                        const char *separator,
                                        size_t separator_len,
                                        uint64_t timeout_ms,
                                        struct nightlatch_resolved **resolved,
                                        struct nightlatch_error **error);

/*
 Rotates a secret: `make` makes a value, which becomes a new version; `apply` puts it into effect, `verify` finds out whether it
 works. If either fails, the old value is applied and made the latest version again, and the error says so
 (`NIGHTLATCH_ERROR_HELP`: `rotation-rolled-back`). A rotation that was cut off is finished, or rolled back, by the next call.

 With two slots, such as two users of a database, the new value is for the one that is not in use, and becomes a version only
 when it works: nobody ever reads one that does not. Both are empty for a secret without slots.

 `changes` (NULL: none) is the content type, end and tags of the new version; what is not given is carried over from the one
 before. `timeout_ms` is what the call may take, 0: fifteen minutes. Free the rotation with `nightlatch_rotation_free`.
 */
nightlatch_status nightlatch_vault_rotate_secret(const struct nightlatch_vault *vault,
                                                 const char *name,
                                                 size_t name_len,
                                                 const struct nightlatch_rotator *rotator,
                                                 const char *one_slot,
                                                 size_t one_slot_len,
                                                 const char *other_slot,
                                                 size_t other_slot_len,
                                                 const struct nightlatch_changes *changes,
                                                 uint64_t timeout_ms,
                                                 struct nightlatch_rotation **rotation,
                                                 struct nightlatch_error **error);

/*
 Frees a rotation that a call handed over; not one that is lent. NULL is ignored.
 */
void nightlatch_rotation_free(struct nightlatch_rotation *rotation);

/*
 The version in use now, lent for as long as the rotation lives.
 */
const struct nightlatch_properties *nightlatch_rotation_properties(const struct nightlatch_rotation *rotation);

/*
 The version before, which is left as it is; NULL if there was none. It lives as long as the rotation. `len`, if not NULL, gets
 its length; a NUL follows it.
 */
const char *nightlatch_rotation_previous_version(const struct nightlatch_rotation *rotation,
                                                 size_t *len);

/*
 The slot in use now; NULL if there are none. It lives as long as the rotation. `len`, if not NULL, gets its length; a NUL
 follows it.
 */
const char *nightlatch_rotation_slot(const struct nightlatch_rotation *rotation,
                                     size_t *len);

/*
 Whether it finished a rotation that an earlier call had begun.
 */
bool nightlatch_rotation_is_resumed(const struct nightlatch_rotation *rotation);

/*
 Encrypts a value, or fields of a JSON document: each becomes a text that any JOSE library decrypts with the key (a compact JWE,
 RFC 7516, of `RSA-OAEP-256` and `A256GCM`). The vault wraps one data key for many values. `timeout_ms` is what the call may take,
 0 as configured. Free the value with `nightlatch_value_free`.
 */
nightlatch_status nightlatch_vault_encrypt(const struct nightlatch_vault *vault,
                                           const struct nightlatch_encryption *encryption,
                                           const char *text,
                                           size_t text_len,
                                           uint64_t timeout_ms,
                                           struct nightlatch_value **value,
                                           struct nightlatch_error **error);

/*
 Decrypts a value, or fields of a JSON document, that were encrypted for this document and field with any version of this key.
 `NIGHTLATCH_DECRYPTION_FAILED` if they were not, or were changed since. The arguments are those of `nightlatch_vault_encrypt`.
 */
nightlatch_status nightlatch_vault_decrypt(const struct nightlatch_vault *vault,
                                           const struct nightlatch_encryption *encryption,
                                           const char *text,
                                           size_t text_len,
                                           uint64_t timeout_ms,
                                           struct nightlatch_value **value,
                                           struct nightlatch_error **error);

/*
 Encrypts a value, or fields of a JSON document, anew with the latest version of the key; what already is comes back as it is.
 After the key was rotated. The arguments are those of `nightlatch_vault_encrypt`.
 */
nightlatch_status nightlatch_vault_rewrap(const struct nightlatch_vault *vault,
                                          const struct nightlatch_encryption *encryption,
                                          const char *text,
                                          size_t text_len,
                                          uint64_t timeout_ms,
                                          struct nightlatch_value **value,
                                          struct nightlatch_error **error);

/*
 Goes the whole way to a secret once and tells all that was seen: this host, each source of the credential, the identity, the
 vault's answer, and the one missing step. An empty `name` tries the list of secrets; an empty `version` is the latest.
 `timeout_ms` is what it may take, 0 as configured. A trouble is no failure of this call: the report tells of it. Free the
 report with `nightlatch_report_free`.
 */
nightlatch_status nightlatch_vault_diagnose(const struct nightlatch_vault *vault,
                                            const char *name,
                                            size_t name_len,
                                            const char *version,
                                            size_t version_len,
                                            uint64_t timeout_ms,
                                            struct nightlatch_report **report,
                                            struct nightlatch_error **error);

/*
 Whether secrets are at hand, from the cache or from the vault, for readiness probes: costs no request while the cached
 copies are fresh. `names` and `name_lens` are `count` texts with their lengths; without any, whether the vault can be
 read. `timeout_ms` is what it may take, 0 for 5 seconds. A trouble is no failure of this call: the report tells of
 it. Free the report with `nightlatch_report_free`.
 */
nightlatch_status nightlatch_vault_check(const struct nightlatch_vault *vault,
                                         const char *const *names,
                                         const size_t *name_lens,
                                         size_t count,
                                         uint64_t timeout_ms,
                                         struct nightlatch_report **report,
                                         struct nightlatch_error **error);

/*
 Which sources of the credential would be asked on this host, and what `instances` processes that read so many secrets all the
 time cost, told without the network. 0 is 1. Free the report with `nightlatch_report_free`.
 */
nightlatch_status nightlatch_vault_explain(const struct nightlatch_vault *vault,
                                           uint32_t secrets,
                                           uint32_t instances,
                                           struct nightlatch_report **report,
                                           struct nightlatch_error **error);

/*
 An operation without arguments, by its name, such as `get_secret`; the list of all stands above. NULL if the name is no
 text. Free it with `nightlatch_operation_free`.
 */
struct nightlatch_operation *nightlatch_operation_new(const char *name,
                                                      size_t name_len);

/*
 Frees an operation, after every call that carries it out has returned. NULL is ignored.
 */
void nightlatch_operation_free(struct nightlatch_operation *operation);

/*
 Sets an argument to a text. Arguments are checked when the operation begins.
 */
nightlatch_status nightlatch_operation_set_text(struct nightlatch_operation *operation,
                                                const char *path,
                                                size_t path_len,
                                                const char *value,
                                                size_t value_len);

/*
 Sets an argument to a number, such as `timeout` in seconds.
 */
nightlatch_status nightlatch_operation_set_number(struct nightlatch_operation *operation,
                                                  const char *path,
                                                  size_t path_len,
                                                  double value);

/*
 Sets an argument to true or false, such as `refresh`.
 */
nightlatch_status nightlatch_operation_set_flag(struct nightlatch_operation *operation,
                                                const char *path,
                                                size_t path_len,
                                                bool value);

/*
 Sets an argument to an empty list, to which texts may be added.
 */
nightlatch_status nightlatch_operation_set_list(struct nightlatch_operation *operation,
                                                const char *path,
                                                size_t path_len);

/*
 Adds a text to an argument that is a list, such as `request.scopes`.
 */
nightlatch_status nightlatch_operation_add_text(struct nightlatch_operation *operation,
                                                const char *path,
                                                size_t path_len,
                                                const char *value,
                                                size_t value_len);

/*
 Gives the operation the one secret that it takes: the value that `set_secret` sets, the backup that
 `restore_secret_backup` restores, the text whose references `resolve_references` resolves. It is copied into memory that is
 wiped; wipe your own copy.
 */
nightlatch_status nightlatch_operation_set_value(struct nightlatch_operation *operation,
                                                 const char *value,
                                                 size_t value_len);

/*
 Sets what `set_secret` and `update_secret_properties` give a version besides its value.
 */
nightlatch_status nightlatch_operation_set_changes(struct nightlatch_operation *operation,
                                                   const struct nightlatch_changes *changes);

/*
 Cancels the operation, from any thread: every `nightlatch_client_perform` that carries it out, now or later,
 returns `NIGHTLATCH_CANCELLED`. One that is inside a callback returns when the callback does;
 `nightlatch_outcome_is_wanted` tells the callback. What other callers wait for goes on.
 */
nightlatch_status nightlatch_operation_cancel(struct nightlatch_operation *operation);

/*
 Frees a reply and everything it lent; secrets and tokens taken from it stay. NULL is ignored.
 */
void nightlatch_reply_free(struct nightlatch_reply *reply);

/*
 The secret that the operation came to, as a handle of its own to be freed with `nightlatch_secret_free`; NULL if it
 came to something else.
 */
struct nightlatch_secret *nightlatch_reply_secret(const struct nightlatch_reply *reply);

/*
 The token that the operation came to, to be freed with `nightlatch_token_free`; NULL if it came to something else.
 */
struct nightlatch_token *nightlatch_reply_token(const struct nightlatch_reply *reply);

/*
 Properties of a secret, deleted or not, that the operation came to, lent for as long as the reply lives; NULL if it came to
 something else.
 */
const struct nightlatch_properties *nightlatch_reply_properties(const struct nightlatch_reply *reply);

/*
 The page that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
 */
const struct nightlatch_page *nightlatch_reply_page(const struct nightlatch_reply *reply);

/*
 The many secrets that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
 */
const struct nightlatch_secrets *nightlatch_reply_secrets(const struct nightlatch_reply *reply);

/*
 The value that the operation came to, such as a backup or an encrypted text, lent for as long as the reply lives; NULL if it came to something else.
 */
const struct nightlatch_value *nightlatch_reply_value(const struct nightlatch_reply *reply);

/*
 The report that the operation came to, the doctor's or on how the secrets of a configuration fared, lent for as long as the
 reply lives; NULL if it came to something else.
 */
const struct nightlatch_report *nightlatch_reply_report(const struct nightlatch_reply *reply);

/*
 The text with secrets that the operation came to, and its report, lent for as long as the reply lives; NULL if it came to
 something else.
 */
const struct nightlatch_resolved *nightlatch_reply_resolved(const struct nightlatch_reply *reply);

/*
 The rotation that the operation came to, lent for as long as the reply lives; NULL if it came to something else.
 */
const struct nightlatch_rotation *nightlatch_reply_rotation(const struct nightlatch_reply *reply);

/*
 Writes whether the service has finished: after a deletion or a purge, and to whoever asks so. False if that is not what the
 operation came to.
 */
bool nightlatch_reply_finished(const struct nightlatch_reply *reply,
                               bool *finished);

/*
 Writes in how many milliseconds `refresh_due` should be asked again. False if the operation came to something else.
 */
bool nightlatch_reply_next_refresh(const struct nightlatch_reply *reply,
                                   uint64_t *delay_ms);

/*
 Performs an effect by the library's own means, and puts the answer into the outcome: reads a file, runs a program, signs
 with a key that stands in the configuration, tells a person by a line on standard error, gives random bytes. Anything else is answered with
 `NIGHTLATCH_FAULT_UNSUPPORTED`. It takes as long as the effect does; a signature takes a few milliseconds.

 For event loops, and for callbacks that see to some effects only.
 */
nightlatch_status nightlatch_effect_perform(const struct nightlatch_effect *effect,
                                            struct nightlatch_outcome *outcome);

/*
 The sort of an effect, a `nightlatch_effect_kind`; 0 for NULL.
 */
uint32_t nightlatch_effect_kind_of(const struct nightlatch_effect *effect);

/*
 A text of an effect, or bytes, as named by `nightlatch_effect_fact`; NULL if absent. `len`, if not NULL, gets its length; a
 NUL follows it.
 */
const char *nightlatch_effect_text(const struct nightlatch_effect *effect,
                                   uint32_t fact,
                                   size_t *len);

/*
 Writes a number of an effect, as named by `nightlatch_effect_number_fact`. False if absent.
 */
bool nightlatch_effect_number(const struct nightlatch_effect *effect, uint32_t fact, uint64_t *value);

/*
 How many items one of the lists has, as named by `nightlatch_effect_list`.
 */
size_t nightlatch_effect_count(const struct nightlatch_effect *effect, uint32_t list);

/*
 The name of an item of a list: of a header or a variable. NULL if there is no such item.
 */
const char *nightlatch_effect_item_name(const struct nightlatch_effect *effect,
                                        uint32_t list,
                                        size_t index,
                                        size_t *len);

/*
 The value of an item of a list. NULL if there is no such item. Header values may be tokens: do not log them, and
 wipe copies.
 */
const char *nightlatch_effect_item(const struct nightlatch_effect *effect,
                                   uint32_t list,
                                   size_t index,
                                   size_t *len);

/*
 The body of an HTTP request, perhaps empty, or the value of a rotation. It may hold secrets: do not log it, and wipe copies.
 */
const char *nightlatch_effect_body(const struct nightlatch_effect *effect,
                                   size_t *len);

/*
 An outcome that says that there was no answer. Free it with `nightlatch_outcome_free`; it can be used again after
 `nightlatch_engine_complete`, which empties it. Callbacks are given one and need none of their own.
 */
struct nightlatch_outcome *nightlatch_outcome_new(void);

/*
 Frees an outcome and wipes what is in it. NULL is ignored. Not for outcomes that a callback was given.
 */
void nightlatch_outcome_free(struct nightlatch_outcome *outcome);

/*
 Begins an HTTP answer, in place of what was there.
 */
nightlatch_status nightlatch_outcome_http(struct nightlatch_outcome *outcome, uint32_t status);

/*
 Adds a header to the HTTP answer that was begun. One that is no text is left out.
 */
nightlatch_status nightlatch_outcome_add_header(struct nightlatch_outcome *outcome,
                                                const char *name,
                                                size_t name_len,
                                                const char *value,
                                                size_t value_len);

/*
 Adds bytes to the body of the HTTP answer that was begun. When the body becomes longer than
 `NIGHTLATCH_BODY_LIMIT`, the outcome turns into `NIGHTLATCH_FAULT_TOO_LARGE` and this into
 `NIGHTLATCH_INVALID_ARGUMENT`: stop reading.
 */
nightlatch_status nightlatch_outcome_add_body(struct nightlatch_outcome *outcome,
                                              const char *data,
                                              size_t len);

/*
 Answers with a file's content, and whether others than its owner may read it, as far as the host can tell: whose key
 lies open hears so by an event.
 */
nightlatch_status nightlatch_outcome_file(struct nightlatch_outcome *outcome,
                                          const char *data,
                                          size_t len,
                                          bool shared);

/*
 Answers that a program ended, with its exit status (`NIGHTLATCH_SIGNALLED` if a signal ended it) and what it wrote.
 */
nightlatch_status nightlatch_outcome_run(struct nightlatch_outcome *outcome,
                                         int32_t status,
                                         const char *out,
                                         size_t out_len,
                                         const char *err,
                                         size_t err_len);

/*
 Answers with a token of a credential object: when it ends, and when it should be renewed (0: not said), in
 seconds since 1970.
 */
nightlatch_status nightlatch_outcome_token(struct nightlatch_outcome *outcome,
                                           const char *token,
                                           size_t token_len,
                                           int64_t expires_on,
                                           int64_t refresh_on);

/*
 Answers with a signature.
 */
nightlatch_status nightlatch_outcome_signature(struct nightlatch_outcome *outcome,
                                               const char *data,
                                               size_t len);

/*
 Answers with a client assertion.
 */
nightlatch_status nightlatch_outcome_assertion(struct nightlatch_outcome *outcome,
                                               const char *assertion,
                                               size_t assertion_len);

/*
 Answers that the person was told.
 */
nightlatch_status nightlatch_outcome_prompted(struct nightlatch_outcome *outcome);

/*
 Answers that the browser came back: the address at which it did, as it stood in the page's URL (not percent-encoded),
 and what it brought, a query or a form (`application/x-www-form-urlencoded`).
 */
nightlatch_status nightlatch_outcome_returned(struct nightlatch_outcome *outcome,
                                              const char *redirect_uri,
                                              size_t redirect_uri_len,
                                              const char *answer,
                                              size_t answer_len);

/*
 Answers with random bytes, as many as were asked for.
 */
nightlatch_status nightlatch_outcome_random(struct nightlatch_outcome *outcome, const char *data, size_t len);

/*
 Answers with the new value of a secret that is rotated.
 */
nightlatch_status nightlatch_outcome_made(struct nightlatch_outcome *outcome,
                                          const char *value,
                                          size_t value_len);

/*
 Answers that a function of a rotation has returned, and said nothing against the value.
 */
nightlatch_status nightlatch_outcome_done(struct nightlatch_outcome *outcome);

/*
 Answers that it could not be done: a `nightlatch_fault`, and the host's own words, which must hold no secret.
 */
nightlatch_status nightlatch_outcome_fail(struct nightlatch_outcome *outcome,
                                          uint32_t fault,
                                          const char *detail,
                                          size_t detail_len);

/*
 Whether somebody still waits for the answer: false when the time is up, or the callers went away. A callback that
 takes long asks now and then, and when it says false gives up with `NIGHTLATCH_FAULT_INTERRUPTED`.
 */
bool nightlatch_outcome_is_wanted(const struct nightlatch_outcome *outcome);

/*
 Reads the machine's clocks: one that only goes forward, and the time since 1970, in milliseconds.
 */
void nightlatch_now(uint64_t *monotonic_ms, int64_t *unix_ms);

/*
 Makes an engine from a configuration (NULL: the default one). Free it with `nightlatch_engine_free`.
 */
nightlatch_status nightlatch_engine_new(const struct nightlatch_config *config,
                                        struct nightlatch_engine **engine,
                                        struct nightlatch_error **error);

/*
 Frees an engine; what was in flight is forgotten. NULL is ignored.
 */
void nightlatch_engine_free(struct nightlatch_engine *engine);

/*
 Begins an operation and writes its number. It ends with one `NIGHTLATCH_OUTPUT_FINISHED`, unless it is cancelled.
 */
nightlatch_status nightlatch_engine_start(struct nightlatch_engine *engine,
                                          const struct nightlatch_operation *operation,
                                          uint64_t monotonic_ms,
                                          int64_t unix_ms,
                                          uint64_t *number,
                                          struct nightlatch_error **error);

/*
 Ends an operation without a result: its caller went away. What others wait for goes on.
 */
nightlatch_status nightlatch_engine_cancel(struct nightlatch_engine *engine,
                                           uint64_t number,
                                           uint64_t monotonic_ms,
                                           int64_t unix_ms);

/*
 Answers an effect. The outcome's content is taken out; the handle stays yours, and can be used again.
 */
nightlatch_status nightlatch_engine_complete(struct nightlatch_engine *engine,
                                             uint64_t effect_id,
                                             struct nightlatch_outcome *outcome,
                                             uint64_t monotonic_ms,
                                             int64_t unix_ms);

/*
 Tells that time has passed.
 */
nightlatch_status nightlatch_engine_handle_timeout(struct nightlatch_engine *engine,
                                                   uint64_t monotonic_ms,
                                                   int64_t unix_ms);

/*
 The next thing for the host, to be freed with `nightlatch_output_free`; NULL when there is none.
 */
struct nightlatch_output *nightlatch_engine_poll_output(struct nightlatch_engine *engine);

/*
 Writes when to call `nightlatch_engine_handle_timeout`, on the clock that only goes forward. False: there is nothing to
 wait for.
 */
bool nightlatch_engine_poll_timeout(const struct nightlatch_engine *engine,
                                    uint64_t *monotonic_ms);

/*
 The secret that an operation `get_secret` asks for, if it is cached and fresh, else NULL: then start the operation. Free
 it with `nightlatch_secret_free`.
 */
struct nightlatch_secret *nightlatch_engine_cached(const struct nightlatch_engine *engine,
                                                   const struct nightlatch_operation *operation,
                                                   uint64_t monotonic_ms);

/*
 Writes a number of what the cache holds and has done since the engine was made, as named by `nightlatch_cache_fact`. False
 if absent.
 */
bool nightlatch_engine_cache_number(const struct nightlatch_engine *engine,
                                    uint64_t monotonic_ms,
                                    int64_t unix_ms,
                                    uint32_t fact,
                                    uint64_t *value);

/*
 Forgets the secret that an operation `get_secret` asks for, so that the next read asks the vault.
 */
nightlatch_status nightlatch_engine_invalidate(struct nightlatch_engine *engine,
                                               const struct nightlatch_operation *operation);

/*
 Forgets all cached secrets.
 */
nightlatch_status nightlatch_engine_invalidate_all(struct nightlatch_engine *engine);

/*
 Frees an output and everything it lent. NULL is ignored.
 */
void nightlatch_output_free(struct nightlatch_output *output);

/*
 The sort of an output, a `nightlatch_output_kind`; 0 for NULL.
 */
uint32_t nightlatch_output_kind_of(const struct nightlatch_output *output);

/*
 The number of the operation that ended, or that began the effect (others may wait for it too).
 */
uint64_t nightlatch_output_operation(const struct nightlatch_output *output);

/*
 The number of the effect to perform or to abort.
 */
uint64_t nightlatch_output_effect_id(const struct nightlatch_output *output);

/*
 The effect to perform; NULL if the output is something else. It lives as long as the output.
 */
const struct nightlatch_effect *nightlatch_output_effect(const struct nightlatch_output *output);

/*
 What the operation came to; NULL if it failed, or the output is something else. It lives as long as the output: do not
 free it.
 */
const struct nightlatch_reply *nightlatch_output_reply(const struct nightlatch_output *output);

/*
 Why the operation failed; NULL if it did not, or the output is something else. It lives as long as the output: do not
 free it.
 */
const struct nightlatch_error *nightlatch_output_error(const struct nightlatch_output *output);

/*
 The event, one line of JSON; NULL if the output is something else. It lives as long as the output. `len`, if not NULL,
 gets its length; a NUL follows it.
 */
const char *nightlatch_output_event(const struct nightlatch_output *output,
                                    size_t *len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NIGHTLATCH_H */
