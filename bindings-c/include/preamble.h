
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
 *     `retry.tries`, `retry.delay`, `retry.max_delay`, `retry.operation_timeout`, `retry.try_timeout`,
 *     `vault.api_version`, `vault.verify_challenge_resource`, `vault.allowed_domains`, `vault.allow_http_loopback`,
 *     `vault.validity`, `expect.client_id`, `expect.object_id`, `expect.resource_id`, `expect.tenant_id`,
 *     `host.platform`, `host.renewal`, `user_agent`
 *
 * `credential.type`, and what stands beside it below `credential`:
 *
 *   `DefaultAzureCredential`: `exclude_environment_credential`, `exclude_workload_identity_credential`,
 *     `exclude_managed_identity_credential`, `exclude_cli_credential`, `managed_identity_client_id`,
 *     `workload_identity_client_id`, `workload_identity_tenant_id`, `process_timeout`, `require_envvar`,
 *     `authority`
 *   `ManagedIdentityCredential`: `client_id`, `object_id`, `resource_id`
 *   `ClientSecretCredential`: `tenant_id`, `client_id`, `client_secret`, `authority`
 *   `WorkloadIdentityCredential`: `tenant_id`, `client_id`, `token_file_path`, `authority`
 *   `EnvironmentCredential`: `authority`, `additionally_allowed_tenants`
 *   `AzureCliCredential`: `tenant_id`, `subscription`, `process_timeout`, `additionally_allowed_tenants`
 *   `ChainedTokenCredential`: `sources`
 *   `HostCredential`: `handle`, `name`
 */

#define NIGHTLATCH_VERSION "@VERSION@"
#define NIGHTLATCH_VERSION_MAJOR @MAJOR@
#define NIGHTLATCH_VERSION_MINOR @MINOR@
#define NIGHTLATCH_VERSION_PATCH @PATCH@

/* Two arguments from one string: the text and its length. */
#define NIGHTLATCH_TEXT(string) (string), strlen(string)

/* Two arguments that say: no text. */
#define NIGHTLATCH_NONE NULL, 0

/* The value a nightlatch_host begins with: no callback. */
#define NIGHTLATCH_HOST_INIT \
    { sizeof(nightlatch_host), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
