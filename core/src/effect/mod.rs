//! What the engine asks of its host, and what the host answers.
//!
//! * here: effects and their outcomes
//! * [`http`]: requests and answers
//! * [`fault`]: why something could not be done

mod fault;
mod http;

use std::time::Duration;

use crate::sensitive::Sensitive;
use crate::time::UnixTime;

pub use self::fault::{Fault, FaultKind};
pub use self::http::{Method, Request, Response, Route};

/// Names one effect for as long as its engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// One thing for the host to do. It answers each with one [`Outcome`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// One HTTP exchange. No redirect is ever followed.
    Http {
        /// What to send.
        request: Request,
        /// How long the whole exchange may take. The engine stops waiting by itself; the value lets
        /// a host that blocks give up in time.
        timeout: Duration,
        /// Whether a proxy may stand in between.
        route: Route,
    },
    /// Read a whole file.
    ReadFile {
        /// Absolute path.
        path: String,
        /// More bytes than this are answered with [`FaultKind::TooLarge`]; with 0 only whether the file exists is
        /// asked.
        limit: usize,
        /// Whether a symbolic link, or anything else that is no plain file, is answered with
        /// [`FaultKind::NotPlain`].
        plain: bool,
    },
    /// Run a program directly, without a shell and without input, from a directory that only the
    /// operating system's owner can write to.
    Run {
        /// Program (a bare name, looked up on `PATH`, or an absolute path) and arguments.
        argv: Vec<String>,
        /// Variables added to the host's environment.
        env: Vec<(String, String)>,
        /// How long it may run before it is killed.
        timeout: Duration,
    },
    /// Ask a credential object of another SDK, which the host holds, for a token.
    HostToken {
        /// Which of the host's credential objects, by the number the configuration gave it.
        handle: u32,
        /// Scopes such as `https://vault.azure.net/.default`.
        scopes: Vec<String>,
        /// Tenant to ask, if not the credential's own.
        tenant: Option<String>,
        /// Claims of a challenge (JSON).
        claims: Option<String>,
        /// Whether the resource understands continuous access evaluation.
        enable_cae: bool,
    },
    /// Sign with an RSA key. Always the host's work: a signature wants random numbers, and the key may live where
    /// nobody can read it.
    Sign {
        /// Which key.
        key: SigningKey,
        /// How.
        algorithm: Algorithm,
        /// What to sign.
        message: Vec<u8>,
        /// Its SHA-256, for keys that sign digests (a Key Vault key, some security modules).
        digest: [u8; 32],
    },
    /// Ask a function of the user's for a client assertion (a JWT that proves the application).
    Assertion {
        /// Which of the host's functions, by the number the configuration gave it.
        handle: u32,
    },
    /// Tell a person where to sign in; answered once they were told.
    Prompt {
        /// Which of the host's functions tells them; `None`: the host's own way, such as a line on the terminal.
        handle: Option<u32>,
        /// The service's sentence, which holds the other two.
        message: String,
        /// What to type there.
        user_code: String,
        /// The page to open.
        verification_uri: String,
        /// When the code ends.
        expires_on: UnixTime,
    },
    /// Let a person sign in with a browser: listen on this machine's loopback address, open the page, wait for the
    /// browser to come back.
    Browse {
        /// The page to open. `{redirect_uri}` in it stands for the listener's address, percent-encoded.
        url: String,
        /// Port to listen on; `None`: any that is free.
        port: Option<u16>,
        /// The `state` that the coming back must carry; whatever else arrives is refused and not waited for.
        state: String,
        /// How long to wait.
        timeout: Duration,
    },
    /// Give bytes that nobody can foresee, from the operating system's random source: they become keys.
    #[cfg(feature = "encryption")]
    Random {
        /// How many, at most 64 KiB.
        length: usize,
    },
    /// Call one of the functions with which an operation rotates a secret: those that came with the operation, on its
    /// behalf alone. A function that the caller did not give has nothing to do: answer [`Outcome::Done`].
    #[cfg(feature = "manage")]
    Rotate {
        /// Whose functions, by the number that the operation gave.
        handle: u32,
        /// Which function.
        step: RotationStep,
        /// What it is given; making a value takes none.
        value: Option<Sensitive>,
        /// The slot that the value is for, if the secret has two.
        slot: Option<String>,
    },
}

/// The functions with which a secret is rotated.
#[cfg(feature = "manage")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStep {
    /// Makes a new value; answered with [`Outcome::Made`].
    Make,
    /// Puts a value into effect where it is used, such as a database. It may be called again with the same value, and
    /// with the old one. Answered with [`Outcome::Done`].
    Apply,
    /// Finds out whether a value works. Answered with [`Outcome::Done`]; if it does not, with [`FaultKind::Refused`].
    Verify,
}

#[cfg(feature = "manage")]
impl RotationStep {
    /// The function's name.
    pub const fn name(self) -> &'static str {
        match self {
            RotationStep::Make => "make",
            RotationStep::Apply => "apply",
            RotationStep::Verify => "verify",
        }
    }
}

/// An RSA key to sign with.
#[derive(Clone, Debug)]
pub enum SigningKey {
    /// A key that came as a file or text: PKCS #8 in DER.
    Pkcs8(Sensitive),
    /// A key that the host reaches by a function of the user's, by the number the configuration gave it.
    Host(u32),
}

/// A signature algorithm (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256; the salt has 32 bytes.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// As in a JWT's header.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ps256 => "PS256",
            Algorithm::Rs256 => "RS256",
        }
    }
}

impl Effect {
    /// Lets it take at most `limit`.
    pub(crate) fn shorten(&mut self, limit: Duration) {
        match self {
            Effect::Http { timeout, .. } | Effect::Run { timeout, .. } | Effect::Browse { timeout, .. } => {
                *timeout = limit.min(*timeout);
            }
            Effect::ReadFile { .. }
            | Effect::HostToken { .. }
            | Effect::Sign { .. }
            | Effect::Assertion { .. }
            | Effect::Prompt { .. } => {}
            #[cfg(feature = "encryption")]
            Effect::Random { .. } => {}
            #[cfg(feature = "manage")]
            Effect::Rotate { .. } => {}
        }
    }
}

/// The host's answer to an effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// To [`Effect::Http`]: an answer arrived, whatever its status.
    Http(Response),
    /// To [`Effect::ReadFile`]: the file.
    File {
        /// Its content.
        content: Sensitive,
        /// Whether others than its owner may read it, as far as the host can tell.
        shared: bool,
    },
    /// To [`Effect::Run`]: the program ended.
    Ran {
        /// Exit status; `None` when a signal ended it.
        status: Option<i32>,
        /// What it wrote to standard output.
        stdout: Sensitive,
        /// What it wrote to standard error.
        stderr: Sensitive,
    },
    /// To [`Effect::HostToken`]: the token.
    Token {
        /// The bearer token.
        token: Sensitive,
        /// When it ends.
        expires_on: UnixTime,
        /// When it should be renewed, if the credential said.
        refresh_on: Option<UnixTime>,
    },
    /// To [`Effect::Sign`]: the signature.
    Signed(Vec<u8>),
    /// To [`Effect::Assertion`]: the assertion.
    Assertion(Sensitive),
    /// To [`Effect::Prompt`]: the person was told.
    Prompted,
    /// To [`Effect::Browse`]: the browser came back.
    Returned {
        /// The address at which it did, as it stood in the page's URL.
        redirect_uri: String,
        /// What it brought, a query or a form (`application/x-www-form-urlencoded`).
        answer: Sensitive,
    },
    /// To [`Effect::Random`]: the bytes, as many as were asked for.
    #[cfg(feature = "encryption")]
    Random(Sensitive),
    /// To making a value by [`Effect::Rotate`]: the value.
    #[cfg(feature = "manage")]
    Made(Sensitive),
    /// To the other steps of [`Effect::Rotate`]: the function has returned, and said nothing against the value.
    #[cfg(feature = "manage")]
    Done,
    /// It could not be done.
    Failed(Fault),
}
