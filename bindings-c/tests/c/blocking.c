/* The first door: calls that block, against a world in memory. */
#include "check.h"

static nightlatch_secret *get(nightlatch_vault *vault, const char *name)
{
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    nightlatch_status status = nightlatch_vault_get_secret(vault, T(name), NONE, 0, &secret, &error);
    CHECK(status == OK && error == NULL);
    if (error != NULL)
        printf("%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_error_free(error);
    return secret;
}

static void a_secret_and_all_that_is_said_of_it(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    CHECK(nightlatch_vault_cached(vault, T("db"), NONE) == NULL);
    nightlatch_secret *secret = get(vault, "db");
    size_t len = 0;
    int64_t number = 0;
    char buffer[64];
    CHECK(strcmp(nightlatch_secret_value(secret, &len), SECRET_VALUE) == 0 && len == strlen(SECRET_VALUE));
    CHECK(strcmp(nightlatch_secret_text(secret, NIGHTLATCH_SECRET_NAME, NULL), "db") == 0);
    CHECK(strcmp(nightlatch_secret_text(secret, NIGHTLATCH_SECRET_VERSION, &len), "0123456789abcdef0123456789abcdef") == 0);
    CHECK(len == 32);
    CHECK(strcmp(nightlatch_secret_text(secret, NIGHTLATCH_SECRET_CONTENT_TYPE, NULL), "text/plain") == 0);
    CHECK(nightlatch_secret_text(secret, NIGHTLATCH_SECRET_KEY_ID, &len) == NULL && len == 0);
    CHECK(nightlatch_secret_text(secret, 999, NULL) == NULL);
    CHECK(nightlatch_secret_number(secret, NIGHTLATCH_SECRET_ENABLED, &number) && number == 1);
    CHECK(nightlatch_secret_number(secret, NIGHTLATCH_SECRET_CREATED_ON, &number) && number == 1700000000);
    CHECK(nightlatch_secret_number(secret, NIGHTLATCH_SECRET_RECOVERABLE_DAYS, &number) && number == 90);
    CHECK(!nightlatch_secret_number(secret, NIGHTLATCH_SECRET_EXPIRES_ON, &number));
    CHECK(nightlatch_secret_tag_count(secret) == 2);
    CHECK(strcmp(nightlatch_secret_tag_name(secret, 1, NULL), "b") == 0);
    CHECK(strcmp(nightlatch_secret_tag(secret, 1, NULL), "two") == 0);
    CHECK(nightlatch_secret_tag(secret, 2, NULL) == NULL);
    CHECK(nightlatch_secret_copy(secret, buffer, sizeof buffer) == OK && strcmp(buffer, SECRET_VALUE) == 0);
    nightlatch_wipe(buffer, sizeof buffer);
    CHECK(buffer[0] == 0 && buffer[10] == 0);
    CHECK(nightlatch_secret_copy(secret, buffer, strlen(SECRET_VALUE)) == NIGHTLATCH_INVALID_ARGUMENT && buffer[0] == 0);
    CHECK(nightlatch_secret_copy(secret, buffer, strlen(SECRET_VALUE) + 1) == OK);

    nightlatch_secret *again = get(vault, "db"), *cached = nightlatch_vault_cached(vault, T("DB"), NONE);
    nightlatch_secret *shared = nightlatch_secret_share(secret);
    CHECK(again == secret && cached == secret && shared == secret); /* the cache's own object */
    CHECK(w.tokens == 1 && w.secrets == 1 && w.events >= 2);
    nightlatch_secret_free(secret);
    nightlatch_secret_free(again);
    nightlatch_secret_free(cached);
    CHECK(nightlatch_vault_invalidate(vault, T("db"), NONE) == OK);
    CHECK(nightlatch_vault_cached(vault, T("db"), NONE) == NULL);
    CHECK(strcmp(nightlatch_secret_value(shared, NULL), SECRET_VALUE) == 0); /* a handle outlives the cache's copy */
    nightlatch_vault_free(vault);
    CHECK(strcmp(nightlatch_secret_value(shared, NULL), SECRET_VALUE) == 0);
    nightlatch_secret_free(shared);
    CHECK(w.released == 1);
}

static void reader(void *context, const char *value, size_t len)
{
    CHECK(strcmp(value, SECRET_VALUE) == 0 && len == strlen(SECRET_VALUE));
    ++*(int *)context;
}

static void a_read_in_place(void)
{
    world w = new_world();
    int reads = 0;
    nightlatch_vault *vault = world_vault(&w, world_config());
    CHECK(!nightlatch_vault_read(vault, T("db"), NONE, reader, &reads));
    nightlatch_secret_free(get(vault, "db"));
    CHECK(nightlatch_vault_read(vault, T("db"), NONE, reader, &reads) && reads == 1);
    CHECK(!nightlatch_vault_read(vault, T("db"), NONE, NULL, NULL));
    nightlatch_vault_free(vault);
}

static void a_copy_in_a_buffer_of_the_program(void)
{
    world w = new_world();
    char buffer[64] = "as it was";
    size_t len = 77, size = strlen(SECRET_VALUE);
    nightlatch_error *error = NULL;
    nightlatch_vault *vault = world_vault(&w, world_config());
    CHECK(nightlatch_vault_copy_secret(vault, T("db"), NONE, 0, buffer, size, &len, &error) == NIGHTLATCH_INVALID_ARGUMENT);
    CHECK(strcmp(buffer, "as it was") == 0 && len == 77 && strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_MESSAGE, NULL), "buffer") != NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_copy_secret(vault, T("db"), NONE, 0, buffer, size + 1, &len, NULL) == OK && len == size);
    CHECK(strcmp(buffer, SECRET_VALUE) == 0 && w.secrets == 1); /* the cache has it now */
    CHECK(nightlatch_vault_copy_secret(vault, T("other"), NONE, 0, buffer, sizeof buffer, &len, NULL) == OK && w.secrets == 2);
    CHECK(nightlatch_vault_copy_secret(vault, T("other"), NONE, 0, NULL, 64, &len, NULL) == NIGHTLATCH_INVALID_ARGUMENT);
    nightlatch_wipe(buffer, sizeof buffer);
    nightlatch_vault_free(vault);
}

static void errors_tell_all(void)
{
    world w = new_world();
    w.status = 404;
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    uint64_t number = 0;
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error) == NIGHTLATCH_NOT_FOUND);
    CHECK(secret == NULL && nightlatch_error_status(error) == NIGHTLATCH_NOT_FOUND);
    CHECK(strcmp(nightlatch_error_text(error, NIGHTLATCH_ERROR_NAME, NULL), "NOT_FOUND") == 0);
    CHECK(strcmp(nightlatch_error_text(error, NIGHTLATCH_ERROR_CODE, NULL), "SecretNotFound") == 0);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL), "db") != NULL);
    CHECK(nightlatch_error_number(error, NIGHTLATCH_ERROR_HTTP_STATUS, &number) && number == 404);
    CHECK(!nightlatch_error_number(error, NIGHTLATCH_ERROR_RETRY_AFTER_MS, &number));
    CHECK(nightlatch_error_text(error, 999, NULL) == NULL && nightlatch_error_attempt(error, 0, 1, NULL) == NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == NIGHTLATCH_NOT_FOUND);
    nightlatch_vault_free(vault);
}

static void nothing_works_here(void)
{
    world w = new_world();
    nightlatch_config *config = nightlatch_config_new();
    CHECK(nightlatch_config_inherit_environment(config, false) == OK);
    CHECK(nightlatch_config_use_credential(config, T("ChainedTokenCredential")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.sources.0.type"), T("EnvironmentCredential")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.sources.1.type"), T("WorkloadIdentityCredential")) == OK);
    nightlatch_vault *vault = world_vault(&w, config);
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error) == NIGHTLATCH_CREDENTIAL_UNAVAILABLE);
    CHECK(nightlatch_error_attempt_count(error) == 2);
    CHECK(strcmp(nightlatch_error_attempt(error, 0, NIGHTLATCH_ATTEMPT_SOURCE, NULL), "EnvironmentCredential") == 0);
    CHECK(strcmp(nightlatch_error_attempt(error, 1, NIGHTLATCH_ATTEMPT_ENDING, NULL), "unavailable") == 0);
    CHECK(nightlatch_error_attempt(error, 1, NIGHTLATCH_ATTEMPT_REASON, NULL) != NULL);
    nightlatch_error_free(error);
    nightlatch_vault_free(vault);
}

static void wrong_options_are_named(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_client *client = NULL;
    nightlatch_error *error = NULL;
    nightlatch_config *config = world_config();
    CHECK(nightlatch_config_set_number(config, T("cache.tttl"), 5) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, &error) == NIGHTLATCH_INVALID_CONFIGURATION);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_MESSAGE, NULL), "tttl") != NULL);
    CHECK(client == NULL && w.released == 0); /* the program keeps its context */
    nightlatch_error_free(error);
    nightlatch_config_free(config);
    host.http = NULL;
    CHECK(nightlatch_client_new(NULL, &host, &client, NULL) == NIGHTLATCH_INVALID_ARGUMENT);
    host.struct_size = 3;
    CHECK(nightlatch_client_new(NULL, &host, &client, NULL) == NIGHTLATCH_INVALID_ARGUMENT);
}

static void a_shorter_table_will_do(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_client *client = NULL;
    host.struct_size = offsetof(nightlatch_host, read_file); /* so short that `event` and `release` are not given */
    nightlatch_config *config = world_config();
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    nightlatch_vault *vault = NULL;
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_secret_free(get(vault, "db"));
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    CHECK(w.events == 0 && w.released == 0);
}

static void failures_are_tried_again(void)
{
    world w = new_world();
    w.fail_next = NIGHTLATCH_FAULT_CONNECTION_LOST;
    w.fail_times = 1;
    nightlatch_config *config = world_config();
    CHECK(nightlatch_config_set_number(config, T("retry.delay"), 0.01) == OK);
    nightlatch_vault *vault = world_vault(&w, config);
    nightlatch_secret_free(get(vault, "db"));
    CHECK(w.secrets == 2);
    /* a callback that gives no answer at all is a failure */
    w.fail_next = 0;
    w.fail_times = 100;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_vault_get_secret(vault, T("other"), NONE, 2000, &secret, &error) != OK);
    CHECK(secret == NULL && error != NULL);
    nightlatch_error_free(error);
    nightlatch_vault_free(vault);
}

static void a_callback_may_not_block_on_its_own_client(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    w.vault = vault;
    nightlatch_secret_free(get(vault, "db"));
    CHECK(w.reentered == NIGHTLATCH_CONFLICT && w.secrets == 1);
    nightlatch_vault_free(vault);
}

static void a_callback_that_hangs_past_the_timeout(void)
{
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_secret_free(get(vault, "db"));
    w.delay_ms = 5000; /* it asks whether it is wanted, and it is not when the time is up */
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    uint64_t began, ended;
    nightlatch_now(&began, NULL);
    CHECK(nightlatch_vault_get_secret(vault, T("slow"), NONE, 100, &secret, &error) == NIGHTLATCH_TIMEOUT);
    nightlatch_now(&ended, NULL);
    CHECK(ended - began >= 100 && ended - began < 2000);
    nightlatch_error_free(error);
    w.delay_ms = 0;
    nightlatch_secret_free(get(vault, "db")); /* the client stays usable */
    nightlatch_vault_free(vault);
}

static void tokens_and_any_operation(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_client *client = NULL;
    nightlatch_token *token = NULL;
    nightlatch_reply *reply = NULL;
    nightlatch_error *error = NULL;
    nightlatch_config *config = world_config();
    int64_t expires_on = 0, refresh_on = 0;
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_client_get_token(client, T("https://vault.azure.net/.default"), 0, &token, &error) == OK);
    CHECK(strcmp(nightlatch_token_value(token, NULL), TOKEN_VALUE) == 0);
    CHECK(nightlatch_token_times(token, &expires_on, &refresh_on) && expires_on == 4102444800 && refresh_on < expires_on);
    nightlatch_token_free(token);

    nightlatch_operation *operation = nightlatch_operation_new(T("get_secret"));
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("name"), T("db")) == OK);
    CHECK(nightlatch_operation_set_flag(operation, T("refresh"), true) == OK);
    CHECK(nightlatch_operation_set_number(operation, T("timeout"), 5) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, &error) == OK);
    nightlatch_secret *secret = nightlatch_reply_secret(reply);
    CHECK(strcmp(nightlatch_secret_value(secret, NULL), SECRET_VALUE) == 0);
    CHECK(nightlatch_reply_token(reply) == NULL);
    nightlatch_reply_free(reply);
    nightlatch_secret_free(secret);
    CHECK(nightlatch_operation_cancel(operation) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, &error) == NIGHTLATCH_CANCELLED);
    nightlatch_error_free(error);
    nightlatch_operation_free(operation);

    operation = nightlatch_operation_new(T("get_token"));
    CHECK(nightlatch_operation_add_text(operation, T("request.scopes"), T("https://vault.azure.net/.default")) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK);
    token = nightlatch_reply_token(reply);
    CHECK(token != NULL && nightlatch_reply_secret(reply) == NULL);
    nightlatch_token_free(token);
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);
    CHECK(w.tokens <= 2); /* with and without continuous access evaluation */

    operation = nightlatch_operation_new(T("no_such_thing"));
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == NIGHTLATCH_INVALID_ARGUMENT);
    nightlatch_operation_free(operation);
    CHECK(nightlatch_client_invalidate_all(client) == OK);
    nightlatch_client_free(client);
}

static void foreign_token(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    uint64_t handle = 0;
    (void)context;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_TOKEN);
    CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_HANDLE, &handle) && handle == 7);
    CHECK(nightlatch_effect_count(effect, NIGHTLATCH_EFFECT_SCOPES) == 1);
    CHECK(strcmp(nightlatch_effect_item(effect, NIGHTLATCH_EFFECT_SCOPES, 0, NULL), "https://vault.azure.net/.default") == 0);
    CHECK(nightlatch_outcome_token(outcome, T(TOKEN_VALUE), 4102444800, 0) == OK);
}

static void a_credential_of_the_program_itself(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_config *config = nightlatch_config_new();
    host.token = foreign_token;
    CHECK(nightlatch_config_use_credential(config, T("HostCredential")) == OK);
    CHECK(nightlatch_config_set_number(config, T("credential.handle"), 7) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.name"), T("MyCredential")) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_secret_free(get(vault, "db"));
    CHECK(w.tokens == 0 && w.secrets == 1);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    nightlatch_config_free(config);
}

static void ready_made_files_and_commands(void)
{
    /* The workload identity reads a file, the CLI credential runs a program: both by the library's own means. */
    world w = new_world();
    nightlatch_config *config = nightlatch_config_new();
    CHECK(nightlatch_config_inherit_environment(config, false) == OK);
    CHECK(nightlatch_config_use_credential(config, T("WorkloadIdentityCredential")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.tenant_id"), T("11111111-1111-4111-8111-111111111111")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.client_id"), T("44444444-4444-4444-8444-444444444444")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.token_file_path"), T("/no/such/file")) == OK);
    nightlatch_vault *vault = world_vault(&w, config);
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error) != OK);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL), "/no/such/file") != NULL);
    nightlatch_error_free(error);
    nightlatch_vault_free(vault);
}

int main(void)
{
    CHECK(strcmp(nightlatch_version(), NIGHTLATCH_VERSION) == 0);
    a_secret_and_all_that_is_said_of_it();
    a_read_in_place();
    a_copy_in_a_buffer_of_the_program();
    errors_tell_all();
    nothing_works_here();
    wrong_options_are_named();
    a_shorter_table_will_do();
    failures_are_tried_again();
    a_callback_may_not_block_on_its_own_client();
    a_callback_that_hangs_past_the_timeout();
    tokens_and_any_operation();
    a_credential_of_the_program_itself();
    ready_made_files_and_commands();
    return done("blocking");
}
