/*
 * fork_curl VAULT_URL NAME: a forked child makes connections of its own. If it used its parent's, or closed them, the
 * parent's next exchange would fail; there is no second try.
 */
#include "check.h"

#include <nightlatch_curl.h>
#include <sys/wait.h>
#include <unistd.h>

static void refresh(nightlatch_vault *vault, const char *name)
{
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    CHECK(nightlatch_vault_refresh_secret(vault, T(name), NONE, 0, &secret, &error) == OK);
    if (error != NULL)
        printf("%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_error_free(error), nightlatch_secret_free(secret);
}

int main(int argc, char **argv)
{
    nightlatch_config *config = nightlatch_config_new();
    nightlatch_vault *vault = NULL;
    int status = -1;
    CHECK(argc == 3 && nightlatch_config_set_number(config, T("retry.tries"), 1) == OK);
    CHECK(nightlatch_config_set_number(config, T("cache.refresh_interval"), 0) == OK);
    CHECK(nightlatch_curl_open(config, T(argv[1]), &vault, NULL) == OK);
    refresh(vault, argv[2]);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        refresh(vault, argv[2]);
        nightlatch_vault_free(vault), nightlatch_config_free(config);
        fflush(stdout);
        _exit(failures != 0); /* what the parent's connections hold is left alone, and nobody is to call it a leak */
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    refresh(vault, argv[2]);
    nightlatch_vault_free(vault), nightlatch_config_free(config);
    return done("fork_curl");
}
