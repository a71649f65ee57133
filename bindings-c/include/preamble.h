
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

/* The value a nightlatch_rotator begins with: no function. */
#define NIGHTLATCH_ROTATOR_INIT \
    { sizeof(nightlatch_rotator), NULL, NULL, NULL, NULL }

/* The value a nightlatch_encryption begins with: no key. */
#define NIGHTLATCH_ENCRYPTION_INIT \
    { sizeof(nightlatch_encryption), NULL, 0, NULL, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0, NULL, 0 }
