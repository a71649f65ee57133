//! `bindgen INPUT.wasm OUTPUT_FOLDER NAME`: what `wasm-bindgen --target web` does, without the web server and TLS client
//! that come with that command.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(input), Some(output), Some(name)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: bindgen INPUT.wasm OUTPUT_FOLDER NAME".into());
    };
    wasm_bindgen_cli_support::Bindgen::new()
        .web(true)?
        .input_path(input)
        .typescript(true)
        .out_name(&name.to_string_lossy())
        // Entry points say themselves where the module is: a default would pull it into every bundle.
        .omit_default_module_path(true)
        .generate(output)?;
    Ok(())
}
