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

const FORMS = ["json", "yaml", "toml", "env"] as const;
type Form = (typeof FORMS)[number];

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
  const fill: Record<Form, () => Promise<string>> = {
    json: () => resolver.resolveJson(text, { timeout }),
    yaml: () => resolver.resolveYaml(text, { timeout }),
    toml: () => resolver.resolveToml(text, { timeout }),
    env: () => resolver.resolveDotenv(text, { timeout }).then(dotenvOf),
  };
  const filled = await fill[form]().finally(() => resolver.close());
  if (output === undefined) {
    return [OK, filled];
  }
  replace(output, filled);
  return [OK, ""];
}

function formOf(template: string): Form {
  const name = template.toLowerCase();
  const form = name.endsWith(".yml") ? "yaml" : FORMS.find((one) => name.endsWith(`.${one}`));
  if (form === undefined) {
    throw new UsageError(`--form is missing: the name ${template} does not tell it`);
  }
  return form;
}
