/*
 * The cache keeps to its bounds, whatever is read: its own numbers, the process's memory, and what is still found of the values say so.
 * READS are spread over SECRETS.
 */
#include "scan.h"

#include <unistd.h>

enum { SECRETS = 5000, VALUE = 1024, MOST_ENTRIES = 300, MOST_BYTES = 200 * 1024, SLACK = 4 << 20, ALL_READS = 100000 };
#ifndef READS
#define READS ALL_READS
#endif

/* What every value begins with, backwards, so that it is not found itself. */
static char reversed[17];
static int asked;

static void vault_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    char body[VALUE + 256], filling[VALUE + 1];
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), *name = strstr(url, "/secrets/");
    if (name == NULL) {
        world_http(context, effect, outcome);
        return;
    }
    asked++;
    memset(filling, '.', VALUE);
    for (int i = 0; i < 16; i++)
        filling[i] = reversed[15 - i];
    filling[VALUE] = '\0';
    snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "%.*s/0123456789abcdef0123456789abcdef\"}", filling, (int)strcspn(name, "?"), name);
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
    nightlatch_wipe(body, sizeof body), nightlatch_wipe(filling, sizeof filling);
}

static uint64_t number(const nightlatch_client *client, nightlatch_cache_fact fact)
{
    uint64_t value = 0;
    CHECK(nightlatch_client_cache_number(client, fact, &value));
    return value;
}

/* Bytes of the process that are in memory. */
static long resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, pages = 0;
    CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void read_number(nightlatch_vault *vault, unsigned which)
{
    nightlatch_secret *secret = NULL;
    char name[16];
    size_t len = 0;
    snprintf(name, sizeof name, "secret-%u", which);
    CHECK(nightlatch_vault_get_secret(vault, T(name), NONE, 0, &secret, NULL) == OK);
    CHECK(nightlatch_secret_value(secret, &len) != NULL && len == VALUE);
    nightlatch_secret_free(secret);
}

/* Reads with one of the bounds so wide that the other one counts. */
static void reads_stay_within(uint64_t entries, uint64_t bytes)
{
    world w = new_world();
    nightlatch_host host = world_host(&w);
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    unsigned random = 12345, narrow = entries == MOST_ENTRIES;
    long before = 0;
    host.http = vault_http;
    CHECK(nightlatch_config_set_number(config, T("cache.max_entries"), (double)entries) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.max_bytes"), (double)bytes) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.ttl"), 86400) == OK);
    CHECK(nightlatch_config_set_number(config, T("limits.vault_per_second"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("limits.secret_per_second"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    nightlatch_config_free(config);
    asked = 0;
    for (int i = 0; i < READS; i++) {
        random = random * 1664525 + 1013904223;
        read_number(vault, (random >> 8) % SECRETS);
        if (i % 100 == 0)
            CHECK(number(client, NIGHTLATCH_CACHE_ENTRIES) <= entries && number(client, NIGHTLATCH_CACHE_BYTES) <= bytes);
        if (i == READS / 10) /* by now the cache is full */
            before = resident();
    }
    uint64_t kept = number(client, NIGHTLATCH_CACHE_ENTRIES), used = number(client, NIGHTLATCH_CACHE_BYTES);
    CHECK(narrow ? kept == entries : used > bytes - 2 * VALUE);
    CHECK(number(client, NIGHTLATCH_CACHE_HITS) + (uint64_t)asked == READS);
    CHECK(number(client, NIGHTLATCH_CACHE_EVICTIONS) == (uint64_t)asked - kept);
    /* The tools hold back what was freed, to see it used: they run fewer reads, and are not asked. */
    CHECK(resident() - before < SLACK || READS < ALL_READS);
    /* What left is nowhere: each value that is kept stands in memory twice, as the engine has it and as C borrows it. */
    int found = leaks(reversed);
    CHECK(found >= (int)kept && found <= 2 * (int)kept);
    CHECK(nightlatch_client_invalidate_all(client) == OK && leaks(reversed) == 0);
    read_number(vault, 0);
    CHECK(leaks(reversed) > 0);
    nightlatch_vault_free(vault), nightlatch_client_free(client);
    CHECK(leaks(reversed) == 0);
}

int main(void)
{
    for (int i = 0; i < 16; i++)
        reversed[i] = (char)('A' + (i * 7 + 3) % 26);
    reads_stay_within(MOST_ENTRIES, 1 << 30);
    reads_stay_within(SECRETS, MOST_BYTES);
    return done("bounds");
}
