//! Why something was not done, as RFC 9457 has it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_api::{PROBLEM_TYPE, Problem};
use gonogo_core::person::Forbidden;
use gonogo_engine::NotForYou;
use gonogo_engine::commands::acknowledge::AcknowledgeError;
use gonogo_engine::commands::compare::CompareError;
use gonogo_engine::commands::jira_account::ActingError;
use gonogo_engine::commands::mend_story::MendError;
use gonogo_engine::commands::people::PersonError;
use gonogo_engine::commands::post_deploy::AnswerError;
use gonogo_engine::commands::production::ProductionError;
use gonogo_engine::commands::run_again::RunAgainError;
use gonogo_engine::commands::send_plan::SendPlanError;
use gonogo_engine::commands::sign_off::SignOffError;
use gonogo_engine::commands::waive::WaiveError;
use gonogo_store::StoreError;

/// The kinds of problems, each with a word that names it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    NoToken,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    NotJoined,
    TooLarge,
    NotJson,
    Wrong,
    KeyUsed,
    TooOften,
    Away,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Malformed,
        Self::NoToken,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::NotJoined,
        Self::TooLarge,
        Self::NotJson,
        Self::Wrong,
        Self::KeyUsed,
        Self::TooOften,
        Self::Away,
    ];

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::NotJoined => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Wrong | Self::KeyUsed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoToken => "no-token",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::NotJoined => "not-joined",
            Self::TooLarge => "too-large",
            Self::NotJson => "not-json",
            Self::Wrong => "wrong",
            Self::KeyUsed => "key-used",
            Self::TooOften => "too-often",
            Self::Away => "away",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NoToken => "No token that counts",
            Self::Forbidden => "Not permitted",
            Self::NotFound => "Not there",
            Self::MethodNotAllowed => "Not in this way",
            Self::Conflict => "It is not so any more",
            Self::NotJoined => "No Jira account is joined",
            Self::TooLarge => "The body is too large",
            Self::NotJson => "The body is no JSON",
            Self::Wrong => "It cannot be taken as it is",
            Self::KeyUsed => "The key was used for another request",
            Self::TooOften => "Asked too often",
            Self::Away => "It cannot be had now",
        }
    }

    /// What mends it.
    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::Malformed => "write it as /api/v1/openapi.json describes it",
            Self::NoToken => "make a token under /tokens, and send it as `Authorization: Bearer TOKEN`",
            Self::Forbidden => "use a token that has the scope, of a person who has the role",
            Self::NotFound => "look for it in the list that it is of",
            Self::MethodNotAllowed => "use a method of the header `Allow`",
            Self::Conflict => "read it anew, and see whether it is wanted still",
            Self::NotJoined => "the token's person joins their Jira account under /account",
            Self::TooLarge => "send 64 kB at most",
            Self::NotJson => "send JSON, with `Content-Type: application/json`",
            Self::Wrong => "change what the detail names",
            Self::KeyUsed => "use a new `Idempotency-Key` for each request that is another",
            Self::TooOften => "wait for the seconds of `Retry-After`",
            Self::Away => "ask again later; `gonogo store check` says why",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Refusal {
    kind: Kind,
    detail: String,
    /// What mends it, where the kind does not say.
    fix: Option<&'static str>,
    /// How long to wait before asking again.
    seconds: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), fix: None, seconds: None }
    }

    pub(crate) fn not_there(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// The tracker does not answer.
    fn jira_is_away(said: &impl ToString) -> Self {
        let fix = "ask again later; `gonogo doctor --server` tries Jira";
        Self { fix: Some(fix), ..Self::new(Kind::Away, said.to_string()) }
    }

    pub(crate) fn after(self, seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: format!("/api#{}", self.kind.word()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            fix: self.fix.unwrap_or_else(|| self.kind.fix()).to_owned(),
        };
        let mut response = (self.kind.status(), axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        if self.kind == Kind::NoToken {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Done => Self::new(Kind::KeyUsed, error.to_string()),
            // Where the database is, is nobody's business.
            _ => Self::new(Kind::Away, "what is stored cannot be had now").after(5),
        }
    }
}

impl From<Forbidden> for Refusal {
    fn from(forbidden: Forbidden) -> Self {
        Self::new(Kind::Forbidden, forbidden.to_string())
    }
}

impl From<WaiveError> for Refusal {
    fn from(error: WaiveError) -> Self {
        match error {
            WaiveError::Store(error) => error.into(),
            WaiveError::Forbidden(forbidden) => forbidden.into(),
            WaiveError::Input(said) => Self::new(Kind::Wrong, said),
            WaiveError::Gone(said) => Self::new(Kind::Conflict, said),
        }
    }
}

impl From<AcknowledgeError> for Refusal {
    fn from(error: AcknowledgeError) -> Self {
        match error {
            AcknowledgeError::Store(error) => error.into(),
            AcknowledgeError::Forbidden(forbidden) => forbidden.into(),
            AcknowledgeError::Gone(said) => Self::new(Kind::Conflict, said),
        }
    }
}

impl From<MendError> for Refusal {
    fn from(error: MendError) -> Self {
        match error {
            MendError::Store(error) | MendError::NotActing(ActingError::Store(error)) => error.into(),
            MendError::Forbidden(forbidden) => forbidden.into(),
            MendError::Input(said) => Self::new(Kind::Wrong, said),
            MendError::Gone(said) | MendError::Doubtful(said) => Self::new(Kind::Conflict, said),
            MendError::NotActing(error @ ActingError::Away(_)) => Self::jira_is_away(&error).after(5),
            MendError::KeyUsed => Self::new(Kind::KeyUsed, error.to_string()),
            MendError::NotActing(error) => Self::new(Kind::NotJoined, error.to_string()),
            MendError::Jira(error @ NotForYou::Token) => Self::new(Kind::NotJoined, error.to_string()),
            MendError::Jira(error @ NotForYou::Refused(_)) => Self::new(Kind::Wrong, error.to_string()),
            MendError::Jira(error @ NotForYou::TooOften) => Self::jira_is_away(&error).after(60),
            MendError::Jira(error) => Self::jira_is_away(&error).after(5),
        }
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Store(error) => error.into(),
            AnswerError::Forbidden(forbidden) => forbidden.into(),
            AnswerError::Input(said) => Self::new(Kind::Wrong, said),
            AnswerError::Gone(said) => Self::new(Kind::Conflict, said),
            AnswerError::NotThere => Self::not_there("post-deploy checks"),
        }
    }
}

impl From<SignOffError> for Refusal {
    fn from(error: SignOffError) -> Self {
        match error {
            SignOffError::Store(error) => error.into(),
            SignOffError::Forbidden(forbidden) => forbidden.into(),
            SignOffError::NotNamed { .. } => Self::new(Kind::Forbidden, error.to_string()),
            SignOffError::Gone(said) => Self::new(Kind::Conflict, said),
        }
    }
}

impl From<CompareError> for Refusal {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Store(error) => error.into(),
            CompareError::Forbidden(forbidden) => forbidden.into(),
            CompareError::NoService(_) => Self::not_there("service"),
            CompareError::NoSuchCommit(error) => Self::new(Kind::NotFound, error.to_string()),
            CompareError::Unreadable(_) => Self::new(Kind::Away, error.to_string()).after(30),
            CompareError::Busy => Self::new(Kind::TooOften, "others are being compared").after(2),
            CompareError::NotFetched => Self::new(Kind::Away, "the repository was not fetched yet").after(30),
            CompareError::Broken => Self::new(Kind::Away, "the judge ended early"),
        }
    }
}

impl From<RunAgainError> for Refusal {
    fn from(error: RunAgainError) -> Self {
        match error {
            RunAgainError::Store(error) => error.into(),
            RunAgainError::Forbidden(forbidden) => forbidden.into(),
            RunAgainError::Gone(said) => Self::new(Kind::NotFound, said),
        }
    }
}

impl From<SendPlanError> for Refusal {
    fn from(error: SendPlanError) -> Self {
        match error {
            SendPlanError::Store(error) => error.into(),
            SendPlanError::Forbidden(forbidden) => forbidden.into(),
            SendPlanError::Input(said) => Self::new(Kind::Wrong, said),
            SendPlanError::NoCandidate => Self::not_there("candidate"),
            SendPlanError::NotJudged => Self::new(Kind::Conflict, error.to_string()),
        }
    }
}

impl From<ProductionError> for Refusal {
    fn from(error: ProductionError) -> Self {
        match error {
            ProductionError::Store(error) => error.into(),
            ProductionError::Forbidden(forbidden) => forbidden.into(),
            ProductionError::Input(said) => Self::new(Kind::Wrong, said),
            ProductionError::NotTold(said) => Self::new(Kind::Conflict, said),
            ProductionError::NoService(_) => Self::not_there("service"),
        }
    }
}

impl From<PersonError> for Refusal {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::Store(error) => error.into(),
            PersonError::Forbidden(forbidden) => forbidden.into(),
            PersonError::Input(said) => Self::new(Kind::Wrong, said),
            PersonError::Hash(_) => Self::new(Kind::Away, "the password could not be hashed"),
            PersonError::Busy => Self::new(Kind::Away, error.to_string()).after(5),
            // Of sessions alone: no token rests on another system.
            PersonError::NotKnown { said, .. } => Self::new(Kind::Away, said).after(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jira_that_does_not_answer_is_not_mended_in_our_store() {
        let away = Refusal::from(MendError::Jira(NotForYou::Away("it answered 503".to_owned())));
        assert!(away.kind == Kind::Away && away.fix.is_some_and(|fix| fix.contains("tries Jira")), "{away:?}");
        let own = Refusal::from(StoreError::Unreadable("x".to_owned()));
        assert!(own.kind == Kind::Away && own.fix.is_none(), "{own:?}");
    }
}
