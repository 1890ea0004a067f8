//! Which commit messages are not conventional, and why.

use crate::{
    conventional::{self, Rule},
    history::{self, Commit, CommitId},
    problem::Problem,
};
use serde::{Deserialize, Serialize};

/// The types that a team gets when it names none: those of the Angular convention.
const USUAL_TYPES: [&str; 11] = [
    "feat", "fix", "perf", "revert", "docs", "style", "refactor", "test", "build", "ci", "chore",
];

/// `POST /v1/lint`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintRequest {
    commits: Vec<Commit>,
    /// The types that are in use here, instead of the usual ones.
    types: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct Report<'r> {
    conventional: bool,
    /// How many messages were looked at; merges are not.
    checked: usize,
    /// The messages that have problems, in the order of the request.
    commits: Vec<Finding<'r>>,
}

#[derive(Debug, Serialize)]
struct Finding<'r> {
    /// The place in the request, from 0.
    index: usize,
    id: Option<&'r CommitId>,
    header: &'r str,
    problems: Vec<Violation>,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
struct Violation {
    rule: Rule,
    /// What is wrong and how it would be right.
    message: String,
}

pub fn lint(request: &LintRequest) -> Result<Report<'_>, Problem> {
    history::check_length(&request.commits)?;
    let types: Vec<&str> = match &request.types {
        Some(types) => types.iter().map(String::as_str).collect(),
        None => USUAL_TYPES.to_vec(),
    };
    let mut checked = 0;
    let mut findings = Vec::new();
    for (index, commit) in request.commits.iter().enumerate() {
        if conventional::is_merge(&commit.message) {
            continue;
        }
        checked += 1;
        let problems = violations(&commit.message, &types);
        if !problems.is_empty() {
            findings.push(Finding {
                index,
                id: commit.id.as_ref(),
                header: conventional::first_line(&commit.message),
                problems,
            });
        }
    }
    Ok(Report {
        conventional: findings.is_empty(),
        checked,
        commits: findings,
    })
}

fn violations(message: &str, types: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    match conventional::parse_header(conventional::first_line(message)) {
        Ok(header) if is_known(header.kind, types) => {}
        Ok(header) => violations.push(Violation {
            rule: Rule::TypeUnknown,
            message: unknown_type(header.kind, types),
        }),
        Err(rule) => violations.push(Violation {
            rule,
            message: explain(rule).to_owned(),
        }),
    }
    let second_line = message.trim_start().lines().nth(1);
    if second_line.is_some_and(|line| !line.trim().is_empty()) {
        violations.push(Violation {
            rule: Rule::BlankLineMissing,
            message: explain(Rule::BlankLineMissing).to_owned(),
        });
    }
    violations
}

fn is_known(kind: &str, types: &[&str]) -> bool {
    types.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

fn unknown_type(kind: &str, types: &[&str]) -> String {
    let nearest = types.iter().min_by_key(|known| distance(kind, known));
    match nearest.filter(|known| distance(kind, known) <= 2) {
        Some(known) => format!("`{kind}` is not a type in use here; did you mean `{known}`?"),
        None => format!(
            "`{kind}` is not a type in use here; there are {}",
            types.join(", ")
        ),
    }
}

fn explain(rule: Rule) -> &'static str {
    match rule {
        Rule::TypeMissing => "start with a type and a colon, as in `fix: answer HEAD requests`",
        Rule::TypeUnknown => "use one of the types that are in use here",
        Rule::ScopeEmpty => "name a scope between the brackets, or leave them out",
        Rule::ScopeUnclosed => "close the scope's bracket before the colon",
        Rule::SpaceMissing => "put a space after the colon",
        Rule::DescriptionMissing => "say what the commit does after the colon",
        Rule::BlankLineMissing => "leave the second line blank, so that the first stands alone",
    }
}

/// Levenshtein's distance between two words, in letters without regard to case.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<u8> = to.to_ascii_lowercase().into_bytes();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.to_ascii_lowercase().bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 1..row.len() {
            let substituted = diagonal + usize::from(letter != to[column - 1]);
            diagonal = row[column];
            row[column] = substituted.min(diagonal + 1).min(row[column - 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(message: &str) -> Vec<Rule> {
        violations(message, &USUAL_TYPES)
            .iter()
            .map(|found| found.rule)
            .collect()
    }

    #[test]
    fn conventional_messages_have_no_problem() {
        for message in [
            "feat: x",
            "FIX(a)!: y\n\nbody\n\nRefs #1",
            "Revert \"feat: x\"",
        ] {
            assert_eq!(rules(message), [], "{message}");
        }
    }

    #[test]
    fn all_problems_of_a_message_come_together() {
        assert_eq!(
            rules("fixed things\nand more"),
            [Rule::TypeMissing, Rule::BlankLineMissing]
        );
    }

    #[test]
    fn a_misspelt_type_gets_the_right_one() {
        let found = violations("faet: x", &USUAL_TYPES);
        assert_eq!(found[0].rule, Rule::TypeUnknown);
        assert!(found[0].message.ends_with("did you mean `feat`?"));
    }

    #[test]
    fn a_strange_type_gets_the_list() {
        let found = violations("banana: x", &["feat", "fix"]);
        assert!(found[0].message.ends_with("there are feat, fix"));
    }

    #[test]
    fn a_team_may_have_types_of_its_own() {
        let request: LintRequest = serde_json::from_str(
            r#"{"types":["deps"],"commits":[{"message":"deps: x"},{"message":"feat: y"}]}"#,
        )
        .unwrap();
        let report = lint(&request).unwrap();
        assert!(!report.conventional);
        assert_eq!(report.checked, 2);
        assert_eq!(report.commits[0].index, 1);
    }

    #[test]
    fn merges_are_not_checked() {
        let request: LintRequest =
            serde_json::from_str(r#"{"commits":[{"message":"Merge branch 'main'"}]}"#).unwrap();
        let report = lint(&request).unwrap();
        assert!(report.conventional);
        assert_eq!(report.checked, 0);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("feat", "FEAT"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "fix"), 3);
    }
}
