/*
 * What no program should do, so that the tools and the scan are seen to see it: DEFECT names one of these. `none` is none.
 */
#include "scan.h"

static nightlatch_secret *get(nightlatch_vault *vault)
{
    nightlatch_secret *secret = NULL;
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == OK);
    return secret;
}

static int undefined(int number)
{
    return number + 0x7fffffff;
}

/* Whether a copy of the value was left in memory that was freed. */
static void residue(nightlatch_secret *secret, bool left)
{
    char *block = (char *)malloc(128), *copy = block + 64; /* not where free puts notes of its own */
    CHECK(nightlatch_secret_copy(secret, copy, 64) == OK);
    if (!left)
        nightlatch_wipe(copy, 64);
    free(block);
}

int main(void)
{
    const char *defect = getenv("DEFECT");
    world w = new_world();
    nightlatch_vault *vault = world_vault(&w, world_config());
    nightlatch_secret *secret = get(vault);
    char needle[17] = {0};
    for (int i = 0; i < 16; i++)
        needle[i] = SECRET_VALUE[15 - i];
    if (strcmp(defect, "overflow") == 0) { /* the library writes beyond what the program has */
        char *small = (char *)malloc(8);
        CHECK(nightlatch_secret_copy(secret, small, 64) == OK);
        free(small);
    }
    if (strcmp(defect, "use") == 0) {
        const char *value = nightlatch_secret_value(secret, NULL);
        CHECK(nightlatch_vault_invalidate(vault, T("db"), NONE) == OK);
        nightlatch_secret_free(secret);
        printf("%d\n", value[0]);
        secret = get(vault);
    }
    if (strcmp(defect, "leak") == 0)
        CHECK(get(vault) != NULL);
    if (strcmp(defect, "undefined") == 0)
        CHECK(undefined(w.secrets) != 0);
    residue(secret, strcmp(defect, "residue") == 0);
    nightlatch_secret_free(secret);
    nightlatch_vault_free(vault);
    CHECK(leaks(needle) == 0);
    return done("defects");
}
