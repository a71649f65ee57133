/* The second door: an engine driven by hand, with a clock that is a variable. */
#include "check.h"

static nightlatch_operation *get_secret(const char *name)
{
    nightlatch_operation *operation = nightlatch_operation_new(T("get_secret"));
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("name"), T(name)) == OK);
    return operation;
}

/* Performs everything at once, until the operation ends. Returns the secret, or NULL with the error's status. */
static nightlatch_secret *drive(nightlatch_engine *engine, world *w, uint64_t number, uint64_t now, nightlatch_status *status)
{
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    nightlatch_output *output;
    nightlatch_secret *secret = NULL;
    bool ended = false;
    *status = OK;
    while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
        switch (nightlatch_output_kind_of(output)) {
        case NIGHTLATCH_OUTPUT_PERFORM:
            world_http(w, nightlatch_output_effect(output), outcome);
            CHECK(nightlatch_output_reply(output) == NULL && nightlatch_output_event(output, NULL) == NULL);
            CHECK(nightlatch_engine_complete(engine, nightlatch_output_effect_id(output), outcome, now, 1800000000000) == OK);
            break;
        case NIGHTLATCH_OUTPUT_EVENT:
            world_event(w, nightlatch_output_event(output, NULL), strlen(nightlatch_output_event(output, NULL)));
            break;
        case NIGHTLATCH_OUTPUT_FINISHED:
            CHECK(!ended && nightlatch_output_operation(output) == number);
            ended = true;
            secret = nightlatch_reply_secret(nightlatch_output_reply(output));
            if (secret == NULL)
                *status = nightlatch_error_status(nightlatch_output_error(output));
            break;
        default:
            CHECK(false);
        }
        nightlatch_output_free(output);
    }
    CHECK(ended);
    nightlatch_outcome_free(outcome);
    return secret;
}

int main(void)
{
    world w = new_world();
    nightlatch_engine *engine = NULL;
    nightlatch_error *error = NULL;
    nightlatch_config *config = world_config();
    nightlatch_operation *operation = get_secret("db"), *wrong = get_secret("not_a_name");
    nightlatch_status status;
    uint64_t number = 0, now = 1000000, due = 0;

    CHECK(nightlatch_engine_new(config, &engine, &error) == OK);
    nightlatch_config_free(config);
    CHECK(!nightlatch_engine_poll_timeout(engine, &due) && nightlatch_engine_poll_output(engine) == NULL);
    CHECK(nightlatch_engine_start(engine, wrong, now, 0, &number, &error) == NIGHTLATCH_INVALID_ARGUMENT);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_ADVICE, NULL), "not-a-name") != NULL);
    nightlatch_error_free(error);

    CHECK(nightlatch_engine_cached(engine, operation, now) == NULL);
    CHECK(nightlatch_engine_start(engine, operation, now, 1800000000000, &number, NULL) == OK);
    CHECK(nightlatch_engine_poll_timeout(engine, &due) && due > now);
    nightlatch_secret *secret = drive(engine, &w, number, now, &status);
    CHECK(secret != NULL && strcmp(nightlatch_secret_value(secret, NULL), SECRET_VALUE) == 0);
    CHECK(w.tokens == 1 && w.secrets == 1 && w.events == 2);
    CHECK(!nightlatch_engine_poll_timeout(engine, &due));
    nightlatch_secret_free(secret);

    secret = nightlatch_engine_cached(engine, operation, now + 1000);
    CHECK(secret != NULL);
    nightlatch_secret_free(secret);
    CHECK(nightlatch_engine_cached(engine, operation, now + 3600000) == NULL); /* its life is over */
    CHECK(nightlatch_engine_invalidate(engine, operation) == OK && nightlatch_engine_cached(engine, operation, now) == NULL);
    CHECK(nightlatch_engine_invalidate_all(engine) == OK && nightlatch_engine_invalidate(engine, wrong) == NIGHTLATCH_INVALID_ARGUMENT);

    /* a cancelled operation aborts its effect and never ends */
    CHECK(nightlatch_engine_start(engine, operation, now, 1800000000000, &number, NULL) == OK);
    nightlatch_output *output = nightlatch_engine_poll_output(engine);
    uint64_t effect = nightlatch_output_effect_id(output);
    CHECK(nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_PERFORM && nightlatch_output_operation(output) == number);
    nightlatch_output_free(output);
    CHECK(nightlatch_engine_cancel(engine, number, now, 1800000000000) == OK);
    output = nightlatch_engine_poll_output(engine);
    CHECK(nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_ABORT && nightlatch_output_effect_id(output) == effect);
    CHECK(nightlatch_output_effect(output) == NULL && nightlatch_output_error(output) == NULL);
    nightlatch_output_free(output);
    CHECK(nightlatch_engine_poll_output(engine) == NULL && !nightlatch_engine_poll_timeout(engine, &due));
    CHECK(nightlatch_engine_cancel(engine, 4711, now, 0) == OK);

    /* nobody answers: the timer ends the exchange, then the operation */
    w.fail_times = 0;
    CHECK(nightlatch_operation_set_number(operation, T("timeout"), 2) == OK);
    CHECK(nightlatch_engine_start(engine, operation, now, 1800000000000, &number, NULL) == OK);
    status = OK;
    for (int i = 0; i < 50 && status == OK; i++) {
        while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
            if (nightlatch_output_kind_of(output) == NIGHTLATCH_OUTPUT_FINISHED)
                status = nightlatch_error_status(nightlatch_output_error(output));
            nightlatch_output_free(output);
        }
        if (nightlatch_engine_poll_timeout(engine, &due))
            CHECK(nightlatch_engine_handle_timeout(engine, due, 1800000000000) == OK);
    }
    CHECK(status == NIGHTLATCH_TIMEOUT && due <= now + 2000);
    nightlatch_operation_free(operation), nightlatch_operation_free(wrong);
    nightlatch_engine_free(engine);
    return done("engine");
}
