/* Forks at bad moments: a child goes on with what is cached, and with nothing that was in flight. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 30, CALLERS = 6, FOREVER_S = 60 };

static nightlatch_client *client;
static nightlatch_vault *vault;

/* A client whose own HTTP comes before the world's. */
static void begin(world *w, nightlatch_perform http)
{
    nightlatch_host host = world_host(w);
    nightlatch_config *config = world_config();
    host.http = http;
    CHECK(nightlatch_config_set_number(config, T("limits.secret_per_second"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.refresh_interval"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK);
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_config_free(config);
}

static void end(void)
{
    nightlatch_vault_free(vault), nightlatch_client_free(client);
}

static bool is_right(nightlatch_status status, nightlatch_secret *secret)
{
    bool right = status == OK && secret != NULL && strcmp(nightlatch_secret_value(secret, NULL), SECRET_VALUE) == 0;
    nightlatch_secret_free(secret);
    return right;
}

static bool get(const char *name)
{
    nightlatch_secret *secret = NULL;
    nightlatch_status status = nightlatch_vault_get_secret(vault, T(name), NONE, 0, &secret, NULL);
    return is_right(status, secret);
}

static bool refresh(const char *name)
{
    nightlatch_secret *secret = NULL;
    nightlatch_status status = nightlatch_vault_refresh_secret(vault, T(name), NONE, 0, &secret, NULL);
    return is_right(status, secret);
}

static bool has(const char *name)
{
    return is_right(OK, nightlatch_vault_cached(vault, T(name), NONE));
}

/* A child does its work, tells by a pipe how many of its checks failed, and is gone: what it leaves is the kernel's. */
static int verdict[2];

static pid_t fork_child(void)
{
    CHECK(pipe(verdict) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        alarm(FOREVER_S), failures = 0;
    return child;
}

static void child_is_done(void)
{
    fflush(stdout);
    if (write(verdict[1], &failures, sizeof failures) != (ssize_t)sizeof failures)
        abort();
    _exit(failures != 0);
}

static void child_was_right(pid_t child)
{
    int wrong = -1, status = -1;
    close(verdict[1]);
    CHECK(read(verdict[0], &wrong, sizeof wrong) == (ssize_t)sizeof wrong && wrong == 0);
    close(verdict[0]);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Answers for "slow" wait until they may go. */
static int slow_asked, slow_may_go;

static void slow_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    if (strstr(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), "/secrets/slow") != NULL) {
        __atomic_store_n(&slow_asked, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&slow_may_go, __ATOMIC_SEQ_CST) == 0)
            pause_ms(1);
    }
    world_http(context, effect, outcome);
}

static void *slow_caller(void *unused)
{
    (void)unused;
    CHECK(get("slow"));
    return NULL;
}

static void both_processes_get_what_was_in_flight(void)
{
    world w = new_world();
    pthread_t threads[2];
    begin(&w, slow_http);
    CHECK(get("warm"));
    for (int i = 0; i < 2; i++) /* one fetches, the other waits for it */
        pthread_create(&threads[i], NULL, slow_caller, NULL);
    while (__atomic_load_n(&slow_asked, __ATOMIC_SEQ_CST) == 0)
        pause_ms(1);
    pid_t child = fork_child();
    if (child == 0) {
        slow_may_go = 1;
        CHECK(has("warm"));
        CHECK(get("slow") && has("slow"));
        CHECK(w.tokens == 1 && w.secrets == 2); /* the token came along; the flight did not */
        end();
        child_is_done();
    }
    child_was_right(child);
    CHECK(w.secrets == 1);
    __atomic_store_n(&slow_may_go, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(w.tokens == 1 && w.secrets == 2);
    end();
    CHECK(w.released == 1);
}

/* Threads keep every lock of the client busy. */
static int enough;

static void *busy_caller(void *number)
{
    char name[16];
    snprintf(name, sizeof name, "s-%d", (int)(*(int *)number % 3));
    while (__atomic_load_n(&enough, __ATOMIC_SEQ_CST) == 0) {
        CHECK(get(name) && refresh(name));
        CHECK(nightlatch_vault_invalidate(vault, T(name), NONE) == OK);
    }
    return NULL;
}

static void children_find_no_lock_held(void)
{
    world w = new_world();
    pthread_t threads[CALLERS];
    int numbers[CALLERS];
    begin(&w, world_http);
    for (int i = 0; i < CALLERS; i++)
        numbers[i] = i, pthread_create(&threads[i], NULL, busy_caller, &numbers[i]);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork_child();
        if (child == 0) {
            CHECK(get("s-0") && refresh("s-1") && get("s-2"));
            CHECK(has("s-0") && has("s-1") && has("s-2"));
            end();
            child_is_done();
        }
        child_was_right(child);
    }
    __atomic_store_n(&enough, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    end();
}

/* A callback that forks. */
static pid_t forked;

static void forking_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    if (strstr(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), "/secrets/fork") != NULL && forked == -1)
        forked = fork_child();
    world_http(context, effect, outcome);
}

static void a_callback_that_forks_ends_the_call_in_the_child(void)
{
    world w = new_world();
    nightlatch_secret *secret = NULL;
    begin(&w, forking_http);
    forked = -1;
    nightlatch_status status = nightlatch_vault_get_secret(vault, T("fork"), NONE, 0, &secret, NULL);
    if (forked == 0) {
        CHECK(status == NIGHTLATCH_CONFLICT && secret == NULL);
        CHECK(get("fork"));
        end();
        child_is_done();
    }
    CHECK(is_right(status, secret));
    child_was_right(forked);
    end();
}

/* Asks for a secret until the engine wants something, which is not answered. */
static nightlatch_output *ask(nightlatch_engine *engine, const nightlatch_operation *operation)
{
    uint64_t now, number;
    int64_t unix_ms;
    nightlatch_output *output;
    nightlatch_now(&now, &unix_ms);
    CHECK(nightlatch_engine_start(engine, operation, now, unix_ms, &number, NULL) == OK);
    while ((output = nightlatch_engine_poll_output(engine)) != NULL &&
           nightlatch_output_kind_of(output) != NIGHTLATCH_OUTPUT_PERFORM)
        nightlatch_output_free(output);
    return output;
}

static void an_engine_begins_anew_in_the_child(void)
{
    nightlatch_engine *engine = NULL;
    nightlatch_config *config = world_config();
    nightlatch_operation *operation = nightlatch_operation_new(T("get_secret"));
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    uint64_t now;
    int64_t unix_ms;
    CHECK(nightlatch_engine_new(config, &engine, NULL) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("name"), T("db")) == OK);
    nightlatch_output *first = ask(engine, operation);
    CHECK(first != NULL);
    pid_t child = fork_child();
    if (child == 0) {
        CHECK(!nightlatch_engine_poll_timeout(engine, &now));
        nightlatch_now(&now, &unix_ms);
        CHECK(nightlatch_engine_complete(engine, nightlatch_output_effect_id(first), outcome, now, unix_ms) == OK);
        CHECK(nightlatch_engine_poll_output(engine) == NULL);
        nightlatch_output *again = ask(engine, operation);
        CHECK(again != NULL && nightlatch_output_effect_id(again) != nightlatch_output_effect_id(first));
        child_is_done();
    }
    child_was_right(child);
    CHECK(nightlatch_engine_poll_timeout(engine, &now)); /* still in flight here */
    nightlatch_output_free(first), nightlatch_outcome_free(outcome);
    nightlatch_operation_free(operation), nightlatch_engine_free(engine), nightlatch_config_free(config);
}

int main(void)
{
    both_processes_get_what_was_in_flight();
    children_find_no_lock_held();
    a_callback_that_forks_ends_the_call_in_the_child();
    an_engine_begins_anew_in_the_child();
    return done("fork");
}
