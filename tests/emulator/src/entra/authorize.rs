//! The sign-in page. Nobody has to type: it answers at once, as the configured user would.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::header::LOCATION;
use serde_json::json;

use super::error::EntraError;
use super::realm::Realm;
use super::sign_in::{Code, Grant};
use crate::config::{Outcome, ResponseMode};
use crate::directory::{Application, User};
use crate::message::{Answer, Reply, Request};
use crate::world::World;

pub(super) fn answer(world: &World, realm: Result<Realm<'_>, EntraError>, request: &Request) -> Answer {
    match realm.and_then(|realm| Page::open(world, &realm, request)) {
        Ok(page) => page.answer(world),
        // Without a place to go back to, the user sees a page.
        Err(error) => Answer::refused(Reply::text(400, error.text())),
    }
}

/// A sign-in that may go back to its client.
struct Page<'a> {
    request: &'a Request,
    application: &'a Application,
    redirect_uri: String,
}

/// What goes back in place of a code.
struct Refusal {
    error: String,
    description: String,
}

impl<'a> Page<'a> {
    fn open(world: &'a World, realm: &Realm<'a>, request: &'a Request) -> Result<Page<'a>, EntraError> {
        let required = |name: &str| {
            request
                .parameter(name)
                .ok_or_else(|| EntraError::missing_parameter(name))
        };
        let application = realm.application(world, &required("client_id")?)?;
        let redirect_uri = required("redirect_uri")?;
        if !application.may_redirect_to(&redirect_uri) {
            return Err(EntraError::wrong_redirect(&redirect_uri));
        }
        Ok(Page {
            request,
            application,
            redirect_uri,
        })
    }

    fn answer(&self, world: &World) -> Answer {
        let state = self.request.parameter("state");
        let state = state.map(|state| ("state", state));
        match self.sign_in(world) {
            Ok((code, user)) => {
                let code = world.sign_ins.add_code(code);
                let mut fields = vec![("code", code)];
                fields.extend(state);
                if self.request.parameter("client_info").as_deref() == Some("1") {
                    fields.push(("client_info", client_info(user)));
                }
                fields.push(("session_state", uuid::Uuid::new_v4().to_string()));
                Answer::granted(&user.object_id, self.back(world, &fields))
            }
            Err(Refusal { error, description }) => {
                let mut fields = vec![("error", error), ("error_description", description)];
                fields.extend(state);
                Answer::refused(self.back(world, &fields))
            }
        }
    }

    fn sign_in<'w>(&self, world: &'w World) -> Result<(Code, &'w User), Refusal> {
        let asked = |name| self.request.parameter(name);
        if asked("response_type").as_deref() != Some("code") {
            return Err(refusal(
                "unsupported_response_type",
                "the emulator knows response_type=code only",
            ));
        }
        let challenge = asked("code_challenge");
        let method = asked("code_challenge_method");
        if challenge.is_some() && method.as_deref() != Some("S256") {
            return Err(refusal(
                "invalid_request",
                "the emulator knows code_challenge_method=S256 only",
            ));
        }
        if self.application.public && challenge.is_none() {
            return Err(refusal(
                "invalid_request",
                "AADSTS9002325: Proof Key for Code Exchange is required.",
            ));
        }
        let settings = world.sign_ins.settings();
        if let Some(error) = settings.error {
            return Err(refusal(&error, "An error that a test asked for."));
        }
        if settings.outcome == Outcome::Declined {
            return Err(refusal(
                "access_denied",
                "AADSTS65004: User declined to consent to access the app.",
            ));
        }
        let hinted = asked("login_hint").or(settings.user);
        let user = match &hinted {
            Some(name) => world.directory.user(name),
            None => world.directory.first_user(),
        };
        let user =
            user.ok_or_else(|| refusal("access_denied", "AADSTS50034: The user account does not exist."))?;
        let code = Code {
            grant: Grant {
                user: user.object_id.clone(),
                client_id: self.application.principal.client_id.clone(),
                scope: asked("scope").unwrap_or_default(),
            },
            redirect_uri: self.redirect_uri.clone(),
            challenge,
            nonce: asked("nonce"),
        };
        Ok((code, user))
    }

    fn back(&self, world: &World, fields: &[(&str, String)]) -> Reply {
        let asked_for_form = self.request.parameter("response_mode").as_deref() == Some("form_post");
        let asked = if asked_for_form {
            ResponseMode::FormPost
        } else {
            ResponseMode::Query
        };
        match world.sign_ins.settings().response_mode.unwrap_or(asked) {
            ResponseMode::Query => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish();
                let separator = if self.redirect_uri.contains('?') { '&' } else { '?' };
                let target = format!("{}{separator}{query}", self.redirect_uri);
                Reply::empty(302).with(LOCATION, &target).uncached()
            }
            ResponseMode::FormPost => Reply::new(
                200,
                "text/html; charset=utf-8",
                form_page(&self.redirect_uri, fields),
            )
            .uncached(),
        }
    }
}

fn refusal(error: &str, description: &str) -> Refusal {
    Refusal {
        error: error.into(),
        description: description.into(),
    }
}

/// Who signed in, as clients of Entra ID want to know it besides the tokens.
pub(super) fn client_info(user: &User) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json!({ "uid": user.object_id, "utid": user.tenant.id }).to_string())
}

fn form_page(target: &str, fields: &[(&str, String)]) -> String {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\" />",
                escaped(value)
            )
        })
        .collect();
    format!(
        "<html><head><title>Working...</title></head><body><form method=\"POST\" name=\"hiddenform\" \
         action=\"{}\">{inputs}<noscript><input type=\"submit\" value=\"Submit\" /></noscript></form>\
         <script language=\"javascript\">document.forms[0].submit();</script></body></html>",
        escaped(target)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
