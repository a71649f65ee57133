//! What a file is, by its name.

/// How a file is read. The names are stable: tests and hosts pass them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.env` files: variables.
    Env,
    /// JSON, also with comments and commas at the end of lists.
    Json,
    /// YAML, line by line.
    Yaml,
    /// TOML, line by line.
    Toml,
    /// INI, `.properties`, `.npmrc` and their like.
    Ini,
    /// XML, such as `web.config`.
    Xml,
    /// Anything else, also programs: there a reference cannot take a value's place.
    Text,
}

impl Kind {
    /// The kind of a file with this name or path.
    pub fn of(path: &str) -> Self {
        let name = path
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if name == ".env" || name.starts_with(".env.") {
            return Self::Env;
        }
        let (stem, end) = name.rsplit_once('.').unwrap_or((&name, ""));
        match end {
            "env" => Self::Env,
            "json" | "jsonc" | "json5" | "tfstate" | "ipynb" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            "ini" | "cfg" | "conf" | "cnf" | "properties" | "npmrc" | "pypirc" => Self::Ini,
            "config" | "xml" | "csproj" | "props" | "pubxml" | "publishsettings" | "resx" => Self::Xml,
            "credentials" | "aws" if stem.is_empty() => Self::Ini,
            "" if matches!(stem, "credentials" | "config") => Self::Ini,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        for (path, kind) in [
            (".env", Kind::Env),
            ("app/.env.production", Kind::Env),
            ("prod.ENV", Kind::Env),
            ("C:\\app\\appsettings.Development.json", Kind::Json),
            ("docker-compose.yml", Kind::Yaml),
            ("Cargo.toml", Kind::Toml),
            ("~/.npmrc", Kind::Ini),
            (".aws/credentials", Kind::Ini),
            ("Web.config", Kind::Xml),
            ("main.py", Kind::Text),
            ("README", Kind::Text),
            ("", Kind::Text),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
