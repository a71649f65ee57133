/*
 * Encrypts a text with an RSA key of a vault, or decrypts one: what is printed may be stored where others read.
 *
 *   encrypt VAULT_URL KEY TEXT             prints a compact JWE
 *   encrypt VAULT_URL KEY --decrypt TEXT   prints the text
 *
 * Ends with 0 if that went well, 1 if not, 2 after wrong usage.
 */
#include <nightlatch_curl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    nightlatch_vault *vault = NULL;
    nightlatch_value *value = NULL;
    nightlatch_error *error = NULL;
    nightlatch_encryption encryption = NIGHTLATCH_ENCRYPTION_INIT;
    bool decrypts = argc == 5 && strcmp(argv[3], "--decrypt") == 0;
    if (argc != 4 && !decrypts) {
        fprintf(stderr, "usage: encrypt VAULT_URL KEY [--decrypt] TEXT\n");
        return 2;
    }
    encryption.key = argv[2], encryption.key_len = strlen(argv[2]);
    nightlatch_status status = nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &vault, &error);
    if (status == NIGHTLATCH_OK)
        status = (decrypts ? nightlatch_vault_decrypt : nightlatch_vault_encrypt)(vault, &encryption, NIGHTLATCH_TEXT(argv[argc - 1]), 0, &value, &error);
    if (status == NIGHTLATCH_OK)
        puts(nightlatch_value_data(value, NULL));
    else
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_value_free(value), nightlatch_error_free(error), nightlatch_vault_free(vault);
    return status == NIGHTLATCH_OK ? 0 : 1;
}
