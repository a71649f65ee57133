/*
 * Rotates a secret. Here the value is in effect when it stands in a file, as a small service would read it.
 *
 *   rotate VAULT_URL NAME FILE
 *
 * Ends with 0 if a new value is in effect, 1 if not, 2 after wrong usage.
 */
#include <nightlatch_curl.h>
#include <stdio.h>

/* Forty characters that nobody can foresee. */
static void make(void *context, const char *slot, nightlatch_outcome *outcome)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[40];
    char value[40];
    FILE *source = fopen("/dev/urandom", "rb");
    (void)context, (void)slot;
    if (source != NULL && fread(random, 1, sizeof random, source) == sizeof random) {
        for (size_t i = 0; i < sizeof value; i++)
            value[i] = letters[random[i] % 64];
        if (nightlatch_outcome_made(outcome, value, sizeof value) != NIGHTLATCH_OK)
            fprintf(stderr, "the value was not taken\n");
    }
    if (source != NULL)
        fclose(source);
    nightlatch_wipe(value, sizeof value), nightlatch_wipe(random, sizeof random);
}

/* Puts a value into effect. It may be called again with the same value, and with the old one. */
static bool apply(void *context, const char *value, size_t len, const char *slot)
{
    FILE *file = fopen((const char *)context, "wb");
    (void)slot;
    if (file == NULL)
        return false;
    bool written = fwrite(value, 1, len, file) == len;
    return fclose(file) == 0 && written;
}

/* Whether a value works: here, whether the file holds it. */
static bool verify(void *context, const char *value, size_t len, const char *slot)
{
    char found[256];
    FILE *file = fopen((const char *)context, "rb");
    (void)slot;
    if (file == NULL)
        return false;
    bool same = fread(found, 1, sizeof found, file) == len && memcmp(found, value, len) == 0;
    fclose(file);
    nightlatch_wipe(found, sizeof found);
    return same;
}

int main(int argc, char **argv)
{
    nightlatch_vault *vault = NULL;
    nightlatch_rotation *rotation = NULL;
    nightlatch_error *error = NULL;
    nightlatch_rotator rotator = NIGHTLATCH_ROTATOR_INIT;
    if (argc != 4) {
        fprintf(stderr, "usage: rotate VAULT_URL NAME FILE\n");
        return 2;
    }
    rotator.make = make, rotator.apply = apply, rotator.verify = verify, rotator.context = argv[3];
    nightlatch_status status = nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &vault, &error);
    if (status == NIGHTLATCH_OK)
        status = nightlatch_vault_rotate_secret(vault, NIGHTLATCH_TEXT(argv[2]), &rotator, NIGHTLATCH_NONE, NIGHTLATCH_NONE, NULL, 0,
                                                &rotation, &error);
    if (status == NIGHTLATCH_OK)
        printf("%s is in effect\n", nightlatch_properties_text(nightlatch_rotation_properties(rotation), NIGHTLATCH_SECRET_VERSION, NULL));
    else
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_rotation_free(rotation), nightlatch_error_free(error), nightlatch_vault_free(vault);
    return status == NIGHTLATCH_OK ? 0 : 1;
}
