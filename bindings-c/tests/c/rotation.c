/*
 * A thousand threads hold a value that was revoked: the vault is asked once for all of them, and each goes on with the new one.
 * Time passes only between the two.
 */
#include "check.h"

#include <pthread.h>

enum { CALLERS = 1000 };

static uint64_t seconds = 1000;
static int revoked, fetched, refused, accepted;
static pthread_barrier_t all_hold_it;

static void clock_of_the_test(void *context, uint64_t *monotonic_ms, int64_t *unix_ms)
{
    (void)context;
    *monotonic_ms = seconds * 1000;
    *unix_ms = 1700000000000 + (int64_t)*monotonic_ms;
}

/* A vault whose secret has another version once the first is revoked. */
static void vault_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    char body[256];
    int newer = revoked;
    if (strstr(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), "/secrets/") == NULL) {
        world_http(context, effect, outcome);
        return;
    }
    __atomic_add_fetch(&fetched, 1, __ATOMIC_RELAXED);
    snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/db/%032d\"}", newer ? "new" : "old", newer);
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
}

static bool use(void *first, const nightlatch_secret *secret)
{
    if (strcmp(nightlatch_secret_value(secret, NULL), "new") == 0)
        return true;
    CHECK(*(bool *)first);
    *(bool *)first = false;
    __atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
    pthread_barrier_wait(&all_hold_it); /* nobody refuses before everybody has the old value */
    return false;
}

static void *caller(void *vault)
{
    bool first = true, went_on = false;
    CHECK(nightlatch_vault_with_secret((nightlatch_vault *)vault, T("db"), use, &first, 0, &went_on, NULL) == OK);
    __atomic_add_fetch(&accepted, went_on, __ATOMIC_RELAXED);
    return NULL;
}

int main(void)
{
    static pthread_t threads[CALLERS];
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    uint64_t number = 0;
    pthread_attr_t small;
    host.http = vault_http;
    host.clock = clock_of_the_test;
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_config_free(config);
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == OK && fetched == 1);
    nightlatch_secret_free(secret);

    revoked = 1;
    seconds += 10;
    pthread_barrier_init(&all_hold_it, NULL, CALLERS);
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 * 1024) == 0);
    for (int i = 0; i < CALLERS; i++)
        if (pthread_create(&threads[i], &small, caller, vault) != 0)
            return printf("no %d threads can be had here\n", CALLERS), 1;
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&small);
    pthread_barrier_destroy(&all_hold_it);
    CHECK(refused == CALLERS && accepted == CALLERS);
    CHECK(fetched == 2 && w.tokens == 1); /* one refresh */
    CHECK(nightlatch_client_cache_number(client, NIGHTLATCH_CACHE_REFRESHES, &number) && number >= 1);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    return done("rotation");
}
