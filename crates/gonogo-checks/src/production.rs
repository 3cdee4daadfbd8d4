//! Where production is. Always looked at; not knowing is never Go.

use crate::findings::{Findings, Found};
use gonogo_core::case::{Case, Production};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::verdict::PRODUCTION_UNKNOWN;

pub(crate) const NAME: &str = "production";
pub(crate) const CODES: &[Code] = &[PRODUCTION_UNKNOWN];

pub(crate) fn run(case: &Case, out: &mut Findings) {
    if let Production::Unknown { why, .. } = &case.production {
        let substance = serde_json::json!({ "head": case.head.sha });
        let found = Found::new(PRODUCTION_UNKNOWN, Subject::Candidate, &why.said, &why.fix);
        out.add(found.substance(substance));
    }
}
