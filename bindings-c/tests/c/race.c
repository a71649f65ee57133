/*
 * A race on purpose, inside the library: two threads wipe the same memory. Whatever watches the other programs' threads
 * must see it, or its silence about them is worth nothing.
 */
#include "check.h"

#include <pthread.h>

static char memory[64];
static pthread_barrier_t barrier;

static void *wiper(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    nightlatch_wipe(memory, sizeof memory);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, wiper, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    return done("race");
}
