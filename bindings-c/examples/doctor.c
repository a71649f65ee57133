/*
 * What works on this host, what does not, and why.
 *
 *   doctor VAULT_URL diagnose [NAME]       goes the whole way once, and tells the one missing step
 *   doctor VAULT_URL check [NAME...]       whether these secrets (16 at most; none: the vault) are at hand, for readiness probes
 *   doctor VAULT_URL explain               which identities would be tried, and what 10 secrets in 3 processes cost
 *
 * Ends with 0 if all is well, 1 if somebody has to mend something, 2 after wrong usage, 3 if the trouble may pass by itself.
 */
#include <nightlatch_curl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    nightlatch_vault *vault = NULL;
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    const char *what = argc > 2 ? argv[2] : "", *name = argc > 3 ? argv[3] : "";
    const char *names[16];
    size_t lens[16], count = 0;
    nightlatch_status status = NIGHTLATCH_INVALID_ARGUMENT;
    if (argc > 2 && argc <= 3 + 16)
        status = nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &vault, &error);
    if (status == NIGHTLATCH_OK)
        for (; count < (size_t)argc - 3; count++)
            names[count] = argv[3 + count], lens[count] = strlen(names[count]);
    if (status == NIGHTLATCH_OK && argc <= 4 && strcmp(what, "diagnose") == 0)
        status = nightlatch_vault_diagnose(vault, NIGHTLATCH_TEXT(name), NIGHTLATCH_NONE, 0, &report, &error);
    else if (status == NIGHTLATCH_OK && strcmp(what, "check") == 0)
        status = nightlatch_vault_check(vault, names, lens, count, 0, &report, &error);
    else if (status == NIGHTLATCH_OK && argc == 3 && strcmp(what, "explain") == 0)
        status = nightlatch_vault_explain(vault, 10, 3, &report, &error);

    int ended = 2;
    if (report != NULL) {
        fputs(nightlatch_report_text(report, NIGHTLATCH_TEXT("text"), NULL), stdout);
        ended = nightlatch_report_ok(report) ? 0 : nightlatch_report_is_transient(report) ? 3 : 1;
    } else {
        fprintf(stderr, "%s\n", error != NULL ? nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL)
                                             : "usage: doctor VAULT_URL diagnose [NAME] | check [NAME...] | explain");
    }
    nightlatch_report_free(report), nightlatch_error_free(error), nightlatch_vault_free(vault);
    return ended;
}
