/* The doctor: what a report holds and how it is asked, through both doors; no report holds a secret. */
#include "check.h"

#define HEADER_VALUE "the-identity-header-0123456789"

static const char *text(const nightlatch_report *report, const char *path)
{
    size_t len = 77;
    const char *found = nightlatch_report_text(report, T(path), &len);
    CHECK(found != NULL ? strlen(found) == len : len == 0);
    return found != NULL ? found : "";
}

static double number(const nightlatch_report *report, const char *path)
{
    double found = -1;
    return nightlatch_report_number(report, T(path), &found) ? found : -1;
}

static size_t count(const nightlatch_report *report, const char *path)
{
    return nightlatch_report_count(report, T(path));
}

/* It can be pasted into a ticket. */
static void holds_no_secret(const nightlatch_report *report)
{
    const char *json = nightlatch_report_json(report, NULL);
    const char *const secrets[] = { SECRET_VALUE, TOKEN_VALUE, HEADER_VALUE };
    CHECK(json[0] == '{' && strchr(json, '\n') == NULL);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        CHECK(strstr(json, secrets[i]) == NULL && strstr(text(report, "text"), secrets[i]) == NULL);
}

static nightlatch_report *diagnose(nightlatch_vault *vault, const char *name, const char *version)
{
    nightlatch_report *report = NULL;
    CHECK(nightlatch_vault_diagnose(vault, T(name), T(version), 5000, &report, NULL) == OK);
    holds_no_secret(report);
    return report;
}

static nightlatch_report *check_names(nightlatch_vault *vault, size_t names)
{
    static const char *const all[] = { "db", "other" };
    static const size_t lens[] = { 2, 5 };
    nightlatch_report *report = NULL;
    CHECK(nightlatch_vault_check(vault, all, lens, names, 0, &report, NULL) == OK);
    holds_no_secret(report);
    return report;
}

static void all_is_well(world *w, nightlatch_vault *vault)
{
    nightlatch_report *report = diagnose(vault, "db", "");
    CHECK(nightlatch_report_ok(report) && !nightlatch_report_is_transient(report) && number(report, "ok") == 1);
    CHECK(strncmp(text(report, "text"), "ok: " VAULT "/secrets/db can be read", 40) == 0);
    CHECK(strcmp(text(report, "vault"), VAULT) == 0 && strcmp(text(report, "secret.name"), "db") == 0);
    CHECK(number(report, "duration_ms") >= 0 && number(report, "secret.created_on") == 1700000000);
    CHECK(strcmp(text(report, "host.kind"), "app-service") == 0 && count(report, "host.evidence") >= 1);
    CHECK(count(report, "sources") == 1 && strcmp(text(report, "sources.0.ending"), "token") == 0);
    /* What is not there, is of another kind, or is no path. */
    CHECK(*text(report, "verdict.code") == '\0' && *text(report, "sources") == '\0' && *text(report, "sources.1.ending") == '\0');
    CHECK(*text(report, "") == '\0' && *text(report, "secret.value") == '\0' && number(report, "vault") == -1);
    CHECK(count(report, "vault") == 0 && count(report, "") == 0);
    nightlatch_report_free(report);
    CHECK(w->tokens == 1 && w->secrets == 1);

    for (int again = 0; again < 2; again++) { /* the diagnosis kept no value, a check keeps it */
        report = check_names(vault, 1);
        CHECK(nightlatch_report_ok(report) && strcmp(text(report, "text"), "ok\n") == 0 && count(report, "troubles") == 0);
        nightlatch_report_free(report);
    }
    CHECK(w->tokens == 1 && w->secrets == 2);

    report = diagnose(vault, "db", "0123456789abcdef0123456789abcdef");
    CHECK(strcmp(text(report, "version"), "0123456789abcdef0123456789abcdef") == 0 && *text(report, "latest_version") != '\0');
    nightlatch_report_free(report);
}

static void something_is_not(world *w, nightlatch_vault *vault)
{
    char line[512];
    nightlatch_report *report;
    w->status = 404;
    report = diagnose(vault, "missing", "");
    CHECK(!nightlatch_report_ok(report) && !nightlatch_report_is_transient(report));
    CHECK(strcmp(text(report, "error.kind"), "NOT_FOUND") == 0 && number(report, "error.status") == 404);
    snprintf(line, sizeof line, "trouble: %s (%s)\n", text(report, "verdict.means"), text(report, "verdict.code"));
    CHECK(*text(report, "verdict.code") != '\0' && strncmp(text(report, "text"), line, strlen(line)) == 0);
    nightlatch_report_free(report);

    report = check_names(vault, 2); /* one is cached, one is not there */
    CHECK(!nightlatch_report_ok(report) && !nightlatch_report_is_transient(report) && count(report, "troubles") == 1);
    CHECK(strcmp(text(report, "troubles.0.name"), "other") == 0 && strncmp(text(report, "text"), "trouble: other: ", 16) == 0);
    nightlatch_report_free(report);

    w->status = 0, w->fail_next = NIGHTLATCH_FAULT_CONNECT, w->fail_times = 1000;
    report = check_names(vault, 0); /* the vault as a whole */
    CHECK(!nightlatch_report_ok(report) && nightlatch_report_is_transient(report));
    CHECK(*text(report, "troubles.0.name") == '\0' && strncmp(text(report, "text"), "trouble: " VAULT ": ", 9 + strlen(VAULT) + 2) == 0);
    nightlatch_report_free(report);
    report = diagnose(vault, "", "");
    CHECK(!nightlatch_report_ok(report) && nightlatch_report_is_transient(report) && number(report, "error.transient") == 1);
    nightlatch_report_free(report);
    w->fail_times = 0;

    w->delay_ms = 5000; /* the time that is up is a trouble like any other */
    CHECK(nightlatch_vault_diagnose(vault, T("slow"), NONE, 50, &report, NULL) == OK);
    CHECK(!nightlatch_report_ok(report) && strcmp(text(report, "error.kind"), "TIMEOUT") == 0);
    nightlatch_report_free(report);
    w->delay_ms = 0;
}

/* A program's own mistake is the call's failure, not a report. */
static void mistakes(nightlatch_vault *vault)
{
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_vault_diagnose(vault, T("under_score"), NONE, 0, &report, &error) == NIGHTLATCH_INVALID_ARGUMENT);
    CHECK(report == NULL && strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_ADVICE, NULL), "under-score") != NULL);
    nightlatch_error_free(error);
}

static void forecast(world *w, nightlatch_vault *vault)
{
    nightlatch_report *report = NULL, *one = NULL;
    int tokens = w->tokens, secrets = w->secrets;
    CHECK(nightlatch_vault_explain(vault, 10, 4, &report, NULL) == OK && nightlatch_vault_explain(vault, 0, 0, &one, NULL) == OK);
    holds_no_secret(report);
    CHECK(nightlatch_report_ok(report) && !nightlatch_report_is_transient(report) && *text(report, "text") != '\0');
    CHECK(number(report, "requests.secrets") == 10 && number(report, "requests.instances") == 4);
    CHECK(number(report, "requests.at_start") == 40 && number(one, "requests.at_start") == 1);
    CHECK(number(report, "requests.per_hour") > 39.9 * number(one, "requests.per_hour"));
    CHECK(count(report, "sources") == 1 && strcmp(text(report, "sources.0.turn"), "asked") == 0);
    CHECK(w->tokens == tokens && w->secrets == secrets); /* without the network */
    nightlatch_report_free(report), nightlatch_report_free(one);
}

/* The most that an exchange was allowed to take. */
static uint64_t longest_ms;

static void timed_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    uint64_t allowed = 0;
    CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_TIMEOUT_MS, &allowed));
    longest_ms = allowed > longest_ms ? allowed : longest_ms;
    world_http(context, effect, outcome);
}

/* By name, through the door for everything. */
static void by_name(world *w)
{
    nightlatch_host host = world_host(w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_operation *operation = nightlatch_operation_new(T("check"));
    nightlatch_reply *reply = NULL;
    host.http = timed_http;
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK);
    CHECK(nightlatch_operation_add_text(operation, T("names"), T("db")) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK);
    CHECK(nightlatch_report_ok(nightlatch_reply_report(reply)) && nightlatch_reply_page(reply) == NULL);
    CHECK(longest_ms > 0 && longest_ms <= 5000); /* whoever probes waits no longer, whatever an exchange may take otherwise */
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);

    operation = nightlatch_operation_new(T("get_secret"));
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK && nightlatch_operation_set_text(operation, T("name"), T("db")) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK && nightlatch_reply_report(reply) == NULL);
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);
    nightlatch_client_free(client);
}

/* By an event loop of the program's own. */
static void by_engine(world *w)
{
    nightlatch_engine *engine = NULL;
    nightlatch_config *config = world_config();
    nightlatch_operation *operation = nightlatch_operation_new(T("diagnose"));
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    nightlatch_output *output;
    uint64_t started = 0, now = 1000000;
    bool ended = false;
    CHECK(nightlatch_engine_new(config, &engine, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK && nightlatch_operation_set_text(operation, T("name"), T("db")) == OK);
    CHECK(nightlatch_engine_cached(engine, operation, now) == NULL); /* no operation that reads a secret */
    CHECK(nightlatch_engine_start(engine, operation, now, 1800000000000, &started, NULL) == OK);
    while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
        if (nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_PERFORM) {
            world_http(w, nightlatch_output_effect(output), outcome);
            now += 5;
            CHECK(nightlatch_engine_complete(engine, nightlatch_output_effect_id(output), outcome, now, 1800000000000) == OK);
        } else if (nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_FINISHED) {
            const nightlatch_report *report = nightlatch_reply_report(nightlatch_output_reply(output));
            CHECK(nightlatch_output_operation(output) == started && nightlatch_report_ok(report));
            CHECK(number(report, "duration_ms") == 10); /* two exchanges */
            holds_no_secret(report);
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
    nightlatch_config *config = world_config();
    CHECK(nightlatch_config_set_variable(config, T("IDENTITY_HEADER"), T(HEADER_VALUE)) == OK);
    CHECK(nightlatch_config_set_variable(config, T("WEBSITE_SITE_NAME"), T("shop")) == OK);
    CHECK(nightlatch_config_set_number(config, T("retry.tries"), 1) == OK);
    nightlatch_vault *vault = world_vault(&w, config);
    all_is_well(&w, vault);
    something_is_not(&w, vault);
    mistakes(vault);
    forecast(&w, vault);
    nightlatch_vault_free(vault);
    by_name(&w);
    by_engine(&w);
    return done("doctor");
}
