//! `JUnit` XML: a test case for each finding and for each check that passed, so
//! that CI shows them where it shows tests.

use gonogo_api::{Check, CheckState, Finding, Severity};
use gonogo_core::say::printable;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

pub(super) fn xml(check: &Check) -> anyhow::Result<String> {
    let mut suite = TestSuite::new(format!("gonogo {}", check.service));
    for line in &check.checks {
        let findings: Vec<&Finding> = check.findings.iter().filter(|f| f.check == line.name).collect();
        for finding in &findings {
            suite.add_test_case(case_of(check, finding));
        }
        if findings.is_empty() {
            let mut status = TestCaseStatus::success();
            if matches!(line.state, CheckState::Off | CheckState::CouldNotCheck) {
                status = TestCaseStatus::skipped();
                status.set_message(line.why.clone().unwrap_or_default());
            }
            suite.add_test_case(named(check, &line.name, line.name.clone(), status));
        }
    }
    let mut report = Report::new("gonogo");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

fn named(check: &Check, class: &str, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("{}.{class}", check.service));
    case
}

fn case_of(check: &Check, finding: &Finding) -> TestCase {
    let (message, fix) = (printable(&finding.message), printable(&finding.fix));
    let says = format!("{message}\n→ {fix}\n{}", finding.docs);
    let blocks = finding.severity == Severity::Block && finding.waiver.is_none();
    let status = if blocks {
        let is_error = finding.code == "could-not-check" || finding.code == "production-unknown";
        let kind = if is_error { NonSuccessKind::Error } else { NonSuccessKind::Failure };
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message.clone()).set_type(finding.code.clone()).set_description(says);
        status
    } else {
        TestCaseStatus::success()
    };
    let name = format!("{} {}", finding.code, printable(&finding.subject.id));
    let mut case = named(check, &finding.check, name, status);
    if !blocks {
        let waived = finding
            .waiver
            .as_ref()
            .map(|w| format!("waived by {}: {}\n", printable(&w.by), printable(&w.why)))
            .unwrap_or_default();
        case.set_system_out(format!(
            "{}: {waived}{message}
→ {fix}",
            super::word(finding.severity)
        ));
    }
    case
}
