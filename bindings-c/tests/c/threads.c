/* Many threads on one client: one fetch for all, cancellation, and a hung callback that holds nobody but its own caller. */
#include "check.h"

#include <pthread.h>

enum { COLD = 64, STRESS = 8, ROUNDS = 60 };

static nightlatch_vault *vault;
static nightlatch_client *client;
static pthread_barrier_t barrier;

static void *cold_caller(void *unused)
{
    nightlatch_secret *secret = NULL;
    (void)unused;
    pthread_barrier_wait(&barrier);
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == OK);
    CHECK(secret != NULL && strcmp(nightlatch_secret_value(secret, NULL), SECRET_VALUE) == 0);
    nightlatch_secret_free(secret);
    return NULL;
}

static void many_cold_callers_share_one_fetch(void)
{
    world w = new_world();
    pthread_t threads[COLD];
    w.delay_ms = 20;
    vault = world_vault(&w, world_config());
    pthread_barrier_init(&barrier, NULL, COLD);
    for (int i = 0; i < COLD; i++)
        pthread_create(&threads[i], NULL, cold_caller, NULL);
    for (int i = 0; i < COLD; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    CHECK(w.tokens == 1 && w.secrets == 1);
    nightlatch_vault_free(vault);
}

typedef struct stress {
    nightlatch_operation *operation;
    unsigned number;
    int ok, cancelled, other;
} stress;

static void *stressed_caller(void *argument)
{
    stress *mine = (stress *)argument;
    nightlatch_reply *reply = NULL;
    nightlatch_status status = nightlatch_client_perform(client, mine->operation, &reply, NULL);
    mine->ok += status == OK;
    mine->cancelled += status == NIGHTLATCH_CANCELLED;
    mine->other += status != OK && status != NIGHTLATCH_CANCELLED;
    nightlatch_reply_free(status == OK ? reply : NULL);
    return NULL;
}

static void *canceller(void *argument)
{
    stress *mine = (stress *)argument;
    pause_ms((int)(mine->number % 4));
    CHECK(nightlatch_operation_cancel(mine->operation) == OK);
    return NULL;
}

/* Several callers of few secrets; some go away at any moment, and nobody else notices. */
static void stress_with_cancellation(void)
{
    world w = new_world();
    nightlatch_config *config = world_config();
    nightlatch_host host = world_host(&w);
    int ok = 0, cancelled = 0, other = 0;
    w.delay_ms = 2;
    CHECK(nightlatch_config_set_number(config, T("limits.secret_per_second"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("retry.delay"), 0.001) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.ttl"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    nightlatch_config_free(config);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t callers[STRESS], cancellers[STRESS];
        stress all[STRESS];
        memset(all, 0, sizeof all);
        for (unsigned i = 0; i < STRESS; i++) {
            char name[32];
            snprintf(name, sizeof name, "s-%u", i % 3);
            all[i].operation = nightlatch_operation_new(T("get_secret"));
            all[i].number = round * 7 + i;
            CHECK(nightlatch_operation_set_text(all[i].operation, T("vault"), T(VAULT)) == OK);
            CHECK(nightlatch_operation_set_text(all[i].operation, T("name"), T(name)) == OK);
            pthread_create(&callers[i], NULL, stressed_caller, &all[i]);
            if (i % 2 == 1)
                pthread_create(&cancellers[i], NULL, canceller, &all[i]);
        }
        for (unsigned i = 0; i < STRESS; i++) {
            pthread_join(callers[i], NULL);
            if (i % 2 == 1)
                pthread_join(cancellers[i], NULL);
            else
                CHECK(all[i].ok == 1); /* nobody cancelled this one */
            ok += all[i].ok, cancelled += all[i].cancelled, other += all[i].other;
            nightlatch_operation_free(all[i].operation);
        }
    }
    CHECK(ok + cancelled == STRESS * ROUNDS && other == 0 && cancelled > 0);
    nightlatch_client_free(client);
    CHECK(w.released == 1);
}

/* A callback that hangs, without asking whether it is wanted, until somebody else has been served. */
static int hang, served;

static void hanging_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    if (strstr(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), "/secrets/slow") != NULL &&
        __atomic_exchange_n(&hang, 0, __ATOMIC_RELAXED) == 1) {
        while (__atomic_load_n(&served, __ATOMIC_RELAXED) == 0)
            pause_ms(1);
        return;
    }
    world_http(context, effect, outcome);
}

static void *hung_caller(void *unused)
{
    nightlatch_secret *secret = NULL;
    (void)unused;
    CHECK(nightlatch_vault_get_secret(vault, T("slow"), NONE, 0, &secret, NULL) == OK);
    nightlatch_secret_free(secret);
    return NULL;
}

static void a_hung_callback_holds_nobody_else(void)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_secret *secret = NULL;
    pthread_t thread;
    host.http = hanging_http;
    hang = 1;
    /* Long enough for an ordinary try on a slow machine under valgrind. */
    CHECK(nightlatch_config_set_number(config, T("retry.try_timeout"), 2) == OK);
    CHECK(nightlatch_config_set_number(config, T("retry.delay"), 0.01) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_config_free(config);
    pthread_create(&thread, NULL, hung_caller, NULL);
    while (__atomic_load_n(&hang, __ATOMIC_RELAXED) == 1)
        pause_ms(1);
    /* The same secret: this caller waits for the hung exchange until its timeout, then repeats it. */
    CHECK(nightlatch_vault_get_secret(vault, T("slow"), NONE, 0, &secret, NULL) == OK);
    nightlatch_secret_free(secret);
    __atomic_store_n(&served, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
}

int main(void)
{
    many_cold_callers_share_one_fetch();
    stress_with_cancellation();
    a_hung_callback_holds_nobody_else();
    return done("threads");
}
