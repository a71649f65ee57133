//! `bindgen INPUT.wasm OUTPUT_FOLDER NAME`: what `wasm-bindgen --target web` does, without the web server and TLS client
//! that come with that command; and what the module imports gets short names.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(input), Some(output), Some(name)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: bindgen INPUT.wasm OUTPUT_FOLDER NAME".into());
    };
    let name = name.to_string_lossy();
    let mut bound = wasm_bindgen_cli_support::Bindgen::new()
        .web(true)?
        .input_path(input)
        .typescript(true)
        .out_name(&name)
        // Entry points say themselves where the module is: a default would pull it into every bundle.
        .omit_default_module_path(true)
        .generate_output()?;

    // Each name ends with a hash, which nothing compresses, and stands both in the module and in the glue. By their order,
    // so that modules that import the same have the same glue.
    let mut names: Vec<String> = bound
        .wasm()
        .imports
        .iter()
        .map(|import| import.name.clone())
        .collect();
    names.sort();
    for import in bound.wasm_mut().imports.iter_mut() {
        let at = names
            .binary_search(&import.name)
            .map_err(|_| "an import without a name")?;
        import.name = short(at);
    }
    bound.emit(&output)?;
    let glue = Path::new(&output).join(format!("{name}.js"));
    let mut text = fs::read_to_string(&glue)?;
    for (at, name) in names.iter().enumerate() {
        let (long, short) = (
            format!(" {name}: function("),
            format!(" {}: function(", short(at)),
        );
        if text.matches(&long).count() != 1 {
            return Err(format!("the glue has not one function {name}").into());
        }
        text = text.replace(&long, &short);
    }
    fs::write(glue, text)?;
    Ok(())
}

fn short(at: usize) -> String {
    format!("i{at}")
}
