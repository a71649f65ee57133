//! The Azure Arc agent (`himds`): IMDS with a challenge, for those who may read a file that only administrators may.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use uuid::Uuid;

use super::imds::{self, Failure, failure};
use super::{Selector, Wish};
use crate::config::{self, ArcChallenge, ArcUserAssigned};
use crate::message::{Answer, Reply, Request};
use crate::token::Principal;
use crate::world::World;

const API_VERSIONS: [&str; 2] = ["2019-11-01", "2020-06-01"];
const TOO_LARGE: usize = 5 * 1024;

/// The agent's settings, and the challenges that nobody met yet.
pub(crate) struct Agent {
    settings: Mutex<config::Arc>,
    /// The files to remove, by the content that each client must present.
    challenges: Mutex<HashMap<String, Vec<PathBuf>>>,
}

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(|failure| failure.answer())
}

fn token(world: &World, request: &Request) -> Result<Answer, Failure> {
    let agent = &world.hosts.arc;
    let resource = imds::requested_resource(request, &API_VERSIONS)?;
    let settings = agent.settings();
    if settings.challenge != ArcChallenge::Absent && !agent.is_met_by(request) {
        return agent.challenge(&settings);
    }
    let selector = imds::selector(request);
    let heeded = match settings.user_assigned {
        ArcUserAssigned::Echoed => &selector,
        ArcUserAssigned::Ignored | ArcUserAssigned::Mismatched => &Selector::Unnamed,
    };
    let principal = world.identities.find(heeded)?;
    imds::known_resource(world, &resource, principal)?;
    let token = world
        .identities
        .token(&world.tokens, principal, &Wish::of(&resource));
    let mut body = imds::body(&token, &resource);
    match settings.user_assigned {
        ArcUserAssigned::Echoed => echo(&mut body, &selector),
        ArcUserAssigned::Ignored => {}
        ArcUserAssigned::Mismatched => name(&mut body, principal),
    }
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

fn echo(body: &mut Value, selector: &Selector) {
    match selector {
        Selector::Unnamed => {}
        Selector::Client(id) => body["client_id"] = json!(id),
        Selector::Object(id) => body["object_id"] = json!(id),
        Selector::Resource(id) => body["msi_res_id"] = json!(id),
    }
}

fn name(body: &mut Value, principal: &Principal) {
    body["client_id"] = json!(principal.client_id);
    body["object_id"] = json!(principal.object_id);
    body["msi_res_id"] = json!(principal.resource_id);
}

impl Agent {
    pub(crate) fn new(settings: config::Arc) -> Agent {
        Agent {
            settings: Mutex::new(settings),
            challenges: Mutex::default(),
        }
    }

    /// Changes everything but the folder, unless that is named too.
    pub(crate) fn set(&self, settings: config::Arc) {
        let mut own = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let token_folder = settings.token_folder.or_else(|| own.token_folder.take());
        *own = config::Arc {
            token_folder,
            ..settings
        };
    }

    fn settings(&self) -> config::Arc {
        self.settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn challenges(&self) -> MutexGuard<'_, HashMap<String, Vec<PathBuf>>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request presents the content of a challenge, which is then used up.
    fn is_met_by(&self, request: &Request) -> bool {
        let content = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Basic "));
        let files = content.and_then(|content| self.challenges().remove(content));
        for file in files.iter().flatten() {
            // The test may have removed its folder already.
            let _ = fs::remove_file(file);
        }
        files.is_some()
    }

    fn challenge(&self, settings: &config::Arc) -> Result<Answer, Failure> {
        let folder = settings.token_folder.as_ref().ok_or_else(|| {
            failure(
                500,
                "unknown",
                "the emulator's configuration names no arc.token_folder",
            )
        })?;
        let size = if settings.challenge == ArcChallenge::TooLarge {
            TOO_LARGE
        } else {
            64
        };
        let content = Uuid::new_v4().simple().to_string().repeat(size / 32);
        let (named, files) = write(folder, settings.challenge, &content).map_err(|error| {
            let description = format!(
                "the emulator cannot write a challenge to {}: {error}",
                folder.display()
            );
            failure(500, "unknown", description)
        })?;
        self.challenges().insert(content, files);
        let challenge = match settings.challenge {
            ArcChallenge::NoRealm => "Basic".into(),
            _ => format!("Basic realm={}", named.display()),
        };
        let body =
            json!({ "error": "unauthorized", "error_description": "Present the content of the file." });
        Ok(Answer::refused(
            Reply::json(401, &body).with(WWW_AUTHENTICATE, &challenge),
        ))
    }
}

/// Writes the content where the kind of challenge wants it. Gives the path to name, and what to remove afterwards.
fn write(folder: &Path, challenge: ArcChallenge, content: &str) -> io::Result<(PathBuf, Vec<PathBuf>)> {
    let id = Uuid::new_v4();
    let key = format!("{id}.key");
    let outside = folder.parent().unwrap_or(folder).join(&key);
    match challenge {
        ArcChallenge::Good | ArcChallenge::TooLarge | ArcChallenge::NoRealm | ArcChallenge::Absent => {
            put(folder.join(key), content)
        }
        ArcChallenge::Unreadable => {
            let (key, files) = put(folder.join(key), content)?;
            forbid(&key)?;
            Ok((key, files))
        }
        ArcChallenge::WrongExtension => put(folder.join(format!("{id}.txt")), content),
        ArcChallenge::OutsideFolder => put(outside, content),
        ArcChallenge::Traversal => {
            let (_, files) = put(outside, content)?;
            Ok((folder.join("..").join(key), files))
        }
        ArcChallenge::Subfolder => {
            let below = folder.join("below");
            fs::create_dir_all(&below)?;
            put(below.join(key), content)
        }
        ArcChallenge::Symlink => {
            let link = folder.join(key);
            let (target, _) = put(outside, content)?;
            symlink(&target, &link)?;
            Ok((link.clone(), vec![link, target]))
        }
    }
}

fn put(path: PathBuf, content: &str) -> io::Result<(PathBuf, Vec<PathBuf>)> {
    private_file(&path)?.write_all(content.as_bytes())?;
    Ok((path.clone(), vec![path]))
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn forbid(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o000))
}

#[cfg(not(unix))]
fn forbid(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
