/* Prints a secret, through whatever identity this host has. */
#include <nightlatch_curl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    if (argc == 3 && nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &vault, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_get_secret(vault, NIGHTLATCH_TEXT(argv[2]), NIGHTLATCH_NONE, 0, &secret, &error) == NIGHTLATCH_OK)
        puts(nightlatch_secret_value(secret, NULL));
    else
        fprintf(stderr, "%s\n", error ? nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL) : "usage: get_secret VAULT_URL NAME");
    int failed = secret == NULL;
    nightlatch_secret_free(secret), nightlatch_error_free(error), nightlatch_vault_free(vault);
    return failed;
}
