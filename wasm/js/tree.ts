/**
 * The texts of a tree, such as a parsed configuration: what the engine is asked about, and a copy with other texts. Which
 * of them are references, the engine alone knows. It is given the texts as JSON of the same shape, so that it can name
 * their places; all else of the tree stays here and is what it was.
 *
 * @module
 */

import { invalidArgument } from "./errors.js";

/** A part of a tree under its key, and under the name that stands for the key in JSON. */
type Part = [name: string, key: unknown, value: unknown];

/** The texts of a tree at their places, as JSON can say them; `null` for everything else. */
export function outline(tree: unknown, above: readonly unknown[] = []): unknown {
  if (typeof tree === "string") {
    return unicode(tree);
  }
  if (above.includes(tree)) {
    throw invalidArgument("The tree holds itself.");
  }
  const parts = partsOf(tree)?.map(([name, , part]) => [name, outline(part, [...above, tree])] as const);
  if (parts === undefined) {
    return null;
  }
  return isList(tree) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/**
 * A copy of a tree with other texts in it, which stand as {@link outline} gave them. What holds none that differs is the
 * very object.
 */
export function filled(tree: unknown, texts: unknown): unknown {
  if (typeof tree === "string") {
    return texts === unicode(tree) ? tree : texts;
  }
  const parts = partsOf(tree) ?? [];
  const copies = parts.map(([name, key, part]): [unknown, unknown] => [
    key,
    filled(part, (texts as Record<string, unknown>)[name]),
  ]);
  if (copies.every(([, copy], at) => Object.is(copy, parts[at]?.[2]))) {
    return tree;
  }
  switch (kindOf(tree)) {
    case "Array":
      return copies.map(([, copy]) => copy);
    case "Set":
      return new Set(copies.map(([, copy]) => copy));
    case "Map":
      return new Map(copies);
    default:
      return Object.fromEntries(copies as [string, unknown][]);
  }
}

/** A text that UTF-8 can say: halves of characters become replacement characters. */
export function unicode(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The parts of what has some, or may have; bytes have none. */
function partsOf(tree: unknown): Part[] | undefined {
  if (typeof tree !== "object" || tree === null || ArrayBuffer.isView(tree)) {
    return undefined;
  }
  if (isList(tree)) {
    return [...(tree as Iterable<unknown>)].map((part, at) => [String(at), at, part]);
  }
  const entries = kindOf(tree) === "Map" ? [...(tree as Map<unknown, unknown>)] : Object.entries(tree);
  const names = new Set<string>();
  return entries.map(([key, part]) => {
    let name = unicode(String(key));
    while (names.has(name)) {
      name += "'";
    }
    names.add(name);
    return [name, key, part];
  });
}

function isList(tree: unknown): boolean {
  return ["Array", "Set"].includes(kindOf(tree));
}

/** The kind of an object, also of one that another realm made. */
function kindOf(tree: unknown): string {
  return Object.prototype.toString.call(tree).slice(8, -1);
}
