//! Sources of other languages as text.

use std::collections::BTreeSet;
use std::path::Path;

use nightlatch_tests::source::files;

use super::Surface;

/// A file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// What stands between two texts, each of which has to be there.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("{start:?} is nowhere"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("no {end:?} after {start:?}"))
        .0
}

/// TypeScript without its comments; a comment that shares a line with code stays.
pub(crate) fn typescript(path: &Path) -> String {
    let mut inside = false;
    let keeps = |line: &&str| {
        let line = line.trim_start();
        let comment = inside || line.starts_with("//") || line.starts_with("/*");
        inside = (inside || line.starts_with("/*")) && !line.ends_with("*/");
        !comment
    };
    let text = read(path);
    text.lines()
        .filter(keeps)
        .fold(String::new(), |kept, line| kept + line + "\n")
}

/// Python without documentation and without lines that are comments.
pub(crate) fn python(path: &Path) -> String {
    let text: String = read(path).split("\"\"\"").step_by(2).collect();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.fold(String::new(), |kept, line| kept + line + "\n")
}

/// The texts in double quotes.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// All identifiers.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// The kinds of faults that a host names: arguments of `constructor`, and any quoted text that is one of `kinds`.
pub(crate) fn faults(folder: &Path, ending: &str, constructor: &str, kinds: &[&str]) -> Surface {
    let mut found = Surface::new();
    let call = format!("{constructor}(\"");
    for (_, source) in files(folder, ending) {
        let given = source.split(&call).skip(1);
        let given = given.filter_map(|rest| rest.split('"').next());
        let listed = source
            .lines()
            .flat_map(quoted)
            .filter(|text| kinds.contains(text));
        found.extend(given.chain(listed).map(|kind| format!("fault {kind}")));
    }
    found
}
