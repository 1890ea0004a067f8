//! The commits of a request, read once for everything that is said about them.

use crate::{
    conventional::{self, Conventional},
    problem::Problem,
};
use serde::{Deserialize, Serialize};

/// The most commits that one request may carry.
const MAX_COMMITS: usize = 2_000;

/// A commit as the client sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Its hash, whole or shortened.
    #[serde(default)]
    pub id: Option<CommitId>,
    /// The whole message: subject, body and footers.
    pub message: String,
}

/// 7 to 64 hexadecimal digits, in lower case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
pub struct CommitId(String);

impl CommitId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The seven digits that people use.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl TryFrom<String> for CommitId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_hash =
            (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash {
            Ok(CommitId(text.to_ascii_lowercase()))
        } else {
            Err(format!(
                "`{text}` is not a commit hash of 7 to 64 hex digits"
            ))
        }
    }
}

/// A conventional commit that is still in force.
#[derive(Debug)]
pub struct Change<'r> {
    pub id: Option<&'r CommitId>,
    pub commit: Conventional<'r>,
}

/// What a list of commits amounts to.
#[derive(Debug, Default)]
pub struct History<'r> {
    /// In the order of the request.
    pub changes: Vec<Change<'r>>,
    /// How many messages are not conventional.
    pub unconventional: usize,
    /// How many commits drop out because one of them takes back the other.
    pub reverted: usize,
}

/// Refuses a list that is too long to be one release.
pub fn check_length(commits: &[Commit]) -> Result<(), Problem> {
    if commits.len() > MAX_COMMITS {
        return Err(Problem::unprocessable(format!(
            "{} commits; a request may carry {MAX_COMMITS}",
            commits.len()
        )));
    }
    Ok(())
}

/// Reads the commits, newest first as `git log` prints them.
pub fn read(commits: &[Commit]) -> Result<History<'_>, Problem> {
    check_length(commits)?;
    let cancelled = cancelled(commits);
    let mut history = History::default();
    for (commit, is_cancelled) in commits.iter().zip(cancelled) {
        if is_cancelled {
            history.reverted += 1;
        } else if conventional::is_merge(&commit.message) {
            continue;
        } else if let Ok(conventional) = conventional::parse(&commit.message) {
            history.changes.push(Change {
                id: commit.id.as_ref(),
                commit: conventional,
            });
        } else {
            history.unconventional += 1;
        }
    }
    Ok(history)
}

/// For each commit, whether it and a revert of it cancel out. The newest decide first, so the
/// revert of a revert leaves the original commit in force.
fn cancelled(commits: &[Commit]) -> Vec<bool> {
    let mut cancelled = vec![false; commits.len()];
    for (index, commit) in commits.iter().enumerate() {
        if cancelled[index] {
            continue;
        }
        for id in conventional::reverted_ids(&commit.message) {
            let older = &commits[index + 1..];
            if let Some(distance) = older.iter().position(|older| has_id(older, id)) {
                cancelled[index] = true;
                cancelled[index + 1 + distance] = true;
            }
        }
    }
    cancelled
}

/// Whether one of the two hashes is the beginning of the other.
fn has_id(commit: &Commit, id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    commit
        .id
        .as_ref()
        .is_some_and(|own| own.0.starts_with(&id) || id.starts_with(&own.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(id: &str, message: &str) -> Commit {
        Commit {
            id: (!id.is_empty()).then(|| CommitId::try_from(id.to_owned()).unwrap()),
            message: message.to_owned(),
        }
    }

    #[test]
    fn merges_are_passed_over_and_other_messages_counted() {
        let commits = [
            commit("", "Merge branch 'topic'"),
            commit("", "wip"),
            commit("", "feat: x"),
        ];
        let history = read(&commits).unwrap();
        assert_eq!(history.changes.len(), 1);
        assert_eq!(history.unconventional, 1);
    }

    #[test]
    fn a_revert_and_what_it_reverts_both_drop_out() {
        let commits = [
            commit(
                "bbbbbbb",
                "Revert \"feat: x\"\n\nThis reverts commit AAAAAAAAAA.",
            ),
            commit("aaaaaaa", "feat: x"),
            commit("ccccccc", "fix: y"),
        ];
        let history = read(&commits).unwrap();
        assert_eq!(history.reverted, 2);
        assert_eq!(history.changes.len(), 1);
        assert_eq!(history.changes[0].commit.description, "y");
    }

    #[test]
    fn the_revert_of_a_revert_leaves_the_original() {
        let commits = [
            commit(
                "ccccccc",
                "Reapply \"feat: x\"\n\nThis reverts commit bbbbbbb.",
            ),
            commit(
                "bbbbbbb",
                "Revert \"feat: x\"\n\nThis reverts commit aaaaaaa.",
            ),
            commit("aaaaaaa", "feat: x"),
        ];
        let history = read(&commits).unwrap();
        assert_eq!(history.reverted, 2);
        assert_eq!(history.changes[0].commit.description, "x");
    }

    #[test]
    fn a_revert_of_an_older_release_is_a_change_of_its_own() {
        let commits = [commit(
            "bbbbbbb",
            "Revert \"feat: x\"\n\nThis reverts commit aaaaaaa.",
        )];
        let history = read(&commits).unwrap();
        assert_eq!(history.reverted, 0);
        assert_eq!(history.changes[0].commit.kind, "revert");
    }

    #[test]
    fn only_hashes_are_ids() {
        for text in ["abc", "12345g7", "<script>", "a".repeat(65).as_str()] {
            assert!(CommitId::try_from(text.to_owned()).is_err(), "{text}");
        }
        let id = CommitId::try_from("ABCDEF0123".to_owned()).unwrap();
        assert_eq!(id.short(), "abcdef0");
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let commits: Vec<Commit> = (0..=MAX_COMMITS).map(|_| commit("", "fix: x")).collect();
        assert!(read(&commits).is_err());
        assert!(read(&commits[1..]).is_ok());
    }
}
