/* One vault, many threads, and events: threads VAULT_URL NAME COUNT. Prints how many threads got the secret. */
#include <nightlatch_curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct shared {
    nightlatch_vault *vault;
    const char *name;
    pthread_barrier_t start;
    int got;
};

static void *caller(void *argument)
{
    struct shared *shared = argument;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    pthread_barrier_wait(&shared->start);
    if (nightlatch_vault_get_secret(shared->vault, NIGHTLATCH_TEXT(shared->name), NIGHTLATCH_NONE, 0, &secret, &error) == NIGHTLATCH_OK)
        __atomic_add_fetch(&shared->got, 1, __ATOMIC_RELAXED);
    else
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_secret_free(secret);
    nightlatch_error_free(error);
    return NULL;
}

int main(int argc, char **argv)
{
    struct shared shared = { NULL, argc == 4 ? argv[2] : "", { { 0 } }, 0 };
    unsigned count = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    pthread_t *threads = calloc(count + 1, sizeof *threads);
    nightlatch_error *error = NULL;
    if (count == 0 || threads == NULL ||
        nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &shared.vault, &error) != NIGHTLATCH_OK) {
        fprintf(stderr, "%s\n", error ? nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL) : "usage: threads VAULT_URL NAME COUNT");
        return 1;
    }
    pthread_barrier_init(&shared.start, NULL, count);
    for (unsigned i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, caller, &shared);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%d of %u threads got it\n", shared.got, count);
    pthread_barrier_destroy(&shared.start);
    nightlatch_vault_free(shared.vault);
    free(threads);
    return shared.got != (int)count;
}
