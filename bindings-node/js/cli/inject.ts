/**
 * `nightlatch inject`: a file with the secrets in place of its references.
 *
 * @module
 */

import { asGiven, limited, milliseconds, oneOf, parsed, UsageError } from "./arguments.js";
import { dotenvOf } from "./dotenv.js";
import { type End, OK } from "./end.js";
import { replace, textOf } from "./files.js";
import { credentialOf, nightlatch } from "./package.js";

const FORMS = ["json", "env"] as const;
const NOT_YET = /\.(yaml|yml|toml)$/i;

/** The command line's. */
export async function inject(given: string[]): Promise<End> {
  const { words, values } = parsed(given, [], {
    input: asGiven,
    output: asGiven,
    form: oneOf(FORMS),
    "client-id": asGiven,
    timeout: milliseconds,
  });
  limited(words, 0, 0);
  const { input, output, timeout } = values;
  if (input === undefined) {
    throw new UsageError("-i TEMPLATE is missing");
  }
  const form = values.form ?? formOf(input);
  const text = textOf(input);
  const { ReferenceResolver } = nightlatch();
  const resolver = new ReferenceResolver(credentialOf(values));
  const filling =
    form === "json"
      ? resolver.resolveJson(text, { timeout })
      : resolver.resolveDotenv(text, { timeout }).then(dotenvOf);
  const filled = await filling.finally(() => resolver.close());
  if (output === undefined) {
    return [OK, filled];
  }
  replace(output, filled);
  return [OK, ""];
}

function formOf(template: string): (typeof FORMS)[number] {
  const form = FORMS.find((one) => template.toLowerCase().endsWith(`.${one}`));
  if (form !== undefined) {
    return form;
  }
  const kind = NOT_YET.exec(template)?.[1];
  throw new UsageError(
    kind === undefined
      ? `--form is missing: the name ${template} does not tell whether it is json or env`
      : `${kind.toUpperCase()} files cannot be written yet: a JSON or .env file can`,
  );
}
