//! Who of another system's people may sign in, and as what. Pure: what that
//! system says of a person goes in, what they may comes out.

use crate::person::{Role, Roles};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a person may do in a repository, as GitHub has it; each may what the
/// ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    Pull,
    Triage,
    Push,
    Maintain,
    Admin,
}

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetIn {
    pub who: Who,
    pub role: Role,
    /// Where the role holds; without one at all services. What follows from a
    /// repository holds at that repository's services in any case.
    pub service: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Members of an organisation, or of a team: `acme`, `acme/release-managers`.
    Member(String),
    /// Who may do so much in a service's repository.
    Repository(Permission),
}

/// What a system says of a person.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub member_of: BTreeSet<String>,
    /// By service.
    pub permissions: BTreeMap<String, Permission>,
}

/// What somebody may, or nothing where no way in fits.
pub fn roles(ways: &[LetIn], seen: &Seen) -> Option<Roles> {
    let mut is_let_in = false;
    let mut roles = Roles { all: Role::Viewer, at: BTreeMap::new() };
    for way in ways {
        let places: Vec<Option<&str>> = match &way.who {
            Who::Member(of) if seen.member_of.contains(of) => vec![way.service.as_deref()],
            Who::Member(_) => Vec::new(),
            Who::Repository(least) => {
                let is_here = |service: &str| way.service.as_deref().is_none_or(|only| only == service);
                let enough = seen.permissions.iter().filter(|(service, has)| *has >= least && is_here(service));
                enough.map(|(service, _)| Some(service.as_str())).collect()
            }
        };
        is_let_in |= !places.is_empty();
        for place in places {
            let here = match place {
                Some(service) => roles.at.entry(service.to_owned()).or_insert(Role::Viewer),
                None => &mut roles.all,
            };
            *here = way.role.max(*here);
        }
    }
    is_let_in.then_some(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(who: Who, role: Role, service: Option<&str>) -> LetIn {
        LetIn { who, role, service: service.map(str::to_owned) }
    }

    fn said(ways: &[LetIn], member_of: &[&str], permissions: &[(&str, Permission)]) -> Option<String> {
        let seen = Seen {
            member_of: member_of.iter().map(|of| (*of).to_owned()).collect(),
            permissions: permissions.iter().map(|(service, has)| ((*service).to_owned(), *has)).collect(),
        };
        roles(ways, &seen).map(|roles| roles.to_string())
    }

    #[test]
    fn nobody_is_let_in_by_a_way_that_does_not_fit() {
        let ways = [
            way(Who::Repository(Permission::Push), Role::Developer, None),
            way(Who::Member("acme/release".to_owned()), Role::ReleaseManager, Some("web")),
        ];
        assert_eq!(said(&ways, &[], &[]), None);
        assert_eq!(said(&ways, &["acme"], &[("web", Permission::Triage)]), None);
        assert_eq!(said(&[], &["acme"], &[("web", Permission::Admin)]), None);
    }

    #[test]
    fn the_greatest_role_of_each_place_holds() {
        let ways = [
            way(Who::Repository(Permission::Push), Role::Developer, None),
            way(Who::Member("acme/release".to_owned()), Role::ReleaseManager, Some("web")),
            way(Who::Member("acme/owners".to_owned()), Role::Admin, None),
        ];
        let may = [("web", Permission::Push), ("api", Permission::Admin), ("docs", Permission::Pull)];
        assert_eq!(said(&ways, &[], &may).unwrap(), "viewer, developer at api, developer at web");
        assert_eq!(said(&ways, &["acme/release"], &may).unwrap(), "viewer, developer at api, release-manager at web");
        assert_eq!(said(&ways, &["acme/owners"], &[]).unwrap(), "admin");
    }
}
