/*
 * What a cached read costs, beside a plain hash lookup and getenv, in one run; and how it scales with threads.
 * Prints nanoseconds for each read and the ratio to the hash lookup.
 */
#define _GNU_SOURCE
#include "../tests/c/check.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { NAMES = 1000, READS = 2000000, SHARED_READS = 4000000, ROUNDS = 5 };

/* What the quickest ways to read may cost. */
enum { BUDGET_NS = 60 };

static nightlatch_vault *vault;
static char names[NAMES][24];
static volatile size_t sink;

/* This thread's own time, so that a busy machine does not count. */
static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void reader(void *context, const char *value, size_t len)
{
    *(size_t *)context += len + (size_t)value[0];
}

static void by_reader(int reads)
{
    size_t sum = 0;
    for (int i = 0; i < reads; i++) {
        const char *name = names[i % NAMES];
        if (!nightlatch_vault_read(vault, name, 15, NONE, reader, &sum))
            abort();
    }
    sink = sum;
}

static void by_handle(int reads)
{
    size_t sum = 0, len;
    for (int i = 0; i < reads; i++) {
        nightlatch_secret *secret = nightlatch_vault_cached(vault, names[i % NAMES], 15, NONE);
        if (secret == NULL)
            abort();
        sum += (size_t)nightlatch_secret_value(secret, &len)[0] + len;
        nightlatch_secret_free(secret);
    }
    sink = sum;
}

static void by_get_and_copy(int reads)
{
    size_t sum = 0;
    char buffer[64];
    for (int i = 0; i < reads; i++) {
        nightlatch_secret *secret = NULL;
        if (nightlatch_vault_get_secret(vault, names[i % NAMES], 15, NONE, 0, &secret, NULL) != OK ||
            nightlatch_secret_copy(secret, buffer, sizeof buffer) != OK)
            abort();
        sum += (size_t)buffer[0];
        nightlatch_secret_free(secret);
    }
    sink = sum;
}

static void by_copy(int reads)
{
    size_t sum = 0, len;
    char buffer[64];
    for (int i = 0; i < reads; i++) {
        if (nightlatch_vault_copy_secret(vault, names[i % NAMES], 15, NONE, 0, buffer, sizeof buffer, &len, NULL) != OK)
            abort();
        sum += (size_t)buffer[0] + len;
    }
    sink = sum;
}

/* A plain hash table: FNV-1a, open addressing, half full. */
enum { PLACES = 2048 };
static struct {
    const char *name, *value;
} table[PLACES];

static size_t place_of(const char *name)
{
    uint64_t hash = 14695981039346656037U;
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211U;
    size_t at = (size_t)(hash ^ hash >> 32) % PLACES;
    while (table[at].name != NULL && strcmp(table[at].name, name) != 0)
        at = (at + 1) % PLACES;
    return at;
}

static void by_hash(int reads)
{
    size_t sum = 0;
    for (int i = 0; i < reads; i++)
        sum += (size_t)table[place_of(names[i % NAMES])].value[0];
    sink = sum;
}

static void by_getenv(int reads)
{
    size_t sum = 0;
    for (int i = 0; i < reads; i++)
        sum += (size_t)getenv("NIGHTLATCH_BENCH")[0];
    sink = sum;
}

/* The best of several rounds, in nanoseconds for each read. */
static double measure(void (*read)(int))
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_ns();
        read(READS);
        double took = (now_ns() - began) / READS;
        best = took < best ? took : best;
    }
    return best;
}

static void (*shared_read)(int);

static void *reading_thread(void *took)
{
    double began = now_ns();
    shared_read(SHARED_READS);
    *(double *)took = (now_ns() - began) / SHARED_READS;
    return NULL;
}

/* Nanoseconds of its own time that a read costs a thread, while so many read at once; the mean of all threads. */
static double shared(void (*read)(int), int threads)
{
    pthread_t all[64];
    double took[64], best = 1e18;
    shared_read = read;
    for (int round = 0; round < 3; round++) {
        double sum = 0;
        for (int i = 0; i < threads; i++)
            pthread_create(&all[i], NULL, reading_thread, &took[i]);
        for (int i = 0; i < threads; i++) {
            pthread_join(all[i], NULL);
            sum += took[i];
        }
        best = sum / threads < best ? sum / threads : best;
    }
    return best;
}

int main(void)
{
    world w = new_world();
    nightlatch_config *config = world_config();
    if (nightlatch_config_set_number(config, T("cache.ttl"), 86400) != OK ||
        nightlatch_config_set_number(config, T("limits.vault_per_second"), 0) != OK)
        abort();
    vault = world_vault(&w, config);
    for (int i = 0; i < NAMES; i++) {
        nightlatch_secret *secret = NULL;
        snprintf(names[i], sizeof names[i], "secret-name-%03d", i);
        if (nightlatch_vault_get_secret(vault, names[i], 15, NONE, 0, &secret, NULL) != OK)
            abort();
        size_t at = place_of(names[i]);
        table[at].name = names[i], table[at].value = SECRET_VALUE;
        nightlatch_secret_free(secret);
    }
    setenv("NIGHTLATCH_BENCH", "value", 1);

    double hash = measure(by_hash);
    const struct {
        const char *what;
        void (*read)(int);
    } rows[] = {
        { "hash lookup (FNV-1a, 1,000 of 2,048)", by_hash },
        { "getenv", by_getenv },
        { "nightlatch_vault_read", by_reader },
        { "nightlatch_vault_copy_secret", by_copy },
        { "nightlatch_vault_cached, value, free", by_handle },
        { "nightlatch_vault_get_secret, copy, free", by_get_and_copy },
    };
    double getenv_ns = measure(by_getenv);
    printf("%-42s %8s %14s %10s\n", "among 1,000 secrets", "ns", "x hash lookup", "x getenv");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double ns = measure(rows[i].read);
        bool quickest = rows[i].read == by_reader || rows[i].read == by_copy;
        const char *note = !quickest ? "" : ns <= BUDGET_NS ? "  within 60 ns" : "  OVER 60 ns";
        printf("%-42s %8.1f %14.2f %10.2f%s\n", rows[i].what, ns, ns / hash, ns / getenv_ns, note);
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = cores < 2 ? 2 : cores > 64 ? 64 : (int)cores;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double one = shared(rows[i].read, 1), many = shared(rows[i].read, threads);
        printf("%-42s %8.1f ns alone, %.1f ns with %d threads (x %.2f)\n", rows[i].what, one, many, threads, many / one);
    }
    nightlatch_vault_free(vault);
    return 0;
}
