/* References in settings and a vault's secrets as a configuration, through both doors; no report and no error holds a secret. */
#include "check.h"

#define REFERENCE(name) "@Microsoft.KeyVault(VaultName=contoso;SecretName=" name ")"

static const char *text(const nightlatch_report *report, const char *path)
{
    const char *found = nightlatch_report_text(report, T(path), NULL);
    return found != NULL ? found : "";
}

/* It can be pasted into a ticket. */
static void holds_no_secret(const nightlatch_report *report)
{
    const char *json = nightlatch_report_json(report, NULL);
    CHECK(json[0] == '{' && strchr(json, '\n') == NULL);
    CHECK(strstr(json, SECRET_VALUE) == NULL && strstr(text(report, "text"), SECRET_VALUE) == NULL);
}

/* What a text resolves to, once it is what it should be. */
static void resolves(nightlatch_client *client, uint32_t form, const char *from, const char *to, size_t references)
{
    nightlatch_resolved *resolved = NULL;
    nightlatch_error *error = NULL;
    size_t len = 77;
    CHECK(nightlatch_client_resolve(client, form, T(from), 0, 0, &resolved, &error) == OK && error == NULL);
    CHECK(strcmp(nightlatch_resolved_text(resolved, &len), to) == 0 && len == strlen(to));
    const nightlatch_report *report = nightlatch_resolved_report(resolved);
    holds_no_secret(report);
    CHECK(nightlatch_report_ok(report) && nightlatch_report_count(report, T("references")) == references);
    CHECK(references == 0 || strcmp(text(report, "references.0.status"), "Resolved") == 0);
    CHECK(references == 0 || strlen(text(report, "references.0.version")) == 32);
    nightlatch_resolved_free(resolved);
}

static void values(world *w, nightlatch_client *client)
{
    resolves(client, NIGHTLATCH_FORM_VALUE, "plain", "plain", 0);
    resolves(client, NIGHTLATCH_FORM_VALUE, "", "", 0);
    CHECK(w->tokens == 0); /* nobody was asked for these */
    resolves(client, NIGHTLATCH_FORM_VALUE, REFERENCE("db"), SECRET_VALUE, 1);
    resolves(client, NIGHTLATCH_FORM_JSON, "{ \"a\": [" "\"" REFERENCE("db") "\", 1.0] }", "{ \"a\": [\"" SECRET_VALUE "\", 1.0] }", 1);
    resolves(client, NIGHTLATCH_FORM_ENV, "A=b\nC='" REFERENCE("db") "'\n", "{\"A\":\"b\",\"C\":\"" SECRET_VALUE "\"}", 1);
    CHECK(w->tokens == 1 && w->secrets == 1); /* the cache serves */
}

static void ages(world *w, nightlatch_client *client)
{
    nightlatch_resolved *resolved = NULL;
    int secrets = w->secrets;
    pause_ms(20);
    CHECK(nightlatch_client_resolve(client, NIGHTLATCH_FORM_VALUE, T(REFERENCE("db")), 60000, 0, &resolved, NULL) == OK && w->secrets == secrets);
    nightlatch_resolved_free(resolved);
    CHECK(nightlatch_client_resolve(client, NIGHTLATCH_FORM_VALUE, T(REFERENCE("db")), 10, 0, &resolved, NULL) == OK && w->secrets == secrets + 1);
    nightlatch_resolved_free(resolved);
}

/* All or nothing. */
static void missing(world *w, nightlatch_client *client)
{
    static const char settings[] = "{\"a\":\"" REFERENCE("db") "\",\"b\":\"" REFERENCE("gone") "\",\"c\":\"@Microsoft.KeyVault(oops\"}";
    nightlatch_resolved *resolved = NULL;
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    w->status = 404;
    CHECK(nightlatch_client_resolve(client, NIGHTLATCH_FORM_JSON, T(settings), 0, 0, &resolved, &error) != OK && resolved == NULL);
    CHECK(nightlatch_error_attempt_count(error) == 2);
    CHECK(strcmp(nightlatch_error_attempt(error, 0, NIGHTLATCH_ATTEMPT_SOURCE, NULL), "/b") == 0);
    CHECK(strcmp(nightlatch_error_attempt(error, 0, NIGHTLATCH_ATTEMPT_ENDING, NULL), "SecretNotFound") == 0);
    CHECK(strcmp(nightlatch_error_attempt(error, 1, NIGHTLATCH_ATTEMPT_ENDING, NULL), "InvalidSyntax") == 0);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL), SECRET_VALUE) == NULL);
    nightlatch_error_free(error);

    CHECK(nightlatch_client_check_references(client, NIGHTLATCH_FORM_JSON, T(settings), 0, 0, &report, NULL) == OK);
    holds_no_secret(report);
    CHECK(!nightlatch_report_ok(report) && nightlatch_report_count(report, T("references")) == 3);
    CHECK(strcmp(text(report, "references.0.status"), "Resolved") == 0 && strcmp(text(report, "references.1.name"), "/b") == 0);
    CHECK(strncmp(text(report, "text"), "trouble: ", 9) == 0 && *text(report, "references.2.message") != '\0');
    nightlatch_report_free(report);
    w->status = 0;
}

static void loads(world *w, nightlatch_client *client)
{
    static const char *const names[] = { "shop-Db--Password", "other" };
    static const size_t lens[] = { 17, 5 };
    nightlatch_vault *vault = NULL;
    nightlatch_resolved *resolved = NULL;
    nightlatch_error *error = NULL;
    size_t len = 77;
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    CHECK(nightlatch_vault_load(vault, names, lens, 2, NONE, NONE, 0, &resolved, NULL) == OK);
    CHECK(strcmp(nightlatch_resolved_text(resolved, NULL), "{\"shop-Db:Password\":\"" SECRET_VALUE "\",\"other\":\"" SECRET_VALUE "\"}") == 0);
    holds_no_secret(nightlatch_resolved_report(resolved));
    CHECK(strcmp(text(nightlatch_resolved_report(resolved), "references.1.name"), "other") == 0);
    nightlatch_resolved_free(resolved);
    CHECK(nightlatch_vault_load(vault, names, lens, 1, T("SHOP-"), T("__"), 0, &resolved, NULL) == OK);
    CHECK(strcmp(nightlatch_resolved_text(resolved, NULL), "{\"Db__Password\":\"" SECRET_VALUE "\"}") == 0);
    nightlatch_resolved_free(resolved);
    CHECK(nightlatch_vault_load(vault, names, lens, 1, NONE, T(""), 0, &resolved, NULL) == OK); /* no separator is one */
    CHECK(strstr(nightlatch_resolved_text(resolved, NULL), "\"shop-DbPassword\"") != NULL);
    nightlatch_resolved_free(resolved);
    CHECK(nightlatch_vault_load(vault, names, lens, 0, NONE, NONE, 0, &resolved, NULL) == OK); /* none is not all */
    CHECK(strcmp(nightlatch_resolved_text(resolved, &len), "{}") == 0 && len == 2);
    nightlatch_resolved_free(resolved), resolved = NULL;
    w->status = 404;
    CHECK(nightlatch_vault_load(vault, NULL, NULL, 0, NONE, NONE, 0, &resolved, &error) != OK && resolved == NULL); /* the list */
    nightlatch_error_free(error);
    w->status = 0;
    nightlatch_vault_free(vault);
}

static nightlatch_operation *resolve_operation(const char *value)
{
    nightlatch_operation *operation = nightlatch_operation_new(T("resolve_references"));
    CHECK(nightlatch_operation_set_value(operation, T(value)) == OK);
    return operation;
}

/* By name, with what no call of its own takes. */
static void by_name(nightlatch_client *client)
{
    nightlatch_operation *operation = resolve_operation("{\"uri\":\"" VAULT "/secrets/db\"}");
    nightlatch_reply *reply = NULL;
    CHECK(nightlatch_operation_set_text(operation, T("content_type"),
                                        T("application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8")) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK && nightlatch_reply_secret(reply) == NULL);
    CHECK(strcmp(nightlatch_resolved_text(nightlatch_reply_resolved(reply), NULL), SECRET_VALUE) == 0);
    CHECK(nightlatch_reply_report(reply) == nightlatch_resolved_report(nightlatch_reply_resolved(reply)));
    nightlatch_reply_free(reply);
    CHECK(nightlatch_operation_set_flag(operation, T("report"), true) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK);
    size_t len = 77;
    CHECK(nightlatch_resolved_text(nightlatch_reply_resolved(reply), &len) == NULL && len == 0);
    CHECK(nightlatch_report_ok(nightlatch_reply_report(reply)));
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);

    operation = nightlatch_operation_new(T("refresh_due"));
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK && nightlatch_reply_resolved(reply) == NULL);
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);
}

/* By an event loop of the program's own. */
static void by_engine(world *w)
{
    nightlatch_engine *engine = NULL;
    nightlatch_config *config = world_config();
    nightlatch_operation *operation = resolve_operation(REFERENCE("db"));
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    nightlatch_output *output;
    uint64_t started = 0, now = 1000000;
    bool ended = false;
    CHECK(nightlatch_engine_new(config, &engine, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_engine_cached(engine, operation, now) == NULL); /* no operation that reads one secret */
    CHECK(nightlatch_engine_start(engine, operation, now, 1800000000000, &started, NULL) == OK);
    while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
        if (nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_PERFORM) {
            world_http(w, nightlatch_output_effect(output), outcome);
            CHECK(nightlatch_engine_complete(engine, nightlatch_output_effect_id(output), outcome, now, 1800000000000) == OK);
        } else if (nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_FINISHED) {
            const nightlatch_resolved *resolved = nightlatch_reply_resolved(nightlatch_output_reply(output));
            CHECK(nightlatch_output_operation(output) == started);
            CHECK(strcmp(nightlatch_resolved_text(resolved, NULL), SECRET_VALUE) == 0);
            holds_no_secret(nightlatch_resolved_report(resolved));
            ended = true;
        }
        nightlatch_output_free(output);
    }
    CHECK(ended);
    nightlatch_outcome_free(outcome);
    nightlatch_operation_free(operation);
    nightlatch_engine_free(engine);
}

int main(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    CHECK(nightlatch_config_set_number(config, T("retry.tries"), 1) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.refresh_interval"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    values(&w, client);
    ages(&w, client);
    missing(&w, client);
    loads(&w, client);
    by_name(client);
    nightlatch_client_free(client);
    by_engine(&w);
    return done("configuration");
}
