//! Runs programs, for hosts that bring no callback for it: directly, without a shell, without input, from a
//! directory nobody else writes to.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nightlatch_core::effect::{Fault, FaultKind, Outcome};

use crate::files::fault;
use crate::growing::Growing;

/// Bytes read of each output stream; a program that writes more is ended.
const OUTPUT_LIMIT: usize = 1 << 20;

/// A grandchild may hold the pipe open after its parent has ended; so long is waited for it.
const LINGER: Duration = Duration::from_secs(1);

/// How the program ended, or why it could not be run. `wanted` is asked now and then.
pub(crate) fn run<'a>(
    mut arguments: impl Iterator<Item = &'a str>,
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    timeout: Duration,
    wanted: impl Fn() -> bool,
) -> Outcome {
    let Some(program) = arguments.next().and_then(find) else {
        return Outcome::Failed(Fault::new(FaultKind::NotFound, ""));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables)
        .current_dir(safe_directory())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(why) => return Outcome::Failed(fault(&why)),
    };
    let outputs = [collect(child.stdout.take()), collect(child.stderr.take())];
    let ended = wait(&mut child, timeout, wanted);
    if ended.is_err() {
        kill(&mut child);
    }
    match ended {
        Err(kind) => Outcome::Failed(Fault::new(kind, "")),
        Ok(status) => {
            let [stdout, stderr] = outputs.map(|output| output.recv_timeout(LINGER).unwrap_or_default());
            if stdout.len().max(stderr.len()) > OUTPUT_LIMIT {
                return Outcome::Failed(Fault::new(FaultKind::TooLarge, ""));
            }
            Outcome::Ran {
                status: status.code(),
                stdout: stdout.finish(),
                stderr: stderr.finish(),
            }
        }
    }
}

/// The program's absolute path, from the absolute directories on `PATH` only: never the current one.
fn find(name: &str) -> Option<PathBuf> {
    let given = Path::new(name);
    if given.is_absolute() {
        return Some(given.to_owned());
    }
    if given.components().count() != 1 {
        return None;
    }
    let folders = env::var_os("PATH")?;
    let suffix = env::consts::EXE_SUFFIX;
    env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(format!("{name}{suffix}")))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn safe_directory() -> PathBuf {
    if cfg!(windows) {
        env::var_os("SYSTEMROOT").map_or_else(|| r"C:\Windows".into(), PathBuf::from)
    } else {
        "/bin".into()
    }
}

/// Reads a stream in a thread of its own, which ends with the stream.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Growing> {
    let (sender, receiver) = channel();
    if let Some(mut stream) = stream {
        thread::spawn(move || {
            let mut output = Growing::default();
            // What was read before an error is the output.
            let _ = output.read_from(&mut stream, OUTPUT_LIMIT);
            let _ = sender.send(output);
        });
    }
    receiver
}

fn wait(child: &mut Child, timeout: Duration, wanted: impl Fn() -> bool) -> Result<ExitStatus, FaultKind> {
    let (began, mut pause) = (Instant::now(), Duration::from_millis(1));
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if began.elapsed() >= timeout => return Err(FaultKind::Timeout),
            Ok(None) if !wanted() => return Err(FaultKind::Interrupted),
            Ok(None) => thread::sleep(pause),
            Err(_) => return Err(FaultKind::Other),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends the program, with its children where the system allows.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        // SAFETY: a plain call; the child leads a group of its own and was not waited for, so the number is still its.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Milliseconds that no slow machine needs, under valgrind either.
    const LONG: u64 = 60_000;

    fn sh(script: &str, timeout_ms: u64) -> Outcome {
        let arguments = ["sh", "-c", script].into_iter();
        let variables = [("GIVEN", "by the host")].into_iter();
        run(arguments, variables, Duration::from_millis(timeout_ms), || true)
    }

    fn fault_of(outcome: Outcome) -> FaultKind {
        match outcome {
            Outcome::Failed(fault) => fault.kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_program_says_how_it_ended_and_what_it_wrote() {
        let Outcome::Ran {
            status,
            stdout,
            stderr,
        } = sh("echo $GIVEN from ${PWD##*/}; echo oops >&2; exit 3", LONG)
        else {
            panic!("it did not run");
        };
        assert_eq!(status, Some(3));
        assert_eq!(
            (stdout.expose_str(), stderr.expose_str()),
            (Some("by the host from bin\n"), Some("oops\n"))
        );
        let Outcome::Ran { status, .. } = sh("kill -9 $$", LONG) else {
            panic!("it did not run")
        };
        assert_eq!(status, None);
    }

    #[test]
    fn what_cannot_be_run_is_a_fault() {
        let missing = |name: &'static str| {
            run([name].into_iter(), [].into_iter(), Duration::from_secs(1), || {
                true
            })
        };
        assert_eq!(fault_of(missing("no-such-program-anywhere")), FaultKind::NotFound);
        assert_eq!(fault_of(missing("/bin/no-such-program")), FaultKind::NotFound);
        assert_eq!(fault_of(missing("../bin/sh")), FaultKind::NotFound);
    }

    #[test]
    fn a_program_is_ended_with_its_children_when_its_time_is_up() {
        let began = Instant::now();
        assert_eq!(fault_of(sh("sleep 60 & sleep 60", 100)), FaultKind::Timeout);
        let unwanted = run(
            ["sleep", "60"].into_iter(),
            [].into_iter(),
            Duration::from_secs(60),
            || false,
        );
        assert_eq!(fault_of(unwanted), FaultKind::Interrupted);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_writes_without_end_is_stopped() {
        assert_eq!(
            fault_of(sh("head -c 3000000 /dev/zero", LONG)),
            FaultKind::TooLarge
        );
    }
}
