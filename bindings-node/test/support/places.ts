/** Where things lie, seen from the bundled tests. */

import { join } from "node:path";

/** The folder of this package. */
export const PACKAGE = join(import.meta.dirname, "..");
/** The folder of the whole project. */
export const ROOT = join(PACKAGE, "..");
