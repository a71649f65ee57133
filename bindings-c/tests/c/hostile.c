/* Every function with NULL, wrong numbers, empty and huge texts, invalid UTF-8, and handles freed in the wrong order. */
#include "check.h"

#define BAD NIGHTLATCH_INVALID_ARGUMENT

static const char not_utf8[] = "\xff\xfe\x80";

static bool never_used(void *context, const nightlatch_secret *secret)
{
    (void)context, (void)secret;
    return true;
}

/* What the Secrets API adds. */
static void null_operations(void)
{
    nightlatch_secret *secret = NULL;
    nightlatch_secrets *secrets = NULL;
    nightlatch_properties *properties = NULL;
    nightlatch_page *page = NULL;
    nightlatch_value *backup = NULL;
    bool flag = false;
    int64_t seconds;
    uint64_t number;
    const char *const names[] = { "a" };
    const size_t lens[] = { 1 };
    nightlatch_properties_free(NULL), nightlatch_page_free(NULL), nightlatch_secrets_free(NULL);
    nightlatch_value_free(NULL), nightlatch_changes_free(NULL);
    CHECK(nightlatch_vault_get_secrets(NULL, names, lens, 1, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_set_secret(NULL, T("a"), T("b"), NULL, false, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_update_secret_properties(NULL, T("a"), NONE, NULL, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_list_properties_of_secrets(NULL, NONE, 0, 0, &page, NULL) == BAD);
    CHECK(nightlatch_vault_list_properties_of_secret_versions(NULL, T("a"), NONE, 0, 0, &page, NULL) == BAD);
    CHECK(nightlatch_vault_list_deleted_secrets(NULL, NONE, 0, 0, &page, NULL) == BAD);
    CHECK(nightlatch_vault_delete_secret(NULL, T("a"), false, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_deletion_finished(NULL, T("a"), false, 0, &flag, NULL) == BAD);
    CHECK(nightlatch_vault_get_deleted_secret(NULL, T("a"), 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_recover_deleted_secret(NULL, T("a"), false, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_recovery_finished(NULL, T("a"), false, 0, &flag, NULL) == BAD);
    CHECK(nightlatch_vault_purge_deleted_secret(NULL, T("a"), false, 0, &flag, NULL) == BAD);
    CHECK(nightlatch_vault_backup_secret(NULL, T("a"), 0, &backup, NULL) == BAD);
    CHECK(nightlatch_vault_restore_secret_backup(NULL, T("a"), 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_with_secret(NULL, T("a"), never_used, NULL, 0, &flag, NULL) == BAD);
    CHECK(nightlatch_client_refresh_due(NULL, 0, &number, NULL) == BAD && !nightlatch_client_cache_number(NULL, 1, &number));
    CHECK(!nightlatch_engine_cache_number(NULL, 0, 0, 1, &number));
    CHECK(nightlatch_secret_properties(NULL) == NULL && nightlatch_properties_text(NULL, 1, NULL) == NULL);
    CHECK(!nightlatch_properties_number(NULL, 1, &seconds) && nightlatch_properties_tag_count(NULL) == 0);
    CHECK(nightlatch_properties_tag_name(NULL, 0, NULL) == NULL && nightlatch_properties_tag(NULL, 0, NULL) == NULL);
    CHECK(nightlatch_page_count(NULL) == 0 && nightlatch_page_item(NULL, 0) == NULL && nightlatch_page_continuation(NULL, NULL) == NULL);
    CHECK(nightlatch_secrets_count(NULL) == 0 && nightlatch_secrets_name(NULL, 0, NULL) == NULL);
    CHECK(nightlatch_secrets_secret(NULL, 0) == NULL && nightlatch_secrets_error(NULL, 0) == NULL);
    CHECK(nightlatch_value_data(NULL, NULL) == NULL);
    CHECK(nightlatch_changes_set_enabled(NULL, true) == BAD && nightlatch_changes_set_not_before(NULL, 0) == BAD);
    CHECK(nightlatch_changes_set_expires_on(NULL, 0) == BAD && nightlatch_changes_set_content_type(NULL, T("a")) == BAD);
    CHECK(nightlatch_changes_add_tag(NULL, T("a"), T("b")) == BAD && nightlatch_changes_clear_tags(NULL) == BAD);
    CHECK(nightlatch_changes_if_version(NULL, T("a")) == BAD && nightlatch_changes_if_unchanged_since(NULL, 0) == BAD);
}

static bool never_tried(void *context, const char *value, size_t len, const char *slot)
{
    (void)context, (void)value, (void)len, (void)slot;
    return true;
}

static void makes_not(void *context, const char *slot, nightlatch_outcome *outcome)
{
    (void)context, (void)slot;
    CHECK(nightlatch_outcome_made(outcome, not_utf8, 3) == BAD && nightlatch_outcome_made(outcome, NULL, 3) == BAD);
}

/* Rotation and encryption with NULL, and with structs and texts that cannot be. */
static void wrong_keepers(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_rotator rotator = NIGHTLATCH_ROTATOR_INIT, unsized_rotator = { 0, NULL, makes_not, NULL, NULL };
    nightlatch_encryption encryption = NIGHTLATCH_ENCRYPTION_INIT;
    nightlatch_rotation *rotation = NULL;
    nightlatch_value *value = NULL;
    const char *const fields[] = { NULL };
    const size_t lens[] = { 3 };
    nightlatch_rotation_free(NULL);
    CHECK(nightlatch_rotation_properties(NULL) == NULL && nightlatch_rotation_slot(NULL, NULL) == NULL);
    CHECK(nightlatch_rotation_previous_version(NULL, NULL) == NULL && !nightlatch_rotation_is_resumed(NULL) && nightlatch_reply_rotation(NULL) == NULL);
    CHECK(nightlatch_outcome_random(NULL, T("a")) == BAD && nightlatch_outcome_made(NULL, T("a")) == BAD && nightlatch_outcome_done(NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(NULL, T("a"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), NULL, NONE, NONE, NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &unsized_rotator, NONE, NONE, NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == BAD); /* nothing makes a value */
    rotator.make = makes_not, rotator.apply = never_tried, rotator.verify = never_tried;
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &rotator, NONE, NONE, NULL, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("under_score"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &rotator, T("same"), T("same"), NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &rotator, not_utf8, 3, T("b"), NULL, 0, &rotation, NULL) == BAD);
    CHECK(nightlatch_vault_rotate_secret(vault, T("a"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) != OK && rotation == NULL);
    CHECK(nightlatch_vault_encrypt(NULL, &encryption, T("a"), 0, &value, NULL) == BAD && nightlatch_vault_encrypt(vault, NULL, T("a"), 0, &value, NULL) == BAD);
    CHECK(nightlatch_vault_decrypt(NULL, &encryption, T("a"), 0, &value, NULL) == BAD && nightlatch_vault_rewrap(NULL, &encryption, T("a"), 0, &value, NULL) == BAD);
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T("a"), 0, &value, NULL) == BAD); /* no key */
    encryption.key = "app", encryption.key_len = 3;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, NULL, 3, 0, &value, NULL) == BAD && nightlatch_vault_encrypt(vault, &encryption, T("a"), 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_decrypt(vault, &encryption, T("no.jwe"), 0, &value, NULL) != OK && nightlatch_vault_rewrap(vault, &encryption, not_utf8, 3, 0, &value, NULL) != OK);
    encryption.form = 77;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T("a"), 0, &value, NULL) == BAD);
    encryption.form = NIGHTLATCH_FORM_JSON, encryption.fields = fields, encryption.field_lens = lens, encryption.field_count = 1;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T("{}"), 0, &value, NULL) == BAD);
    encryption.field_lens = NULL;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T("{}"), 0, &value, NULL) == BAD && value == NULL);
    encryption.struct_size = 1;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T("a"), 0, &value, NULL) == BAD);
    nightlatch_vault_free(vault);
}

/* The doctor with NULL, and with arguments that cannot be. */
static void wrong_questions(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    double number = 77;
    size_t len = 77;
    const char *const names[] = { "a", not_utf8, NULL, "under_score" };
    const size_t lens[] = { 1, 3, 5, 11 };
    nightlatch_report_free(NULL);
    CHECK(!nightlatch_report_ok(NULL) && !nightlatch_report_is_transient(NULL) && nightlatch_report_json(NULL, NULL) == NULL);
    CHECK(nightlatch_report_text(NULL, T("text"), NULL) == NULL && nightlatch_report_count(NULL, T("sources")) == 0);
    CHECK(!nightlatch_report_number(NULL, T("ok"), &number) && nightlatch_reply_report(NULL) == NULL);
    CHECK(nightlatch_vault_diagnose(NULL, T("a"), NONE, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(NULL, names, lens, 1, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_explain(NULL, 1, 1, &report, NULL) == BAD);
    CHECK(nightlatch_vault_diagnose(vault, T("a"), NONE, 0, NULL, NULL) == BAD && nightlatch_vault_explain(vault, 1, 1, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_diagnose(vault, not_utf8, 3, NONE, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_diagnose(vault, T("a"), T("no version"), 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_diagnose(vault, NULL, 5, NONE, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(vault, NULL, NULL, 2, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(vault, names, lens, (size_t)-1, 0, &report, &error) == BAD); /* for the number: no name is read */
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_MESSAGE, NULL), "More than") != NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_check(vault, names, lens, 2, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(vault, names + 2, lens + 2, 1, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(vault, names + 3, lens + 3, 1, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_check(vault, names, lens, 1, 0, NULL, NULL) == BAD);
    CHECK(report == NULL && w.tokens == 0 && w.secrets == 0);

    CHECK(nightlatch_vault_explain(vault, (uint32_t)-1, (uint32_t)-1, &report, NULL) == OK);
    CHECK(nightlatch_report_text(report, not_utf8, 3, &len) == NULL && len == 0 && nightlatch_report_text(report, NULL, 5, NULL) == NULL);
    CHECK(nightlatch_report_text(report, T("text"), NULL) != NULL && nightlatch_report_text(report, NONE, NULL) == NULL);
    CHECK(!nightlatch_report_number(report, not_utf8, 3, &number) && number == 77);
    CHECK(nightlatch_report_number(report, T("requests.secrets"), NULL) && nightlatch_report_count(report, not_utf8, 3) == 0);
    nightlatch_report_free(report);
    CHECK(nightlatch_vault_diagnose(vault, T("a"), NONE, (uint64_t)-1, &report, NULL) == OK && nightlatch_report_ok(report));
    nightlatch_report_free(report);
    nightlatch_vault_free(vault);
}

/* References and configurations with NULL, and with arguments that cannot be. */
static void wrong_settings(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_resolved *resolved = NULL;
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    const uint32_t value = NIGHTLATCH_FORM_VALUE, json = NIGHTLATCH_FORM_JSON;
    size_t len = 77, huge = (size_t)1 << 20;
    char *deep = (char *)malloc(huge);
    const char *const names[] = { "a", not_utf8, NULL, "under_score" };
    const size_t lens[] = { 1, 3, 5, 11 };
    memset(deep, '[', huge);
    nightlatch_resolved_free(NULL);
    CHECK(nightlatch_resolved_text(NULL, &len) == NULL && len == 77 && nightlatch_resolved_report(NULL) == NULL);
    CHECK(nightlatch_reply_resolved(NULL) == NULL);
    CHECK(nightlatch_client_resolve(NULL, value, T("a"), 0, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_client_check_references(NULL, value, T("a"), 0, 0, &report, NULL) == BAD);
    CHECK(nightlatch_vault_load(NULL, names, lens, 1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_client_resolve(client, value, T("a"), 0, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_client_check_references(client, value, T("a"), 0, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_client_resolve(client, 0, T("a"), 0, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_client_resolve(client, 6, T("a"), 0, 0, &resolved, &error) == BAD);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_ADVICE, NULL), "nightlatch_form") != NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_client_check_references(client, (uint32_t)-1, T("a"), 0, 0, &report, NULL) == BAD);
    CHECK(nightlatch_client_resolve(client, value, NULL, 5, 0, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_client_resolve(client, value, "x", (size_t)-1, 0, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_client_check_references(client, value, NULL, 5, 0, 0, &report, NULL) == BAD);
    CHECK(nightlatch_client_resolve(client, json, not_utf8, 3, 0, 0, &resolved, NULL) == NIGHTLATCH_INVALID_CONFIGURATION);
    CHECK(nightlatch_client_resolve(client, json, T("{"), 0, 0, &resolved, NULL) == NIGHTLATCH_INVALID_CONFIGURATION);
    CHECK(nightlatch_client_resolve(client, json, deep, huge, 0, 0, &resolved, NULL) == NIGHTLATCH_INVALID_CONFIGURATION);
    CHECK(nightlatch_client_resolve(client, value, T("@Microsoft.KeyVault("), 0, 0, &resolved, NULL) != OK && resolved == NULL);
    CHECK(nightlatch_client_resolve(client, value, not_utf8, 3, (uint64_t)-1, (uint64_t)-1, &resolved, NULL) == OK); /* no reference */
    CHECK(memcmp(nightlatch_resolved_text(resolved, &len), not_utf8, 4) == 0 && len == 3);
    nightlatch_resolved_free(resolved), resolved = NULL;
    CHECK(nightlatch_client_resolve(client, value, NULL, 0, 0, 0, &resolved, NULL) == OK && *nightlatch_resolved_text(resolved, NULL) == '\0');
    nightlatch_resolved_free(resolved), resolved = NULL;

    CHECK(nightlatch_vault_load(vault, names, lens, 1, NONE, NONE, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names, NULL, 1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, NULL, NULL, 1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names, lens, (size_t)-1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names, lens, 2, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names + 2, lens + 2, 1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names + 3, lens + 3, 1, NONE, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names, lens, 1, NULL, 3, NONE, 0, &resolved, NULL) == BAD);
    CHECK(nightlatch_vault_load(vault, names, lens, 1, NONE, not_utf8, 3, 0, &resolved, NULL) == BAD);
    CHECK(resolved == NULL && report == NULL && w.tokens == 0 && w.secrets == 0);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    free(deep);
}

/* The same with a vault, and arguments that cannot be. */
static void wrong_operations(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_secret *secret = NULL;
    nightlatch_secrets *secrets = NULL;
    nightlatch_properties *properties = NULL;
    nightlatch_page *page = NULL;
    bool flag = false;
    size_t huge = (size_t)1 << 18; /* ten times what the service takes */
    char *much = (char *)malloc(huge);
    memset(much, 'a', huge);
    const char *const names[] = { "a", not_utf8, NULL, "under_score" };
    const size_t lens[] = { 1, 3, 5, 11 };
    nightlatch_changes *changes = nightlatch_changes_new();
    CHECK(nightlatch_vault_get_secrets(vault, NULL, NULL, 2, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, names, lens, (size_t)-1, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, names, lens, 2, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, names + 2, lens + 2, 1, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, names + 3, lens + 3, 1, false, 0, &secrets, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, names, lens, 1, false, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_get_secrets(vault, NULL, NULL, 0, false, 0, &secrets, NULL) == OK && nightlatch_secrets_count(secrets) == 0);
    nightlatch_secrets_free(secrets);
    CHECK(nightlatch_vault_get_secrets(vault, names, lens, 1, false, (uint64_t)-1, &secrets, NULL) == OK);
    CHECK(nightlatch_secrets_count(secrets) == 1 && strcmp(nightlatch_secrets_name(secrets, 0, NULL), "a") == 0);
    CHECK(strcmp(nightlatch_secret_value(nightlatch_secrets_secret(secrets, 0), NULL), SECRET_VALUE) == 0);
    CHECK(nightlatch_secrets_error(secrets, 0) == NULL && nightlatch_secrets_secret(secrets, 1) == NULL);
    CHECK(nightlatch_secrets_name(secrets, 1, NULL) == NULL && nightlatch_secrets_error(secrets, 1) == NULL);
    nightlatch_secrets_free(secrets);
    CHECK(nightlatch_vault_set_secret(vault, NONE, T("b"), NULL, false, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_set_secret(vault, T("a"), NULL, 3, NULL, false, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_set_secret(vault, T("a"), not_utf8, 3, NULL, false, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_set_secret(vault, T("a"), much, huge, NULL, false, 0, &secret, NULL) == OK); /* the vault's to refuse */
    nightlatch_secret_free(secret);
    CHECK(nightlatch_vault_set_secret(vault, T("a"), T("b"), NULL, false, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_update_secret_properties(vault, T("a"), NONE, NULL, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_update_secret_properties(vault, T("a"), T("no version"), changes, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_changes_set_content_type(changes, not_utf8, 3) == BAD && nightlatch_changes_add_tag(changes, not_utf8, 3, NONE) == BAD);
    CHECK(nightlatch_changes_if_version(changes, T("no version")) == OK); /* the call that uses it says so */
    CHECK(nightlatch_vault_update_secret_properties(vault, T("a"), NONE, changes, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_set_secret(vault, T("a"), T("b"), changes, false, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_list_properties_of_secrets(vault, T("https://evil.example/secrets"), 0, 0, &page, NULL) == BAD);
    CHECK(nightlatch_vault_restore_secret_backup(vault, NULL, 3, 0, &properties, NULL) == BAD);
    CHECK(nightlatch_vault_with_secret(vault, T("a"), NULL, NULL, 0, &flag, NULL) == BAD);
    CHECK(nightlatch_vault_with_secret(vault, T("a"), never_used, NULL, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_with_secret(vault, T("under_score"), never_used, NULL, 0, &flag, NULL) == BAD);
    nightlatch_changes_free(changes);
    nightlatch_vault_free(vault);
    free(much);
}

static void null_everywhere(void)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_token *token = NULL;
    nightlatch_reply *reply = NULL;
    nightlatch_engine *engine = NULL;
    nightlatch_error *error = NULL;
    uint64_t number = 0;
    int64_t signed_number = 0;
    size_t len = 77;
    char buffer[8];

    nightlatch_error_free(NULL), nightlatch_config_free(NULL), nightlatch_client_free(NULL), nightlatch_vault_free(NULL);
    nightlatch_secret_free(NULL), nightlatch_token_free(NULL), nightlatch_operation_free(NULL), nightlatch_reply_free(NULL);
    nightlatch_outcome_free(NULL), nightlatch_engine_free(NULL), nightlatch_output_free(NULL), nightlatch_wipe(NULL, 5);
    nightlatch_now(NULL, NULL);

    CHECK(nightlatch_error_status(NULL) == BAD && nightlatch_error_text(NULL, 1, &len) == NULL && len == 77);
    CHECK(!nightlatch_error_number(NULL, 1, &number) && nightlatch_error_attempt_count(NULL) == 0);
    CHECK(nightlatch_error_attempt(NULL, 0, 1, NULL) == NULL);
    CHECK(nightlatch_config_set_text(NULL, T("a"), T("b")) == BAD && nightlatch_config_set_number(NULL, T("a"), 1) == BAD);
    CHECK(nightlatch_config_set_flag(NULL, T("a"), true) == BAD && nightlatch_config_set_null(NULL, T("a")) == BAD);
    CHECK(nightlatch_config_add_text(NULL, T("a"), T("b")) == BAD && nightlatch_config_set_secret(NULL, T("a"), T("b")) == BAD);
    CHECK(nightlatch_config_set_variable(NULL, T("a"), T("b")) == BAD && nightlatch_config_inherit_environment(NULL, true) == BAD);
    CHECK(nightlatch_config_use_credential(NULL, T("a")) == BAD && nightlatch_config_use_managed_identity(NULL, NONE) == BAD);
    CHECK(nightlatch_config_use_client_secret(NULL, T("a"), T("b"), T("c")) == BAD);
    CHECK(nightlatch_config_use_certificate_file(NULL, T("a"), T("b"), T("c"), NONE) == BAD);
    CHECK(nightlatch_config_use_certificate(NULL, T("a"), T("b"), T("c"), NONE) == BAD);
    CHECK(nightlatch_config_use_signing_key(NULL, T("a"), T("b"), T("c"), 1) == BAD);
    CHECK(nightlatch_config_use_client_assertion(NULL, T("a"), T("b"), 1) == BAD);
    CHECK(nightlatch_config_use_on_behalf_of(NULL, T("a"), T("b"), T("c")) == BAD);
    CHECK(nightlatch_config_use_workload_identity(NULL, NONE, NONE, NONE) == BAD);
    CHECK(nightlatch_config_use_azure_pipelines(NULL, T("a"), T("b"), T("c"), T("d")) == BAD);
    CHECK(nightlatch_config_use_authorization_code(NULL, T("a"), T("b"), T("c"), T("d")) == BAD);
    CHECK(nightlatch_config_use_username_password(NULL, T("a"), T("b")) == BAD && nightlatch_config_add_source(NULL, T("a")) == BAD);
    CHECK(nightlatch_client_new(NULL, NULL, &client, NULL) == BAD && nightlatch_client_new(NULL, &host, NULL, NULL) == BAD);
    CHECK(nightlatch_client_perform(NULL, NULL, &reply, &error) == BAD);
    CHECK(error != NULL && strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_MESSAGE, NULL), "`client`") != NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_client_get_token(NULL, T("s"), 0, &token, NULL) == BAD && nightlatch_client_invalidate_all(NULL) == BAD);
    CHECK(nightlatch_vault_new(NULL, T(VAULT), &vault, NULL) == BAD);
    CHECK(nightlatch_vault_get_secret(NULL, T("a"), NONE, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_refresh_secret(NULL, T("a"), NONE, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_copy_secret(NULL, T("a"), NONE, 0, buffer, sizeof buffer, &len, NULL) == BAD);
    CHECK(nightlatch_vault_cached(NULL, T("a"), NONE) == NULL && !nightlatch_vault_read(NULL, T("a"), NONE, NULL, NULL));
    CHECK(nightlatch_vault_invalidate(NULL, T("a"), NONE) == BAD);
    CHECK(nightlatch_secret_share(NULL) == NULL && nightlatch_secret_value(NULL, NULL) == NULL);
    CHECK(nightlatch_secret_copy(NULL, NULL, 0) == BAD && nightlatch_secret_text(NULL, 1, NULL) == NULL);
    CHECK(!nightlatch_secret_number(NULL, 1, &signed_number) && nightlatch_secret_tag_count(NULL) == 0);
    CHECK(nightlatch_secret_tag(NULL, 0, NULL) == NULL && nightlatch_secret_tag_name(NULL, 0, NULL) == NULL);
    CHECK(nightlatch_token_value(NULL, NULL) == NULL && !nightlatch_token_times(NULL, NULL, NULL));
    CHECK(nightlatch_operation_new(NULL, 3) == NULL && nightlatch_operation_set_text(NULL, T("a"), T("b")) == BAD);
    CHECK(nightlatch_operation_set_number(NULL, T("a"), 1) == BAD && nightlatch_operation_set_flag(NULL, T("a"), true) == BAD);
    CHECK(nightlatch_operation_add_text(NULL, T("a"), T("b")) == BAD && nightlatch_operation_cancel(NULL) == BAD);
    CHECK(nightlatch_operation_set_value(NULL, T("a")) == BAD && nightlatch_operation_set_list(NULL, T("a")) == BAD);
    CHECK(nightlatch_operation_set_changes(NULL, NULL) == BAD);
    CHECK(nightlatch_reply_secret(NULL) == NULL && nightlatch_reply_token(NULL) == NULL);
    CHECK(nightlatch_reply_properties(NULL) == NULL && nightlatch_reply_page(NULL) == NULL && nightlatch_reply_secrets(NULL) == NULL);
    CHECK(nightlatch_reply_value(NULL) == NULL && !nightlatch_reply_finished(NULL, NULL) && !nightlatch_reply_next_refresh(NULL, NULL));
    null_operations();
    CHECK(nightlatch_effect_kind_of(NULL) == 0 && nightlatch_effect_text(NULL, 1, NULL) == NULL);
    CHECK(!nightlatch_effect_number(NULL, 1, &number) && nightlatch_effect_count(NULL, 1) == 0);
    CHECK(nightlatch_effect_item(NULL, 1, 0, NULL) == NULL && nightlatch_effect_item_name(NULL, 1, 0, NULL) == NULL);
    CHECK(nightlatch_effect_body(NULL, NULL) == NULL);
    CHECK(nightlatch_outcome_http(NULL, 200) == BAD && nightlatch_outcome_add_header(NULL, T("a"), T("b")) == BAD);
    CHECK(nightlatch_outcome_add_body(NULL, T("a")) == BAD && nightlatch_outcome_file(NULL, T("a"), false) == BAD);
    CHECK(nightlatch_outcome_run(NULL, 0, NONE, NONE) == BAD && nightlatch_outcome_token(NULL, T("a"), 0, 0) == BAD);
    CHECK(nightlatch_outcome_signature(NULL, T("a")) == BAD && nightlatch_outcome_assertion(NULL, T("a")) == BAD);
    CHECK(nightlatch_outcome_prompted(NULL) == BAD && nightlatch_outcome_returned(NULL, T("a"), T("b")) == BAD);
    CHECK(nightlatch_effect_perform(NULL, NULL) == BAD);
    CHECK(nightlatch_outcome_fail(NULL, 1, NONE) == BAD && !nightlatch_outcome_is_wanted(NULL));
    CHECK(nightlatch_engine_new(NULL, NULL, NULL) == BAD && nightlatch_engine_start(NULL, NULL, 0, 0, &number, NULL) == BAD);
    CHECK(nightlatch_engine_cancel(NULL, 1, 0, 0) == BAD && nightlatch_engine_complete(NULL, 1, NULL, 0, 0) == BAD);
    CHECK(nightlatch_engine_handle_timeout(NULL, 0, 0) == BAD && nightlatch_engine_poll_output(NULL) == NULL);
    CHECK(!nightlatch_engine_poll_timeout(NULL, &number) && nightlatch_engine_cached(NULL, NULL, 0) == NULL);
    CHECK(nightlatch_engine_invalidate(NULL, NULL) == BAD && nightlatch_engine_invalidate_all(NULL) == BAD);
    CHECK(nightlatch_output_kind_of(NULL) == 0 && nightlatch_output_operation(NULL) == 0 && nightlatch_output_effect_id(NULL) == 0);
    CHECK(nightlatch_output_effect(NULL) == NULL && nightlatch_output_reply(NULL) == NULL);
    CHECK(nightlatch_output_error(NULL) == NULL && nightlatch_output_event(NULL, NULL) == NULL);

    /* NULL for what may be NULL */
    CHECK(nightlatch_engine_new(NULL, &engine, NULL) == OK);
    CHECK(!nightlatch_engine_poll_timeout(engine, NULL) && nightlatch_engine_cached(engine, NULL, 0) == NULL);
    CHECK(nightlatch_engine_complete(engine, 1, NULL, 0, 0) == BAD);
    CHECK(nightlatch_engine_start(engine, NULL, 0, 0, &number, NULL) == BAD);
    nightlatch_engine_free(engine);
}

static void wrong_texts(void)
{
    world w = new_world();
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    nightlatch_config *config = world_config();
    size_t huge = (size_t)16 << 20, len;
    char buffer[8];
    char *much = (char *)malloc(huge);
    memset(much, 'a', huge);
    CHECK(nightlatch_config_set_text(config, NULL, 5, T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, not_utf8, 3, T("b")) == BAD && nightlatch_config_set_text(config, T("a"), not_utf8, 3) == BAD);
    CHECK(nightlatch_config_set_text(config, T("a"), "x", (size_t)-1) == BAD);
    CHECK(nightlatch_config_set_text(config, NONE, T("b")) == BAD && nightlatch_config_set_text(config, T("a..b"), T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, T("1.2.3"), T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, T("a.b.c.d.e.f.g.h.i.j.k.l.m.n"), T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, much, huge, T("b")) == BAD);
    CHECK(nightlatch_config_set_number(config, T("cache.ttl"), 0.0 / 1e-300 / 0.0 * 0.0) == BAD);
    CHECK(nightlatch_config_add_text(config, T("credential.type"), T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, T("credential.type.deeper"), T("b")) == BAD);
    CHECK(nightlatch_config_set_text(config, T("list.5"), T("b")) == BAD);
    nightlatch_config_free(config);

    nightlatch_vault *vault = world_vault(&w, world_config());
    CHECK(nightlatch_vault_get_secret(vault, NONE, NONE, 0, &secret, &error) == BAD);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_get_secret(vault, T("a"), NONE, 0, NULL, NULL) == BAD);
    CHECK(nightlatch_vault_get_secret(vault, T("under_score"), NONE, 0, &secret, &error) == BAD);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_ADVICE, NULL), "under-score") != NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_get_secret(vault, not_utf8, 3, NONE, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_get_secret(vault, much, huge, NONE, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_get_secret(vault, T("a"), T("no version"), 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_get_secret(vault, NULL, 5, NONE, 0, &secret, NULL) == BAD);
    CHECK(nightlatch_vault_copy_secret(vault, not_utf8, 3, NONE, 0, buffer, sizeof buffer, &len, NULL) == BAD);
    CHECK(nightlatch_vault_copy_secret(vault, T("a"), NONE, 0, buffer, sizeof buffer, NULL, NULL) == BAD && w.secrets == 0);
    CHECK(nightlatch_vault_cached(vault, not_utf8, 3, NONE) == NULL && nightlatch_vault_cached(vault, much, huge, NONE) == NULL);
    CHECK(nightlatch_vault_invalidate(vault, not_utf8, 3, NONE) == BAD);
    CHECK(nightlatch_vault_get_secret(vault, T("a"), NONE, (uint64_t)-1, &secret, NULL) == OK);
    nightlatch_secret_free(secret);
    CHECK(secret != NULL && w.secrets == 1);
    nightlatch_vault_free(vault);

    nightlatch_operation *operation = nightlatch_operation_new(much, huge);
    CHECK(operation != NULL && nightlatch_operation_set_text(operation, T("op.deeper"), T("x")) == BAD);
    nightlatch_operation_free(operation);
    CHECK(nightlatch_operation_new(not_utf8, 3) == NULL);
    free(much);
}

static void wrong_answers(void)
{
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    size_t whole = NIGHTLATCH_BODY_LIMIT;
    char *body = (char *)calloc(1, whole);
    CHECK(nightlatch_outcome_add_body(outcome, T("x")) == BAD && nightlatch_outcome_add_header(outcome, T("a"), T("b")) == BAD);
    CHECK(nightlatch_outcome_http(outcome, 70000) == BAD && nightlatch_outcome_http(outcome, 200) == OK);
    CHECK(nightlatch_outcome_add_header(outcome, not_utf8, 3, T("b")) == BAD);
    CHECK(nightlatch_outcome_add_body(outcome, body, whole) == OK && nightlatch_outcome_add_body(outcome, NONE) == OK);
    CHECK(nightlatch_outcome_add_body(outcome, T("x")) == BAD && nightlatch_outcome_add_body(outcome, T("x")) == BAD);
    CHECK(nightlatch_outcome_fail(outcome, 4711, T("no such fault")) == OK);
    CHECK(nightlatch_outcome_fail(outcome, NIGHTLATCH_FAULT_DNS, not_utf8, 3) == BAD);
    CHECK(nightlatch_outcome_is_wanted(outcome));
    nightlatch_outcome_free(outcome);
    free(body);
}

static void handles_in_the_wrong_order(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL, *second = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_operation *operation = nightlatch_operation_new(T("get_secret"));
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &second, NULL) == OK);
    CHECK(nightlatch_vault_new(client, T("http://contoso.vault.azure.net"), &second, NULL) == BAD);
    nightlatch_client_free(client);
    CHECK(w.released == 0 && nightlatch_vault_get_secret(vault, T("a"), NONE, 0, &secret, NULL) == OK);
    nightlatch_vault_free(vault);
    CHECK(w.released == 0);
    nightlatch_vault_free(second);
    CHECK(w.released == 1 && strcmp(nightlatch_secret_value(secret, NULL), SECRET_VALUE) == 0);
    nightlatch_secret_free(secret);
    nightlatch_operation_free(operation);
}

int main(void)
{
    null_everywhere();
    wrong_texts();
    wrong_operations();
    wrong_questions();
    wrong_keepers();
    wrong_settings();
    wrong_answers();
    handles_in_the_wrong_order();
    return done("hostile");
}
