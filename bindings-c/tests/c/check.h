/* What the test programs share: checks that count, and a world that answers. Compiles as C99 and as C++. */
#ifndef CHECK_H
#define CHECK_H

#include <nightlatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

/* Checks may come from several threads. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        __atomic_add_fetch(&checks, 1, __ATOMIC_RELAXED);                                                              \
        if (!(condition)) {                                                                                            \
            __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                     \
        }                                                                                                              \
    } while (0)

#define OK NIGHTLATCH_OK
#define T NIGHTLATCH_TEXT
#define NONE NIGHTLATCH_NONE
#define VAULT "https://contoso.vault.azure.net"

/* The end of every test program: a line that the runner counts. */
static int done(const char *name)
{
    printf("%s: %d checks, %d failed\n", name, checks, failures);
    return failures != 0;
}

/* A world in memory: an App Service identity endpoint, and a vault with every secret asked for. */
typedef struct world {
    int tokens, secrets, events; /* requests and events so far */
    int fail_next;               /* a nightlatch_fault for the next requests to the vault */
    int fail_times;
    int status;                  /* of the vault's answers, 200 if 0 */
    int delay_ms;                /* of each answer */
    const char *value;           /* of each secret */
    const char *never;           /* a text that no event may hold */
    nightlatch_vault *vault;     /* for callbacks that re-enter */
    int reentered;               /* the status of that */
    int released;
} world;

#define SECRET_VALUE "the-value-of-the-secret-0123456789"
#define TOKEN_VALUE "the-bearer-token-abcdefghijklmnop"

static world new_world(void)
{
    world w;
    memset(&w, 0, sizeof w);
    return w;
}

static void pause_ms(int ms)
{
    if (ms > 0) {
        /* Busy, since C99 knows no sleep. */
        uint64_t now, end;
        nightlatch_now(&now, NULL);
        end = now + (uint64_t)ms;
        while (now < end)
            nightlatch_now(&now, NULL);
    }
}

static void world_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    world *w = (world *)context;
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL);
    char body[512];
    int status = 200;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_HTTP);
    if (w->delay_ms > 0)
        for (int i = 0; i < w->delay_ms && nightlatch_outcome_is_wanted(outcome); i++)
            pause_ms(1);
    if (!nightlatch_outcome_is_wanted(outcome)) {
        CHECK(nightlatch_outcome_fail(outcome, NIGHTLATCH_FAULT_INTERRUPTED, NONE) == OK);
        return;
    }
    if (strstr(url, "/msi/token") != NULL) {
        uint64_t direct = 0;
        CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_DIRECT, &direct) && direct == 1);
        __atomic_add_fetch(&w->tokens, 1, __ATOMIC_RELAXED);
        snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_on\":\"4102444800\",\"token_type\":\"Bearer\"}",
                 TOKEN_VALUE);
    } else {
        const char *path = strstr(url, "/secrets/"), *name = path != NULL ? path + 9 : "";
        __atomic_add_fetch(&w->secrets, 1, __ATOMIC_RELAXED);
        if (w->vault != NULL) {
            nightlatch_secret *secret = NULL;
            w->reentered = (int)nightlatch_vault_get_secret(w->vault, T("other"), NONE, 0, &secret, NULL);
        }
        if (__atomic_fetch_sub(&w->fail_times, 1, __ATOMIC_RELAXED) > 0) {
            if (w->fail_next != 0)
                CHECK(nightlatch_outcome_fail(outcome, (uint32_t)w->fail_next, T("as the test wants")) == OK);
            return;
        }
        if (w->status != 0)
            status = w->status;
        if (status == 200)
            snprintf(body, sizeof body,
                     "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/%.*s/0123456789abcdef0123456789abcdef\","
                     "\"contentType\":\"text/plain\",\"attributes\":{\"enabled\":true,\"created\":1700000000,"
                     "\"recoveryLevel\":\"Recoverable+Purgeable\",\"recoverableDays\":90},"
                     "\"tags\":{\"a\":\"one\",\"b\":\"two\"}}",
                     w->value != NULL ? w->value : SECRET_VALUE, (int)strcspn(name, "/?"), name);
        else
            snprintf(body, sizeof body, "{\"error\":{\"code\":\"SecretNotFound\",\"message\":\"no such secret\"}}");
    }
    CHECK(nightlatch_outcome_http(outcome, (uint32_t)status) == OK);
    CHECK(nightlatch_outcome_add_header(outcome, T("Content-Type"), T("application/json")) == OK);
    CHECK(nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
    nightlatch_wipe(body, sizeof body);
}

static void world_event(void *context, const char *json, size_t len)
{
    world *w = (world *)context;
    __atomic_add_fetch(&w->events, 1, __ATOMIC_RELAXED);
    CHECK(strlen(json) == len && json[0] == '{');
    CHECK(strstr(json, SECRET_VALUE) == NULL && strstr(json, TOKEN_VALUE) == NULL);
    CHECK(w->never == NULL || strstr(json, w->never) == NULL);
}

static void world_release(void *context)
{
    ((world *)context)->released++;
}

static nightlatch_host world_host(world *w)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    host.context = w;
    host.http = world_http;
    host.event = world_event;
    host.release = world_release;
    return host;
}

/* A configuration that sees the world's App Service and nothing of this machine. */
static nightlatch_config *world_config(void)
{
    nightlatch_config *config = nightlatch_config_new();
    CHECK(nightlatch_config_inherit_environment(config, false) == OK);
    CHECK(nightlatch_config_set_variable(config, T("IDENTITY_ENDPOINT"), T("http://127.0.0.1:1/msi/token")) == OK);
    CHECK(nightlatch_config_set_variable(config, T("IDENTITY_HEADER"), T("header")) == OK);
    CHECK(nightlatch_config_use_managed_identity(config, NONE) == OK);
    return config;
}

static nightlatch_vault *world_vault(world *w, nightlatch_config *config)
{
    nightlatch_host host = world_host(w);
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_client_new(config, &host, &client, &error) == OK);
    if (error != NULL)
        printf("%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, &error) == OK);
    nightlatch_client_free(client); /* the vault keeps what it needs */
    nightlatch_config_free(config);
    return vault;
}

#endif
