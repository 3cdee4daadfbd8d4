//! Which issues changed of late. A period is told in minutes before the tracker's
//! own now: neither its clock nor the time zone of our account matters.

use super::paging::Paging;
use super::{Base, MOST_PAGES};
use crate::http::HttpError;
use gonogo_core::fact::Why;
use gonogo_core::ids::IssueKey;
use serde_json::{Value, json};

/// An issue that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedIssue {
    pub key: IssueKey,
    /// When, in the tracker's words: they are compared alone.
    pub at: String,
}

/// What changed in some projects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The last change first.
    pub issues: Vec<ChangedIssue>,
    /// Projects of which nobody can tell, and why.
    pub untold: Vec<(String, Why)>,
    /// More changed than is read: which, is not known of those that changed first.
    pub is_cut: bool,
}

const FIELDS: [&str; 1] = ["updated"];
const PAGE: usize = 100;

impl Base {
    /// In one request a page; where one of the projects is refused, each alone.
    pub(super) async fn changed(&self, paging: &Paging<'_>, projects: &[String], minutes: u32) -> Result<Changes, Why> {
        match self.changed_in(paging, projects, minutes).await {
            Ok((issues, is_cut)) => Ok(Changes { issues, untold: Vec::new(), is_cut }),
            Err(HttpError::Status { status: 400, .. }) if projects.len() > 1 => {
                let mut changes = Changes::default();
                for project in projects {
                    match self.changed_in(paging, std::slice::from_ref(project), minutes).await {
                        Ok((issues, is_cut)) => {
                            changes.issues.extend(issues);
                            changes.is_cut |= is_cut;
                        }
                        Err(error @ HttpError::Status { status: 400, .. }) => {
                            changes.untold.push((project.clone(), self.why(paging.path, &error)));
                        }
                        Err(error) => return Err(self.why(paging.path, &error)),
                    }
                }
                Ok(changes)
            }
            Err(error @ HttpError::Status { status: 400, .. }) => {
                let why = self.why(paging.path, &error);
                let untold = projects.iter().map(|project| (project.clone(), why.clone())).collect();
                Ok(Changes { untold, ..Changes::default() })
            }
            Err(error) => Err(self.why(paging.path, &error)),
        }
    }

    /// Those that changed last, and whether there are more.
    async fn changed_in(
        &self,
        paging: &Paging<'_>,
        projects: &[String],
        minutes: u32,
    ) -> Result<(Vec<ChangedIssue>, bool), HttpError> {
        let projects: Vec<String> = projects.iter().map(|project| format!("\"{project}\"")).collect();
        // What changes meanwhile comes to the front, and pushes nothing out of sight.
        let jql = format!("project in ({}) and updated >= \"-{minutes}m\" order by updated desc", projects.join(", "));
        let mut body = json!({ "jql": jql, "fields": FIELDS, "maxResults": PAGE });
        let mut issues = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.page(paging, &body).await?;
            let page = answer["issues"].as_array().ok_or_else(|| HttpError::NotJson("no issues".to_owned()))?;
            issues.extend(page.iter().filter_map(changed));
            if page.is_empty() || !(paging.next)(&answer, &mut body) {
                return Ok((issues, false));
            }
        }
        Ok((issues, true))
    }
}

fn changed(issue: &Value) -> Option<ChangedIssue> {
    let key = issue["key"].as_str()?.parse().ok()?;
    Some(ChangedIssue { key, at: issue.pointer("/fields/updated")?.as_str()?.to_owned() })
}
