//! Who we are to a Jira, what we may do, and what its clock says: for the doctor.

use super::Base;
use super::issue::time;
use gonogo_core::fact::Why;
use jiff::Timestamp;
use serde_json::Value;

/// What a Jira tells of itself and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
pub struct Account {
    pub name: String,
    /// Whether issues may be seen at all.
    pub may_browse: bool,
    /// Whether comments may be added, and issues moved, somewhere.
    pub may_comment: bool,
    pub may_move: bool,
    /// Whether fields and fix versions may be written, and versions be made, somewhere.
    pub may_edit: bool,
    pub may_make_versions: bool,
    pub server_time: Option<Timestamp>,
    pub version: Option<String>,
}

const RIGHTS: &str = "BROWSE_PROJECTS,ADD_COMMENTS,TRANSITION_ISSUES,EDIT_ISSUES,ADMINISTER_PROJECTS";

pub(super) async fn account(base: &Base, api: &str) -> Result<Account, Why> {
    let (me, rights, server) =
        (format!("{api}/myself"), format!("{api}/mypermissions?permissions={RIGHTS}"), format!("{api}/serverInfo"));
    let (me, rights, server) = tokio::try_join!(base.get(&me), base.get(&rights), base.get(&server))?;
    let text = |json: &Value, name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    let right = |name: &str| {
        let held = rights.pointer(&format!("/permissions/{name}/havePermission")).and_then(Value::as_bool);
        held.unwrap_or(false)
    };
    Ok(Account {
        name: text(&me, "displayName").or_else(|| text(&me, "name")).unwrap_or_default(),
        may_browse: right("BROWSE_PROJECTS"),
        may_comment: right("ADD_COMMENTS"),
        may_move: right("TRANSITION_ISSUES"),
        may_edit: right("EDIT_ISSUES"),
        may_make_versions: right("ADMINISTER_PROJECTS"),
        server_time: text(&server, "serverTime").and_then(|t| time(&t)),
        version: text(&server, "version"),
    })
}
