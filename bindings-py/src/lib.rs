//! The engine's calls as one native Python module, `nightlatch._native`.
//!
//! Everything a user of the package sees is written in Python, beside this crate, in `python/nightlatch`. Here is
//! only what must be native: the engine itself, and the cached read, which has to cost no more than a Python
//! method over a dict.
//!
//! * [`engine`]: the engine behind a lock
//! * [`reader`]: the cached read, and the base class of clients around it
//! * [`convert`]: what crosses the border, as small tuples
//! * [`reference`]: what the command line needs of references
//! * [`scan`]: what it needs to search files
//! * [`signer`]: keys that sign without leaving this module
//! * [`error`]: errors of the core as exceptions
//! * [`clock`]: the two clocks, real or set by a test
//!
//! **Locks and the interpreter.** The engine's lock is taken, used for a few microseconds and released without
//! leaving the interpreter (the GIL stays held), and neither Python code nor the destructor of a Python object
//! runs under it. Therefore nobody can wait for the GIL while holding the lock, and at a `fork` no
//! other thread can be inside it.

mod clock;
mod convert;
mod engine;
mod error;
mod reader;
mod reference;
mod scan;
mod signer;

use pyo3::prelude::*;

/// The native half of nightlatch. Private: its shape follows the engine, not the users.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::clock::ManualClock;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::reader::{CachedSecrets, SecretReader};
    #[pymodule_export]
    use crate::reference::{Masker, read_dotenv};
    #[pymodule_export]
    use crate::scan::{Scanned, reference_to};
    #[pymodule_export]
    use crate::signer::Signer;

    use nightlatch_core::config::Environment;
    use nightlatch_core::effect::{FaultKind, Response};
    use nightlatch_core::error::{Error, ErrorKind};
    use nightlatch_core::identity::cloud::AUTHORITY_HOSTS;
    use pyo3::prelude::*;
    use pyo3::types::{IntoPyDict, PyTuple};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add(
            "ERROR_KINDS",
            PyTuple::new(py, ErrorKind::ALL.iter().map(|kind| kind.name()))?,
        )?;
        let transient = |kind: &&ErrorKind| Error::new(**kind, "").is_transient();
        let transient: Vec<&ErrorKind> = ErrorKind::ALL.iter().filter(transient).collect();
        module.add(
            "TRANSIENT_KINDS",
            PyTuple::new(py, transient.iter().map(|kind| kind.name()))?,
        )?;
        module.add(
            "FAULT_KINDS",
            PyTuple::new(py, FaultKind::ALL.iter().map(|kind| kind.name()))?,
        )?;
        module.add("ENVIRONMENT_NAMES", PyTuple::new(py, Environment::NAMES)?)?;
        module.add("AUTHORITY_HOSTS", AUTHORITY_HOSTS.to_vec().into_py_dict(py)?)?;
        module.add("DEFAULT_AUTHORITY", AUTHORITY_HOSTS[0].1)?;
        module.add("BODY_LIMIT", Response::BODY_LIMIT)
    }
}
