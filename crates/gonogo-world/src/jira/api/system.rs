//! What a Jira says of itself and of who asks.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::state::{Flavour, State};
use super::Answered;
use super::answers::Refusal;
use super::parameters::Parameters;
use super::render::moment;
use crate::serve::Ask;

/// The permissions that a caller may ask about here: number, key, name.
const PERMISSIONS: [(&str, &str, &str); 5] = [
    ("23", "ADMINISTER_PROJECTS", "Administer Projects"),
    ("10", "BROWSE_PROJECTS", "Browse Projects"),
    ("12", "EDIT_ISSUES", "Edit Issues"),
    ("15", "ADD_COMMENTS", "Add Comments"),
    ("28", "TRANSITION_ISSUES", "Transition Issues"),
];

impl State {
    #[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
    pub(super) fn server_info(&self) -> Value {
        let (version, numbers, deployment) = match self.flavour {
            Flavour::Cloud => ("1001.0.0-SNAPSHOT", [1001, 0, 0], "Cloud"),
            Flavour::DataCenter => ("9.12.7", [9, 12, 7], "Server"),
        };
        json!({
            "baseUrl": self.base_url,
            "version": version,
            "versionNumbers": numbers,
            "deploymentType": deployment,
            "buildNumber": 100_287,
            "buildDate": "2024-01-01T00:00:00.000+0000",
            "serverTime": moment(Timestamp::now() + self.skew),
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Jira",
        })
    }

    pub(super) fn field_list(&self) -> Value {
        let fields = self.fields.iter();
        fields.map(|field| field.to_json(self.flavour)).collect()
    }

    pub(super) fn myself(&self) -> Value {
        let mut user = self.person(self.who()).to_json(self.flavour, &self.base_url);
        user["locale"] = "en_US".into();
        user["groups"] = json!({"size": 1, "items": []});
        user["applicationRoles"] = json!({"size": 1, "items": []});
        user
    }

    fn has_permission(&self, asked: &str) -> bool {
        match asked {
            "BROWSE_PROJECTS" => self.access.may_browse,
            "ADD_COMMENTS" | "TRANSITION_ISSUES" | "EDIT_ISSUES" => self.may_write,
            "ADMINISTER_PROJECTS" => self.may_administer,
            _ => false,
        }
    }

    /// Reading is all that the token may do, if that, until a test lets it write.
    pub(super) fn my_permissions(&self, ask: &Ask) -> Answered {
        let known = ["permissions", "projectKey", "projectId", "issueKey", "issueId"];
        let parameters = Parameters::read(ask, &known)?;
        if self.flavour == Flavour::Cloud && !parameters.has("permissions") {
            let message = "The 'permissions' query parameter is required.";
            return Err(Refusal::surprise(400, message));
        }
        let asked = parameters.list("permissions")?;
        let all = || PERMISSIONS.map(|(_, key, _)| key.to_owned()).to_vec();
        let mut answer = Map::new();
        for asked in asked.unwrap_or_else(all) {
            let Some((id, key, name)) = PERMISSIONS.iter().find(|(_, key, _)| *key == asked) else {
                let message = format!("Unrecognized permission(s): {asked}");
                return Err(Refusal::surprise(400, message));
            };
            let permission = json!({
                "id": id,
                "key": key,
                "name": name,
                "type": "PROJECT",
                "description": name,
                "havePermission": self.has_permission(&asked),
            });
            answer.insert(asked, permission);
        }
        Ok(json!({"permissions": answer}))
    }
}
