//! Which version comes next: Semantic Versioning 2.0.0, told by conventional commits.

use crate::{
    conventional::Conventional,
    history::{self, Commit, CommitId, History},
    problem::Problem,
};
use semver::{BuildMetadata, Prerelease, Version};
use serde::{Deserialize, Serialize};

/// How much a commit, or the largest of many, changes for those who use the software.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// Nothing that a user sees: documentation, tests, refactoring.
    #[default]
    None,
    Fix,
    Feature,
    Breaking,
}

impl Size {
    pub fn of(commit: &Conventional) -> Self {
        match commit.kind.as_str() {
            _ if commit.breaking.is_some() => Size::Breaking,
            "feat" => Size::Feature,
            "fix" | "perf" | "revert" => Size::Fix,
            _ => Size::None,
        }
    }

    pub fn of_all(history: &History) -> Self {
        let sizes = history
            .changes
            .iter()
            .map(|change| Size::of(&change.commit));
        sizes.max().unwrap_or_default()
    }
}

/// The version after `previous`, or `None` when no release is needed.
///
/// Before 1.0.0 a breaking change raises the minor number and everything else the patch number, as
/// Cargo reads `0.y.z`. A pre-release leads up to its own version, and past it only when the change
/// is larger than that version announced. A first release is 0.1.0. Build metadata is dropped.
pub fn next(previous: Option<&Version>, size: Size) -> Result<Option<Version>, Problem> {
    let Some(previous) = previous else {
        return Ok((size > Size::None).then(|| Version::new(0, 1, 0)));
    };
    let is_initial = previous.major == 0;
    let part = match size {
        Size::None => return Ok(None),
        Size::Breaking if is_initial => Part::Minor,
        Size::Breaking => Part::Major,
        Size::Feature if !is_initial => Part::Minor,
        Size::Feature | Size::Fix => Part::Patch,
    };
    let is_announced = !previous.pre.is_empty() && part <= Part::last_raised(previous);
    let next = if is_announced {
        Some(Version {
            pre: Prerelease::EMPTY,
            build: BuildMetadata::EMPTY,
            ..previous.clone()
        })
    } else {
        part.raise(previous)
    };
    match next {
        Some(next) => Ok(Some(next)),
        None => Err(Problem::unprocessable(format!(
            "no version follows {previous}: its number is the largest there is"
        ))),
    }
}

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Part {
    Patch,
    Minor,
    Major,
}

impl Part {
    /// The part of a version number that was raised to get to it.
    fn last_raised(version: &Version) -> Self {
        match (version.minor, version.patch) {
            (0, 0) => Part::Major,
            (_, 0) => Part::Minor,
            _ => Part::Patch,
        }
    }

    fn raise(
        self,
        Version {
            major,
            minor,
            patch,
            ..
        }: &Version,
    ) -> Option<Version> {
        Some(match self {
            Part::Major => Version::new(major.checked_add(1)?, 0, 0),
            Part::Minor => Version::new(*major, minor.checked_add(1)?, 0),
            Part::Patch => Version::new(*major, *minor, patch.checked_add(1)?),
        })
    }
}

/// `POST /v1/bump`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BumpRequest {
    /// The version released last; without it this is the first release.
    previous: Option<Version>,
    /// Newest first.
    commits: Vec<Commit>,
}

#[derive(Debug, Serialize)]
pub struct Bump<'r> {
    previous: Option<&'r Version>,
    next: Option<Version>,
    size: Size,
    /// The newest commit of that size.
    #[serde(rename = "decidedBy")]
    decided_by: Option<Decider<'r>>,
    unconventional: usize,
    reverted: usize,
}

#[derive(Debug, Serialize)]
struct Decider<'r> {
    id: Option<&'r CommitId>,
    #[serde(rename = "type")]
    kind: String,
    description: &'r str,
}

pub fn bump(request: &BumpRequest) -> Result<Bump<'_>, Problem> {
    let history = history::read(&request.commits)?;
    let size = Size::of_all(&history);
    let next = next(request.previous.as_ref(), size)?;
    let decisive = |change: &history::Change| size > Size::None && Size::of(&change.commit) == size;
    Ok(Bump {
        previous: request.previous.as_ref(),
        next,
        size,
        unconventional: history.unconventional,
        reverted: history.reverted,
        decided_by: history
            .changes
            .into_iter()
            .find(decisive)
            .map(|change| Decider {
                id: change.id,
                kind: change.commit.kind,
                description: change.commit.description,
            }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventional;

    fn after(previous: &str, size: Size) -> Option<String> {
        let previous = Version::parse(previous).unwrap();
        next(Some(&previous), size)
            .unwrap()
            .map(|version| version.to_string())
    }

    #[test]
    fn the_type_and_the_mark_make_the_size() {
        let cases = [
            ("feat: x", Size::Feature),
            ("fix: x", Size::Fix),
            ("perf: x", Size::Fix),
            ("docs: x", Size::None),
            ("docs!: x", Size::Breaking),
            ("chore: x\n\nBREAKING CHANGE: y", Size::Breaking),
        ];
        for (message, size) in cases {
            assert_eq!(
                Size::of(&conventional::parse(message).unwrap()),
                size,
                "{message}"
            );
        }
    }

    #[test]
    fn from_one_on_each_size_raises_its_own_part() {
        assert_eq!(after("1.4.2", Size::Breaking).as_deref(), Some("2.0.0"));
        assert_eq!(after("1.4.2", Size::Feature).as_deref(), Some("1.5.0"));
        assert_eq!(after("1.4.2", Size::Fix).as_deref(), Some("1.4.3"));
        assert_eq!(after("1.4.2", Size::None), None);
    }

    #[test]
    fn before_one_a_breaking_change_raises_the_minor_number() {
        assert_eq!(after("0.3.1", Size::Breaking).as_deref(), Some("0.4.0"));
        assert_eq!(after("0.3.1", Size::Feature).as_deref(), Some("0.3.2"));
        assert_eq!(after("0.3.1", Size::Fix).as_deref(), Some("0.3.2"));
    }

    #[test]
    fn a_pre_release_leads_up_to_its_own_version() {
        assert_eq!(
            after("2.0.0-rc.1", Size::Breaking).as_deref(),
            Some("2.0.0")
        );
        assert_eq!(after("1.5.0-rc.1", Size::Feature).as_deref(), Some("1.5.0"));
        assert_eq!(
            after("1.5.0-rc.1", Size::Breaking).as_deref(),
            Some("2.0.0")
        );
        assert_eq!(after("1.5.1-rc.1", Size::Feature).as_deref(), Some("1.6.0"));
        assert_eq!(
            after("0.4.0-rc.1", Size::Breaking).as_deref(),
            Some("0.4.0")
        );
    }

    #[test]
    fn a_first_release_is_0_1_0_when_there_is_something_in_it() {
        assert_eq!(next(None, Size::Fix).unwrap(), Some(Version::new(0, 1, 0)));
        assert_eq!(next(None, Size::None).unwrap(), None);
    }

    #[test]
    fn build_metadata_does_not_live_on() {
        assert_eq!(after("1.0.0+build.5", Size::Fix).as_deref(), Some("1.0.1"));
        assert_eq!(
            after("1.0.0-rc.1+build.5", Size::Fix).as_deref(),
            Some("1.0.0")
        );
    }

    #[test]
    fn a_number_without_successor_is_refused_not_wrapped() {
        let last = Version::new(1, 0, u64::MAX);
        assert!(next(Some(&last), Size::Fix).is_err());
    }

    #[test]
    fn the_newest_commit_of_the_largest_size_decides() {
        let request: BumpRequest = serde_json::from_str(
            r#"{"previous":"1.0.0","commits":[
                {"message":"fix: a"},{"id":"abcdef0","message":"feat: b"},{"message":"feat: c"}]}"#,
        )
        .unwrap();
        let bump = serde_json::to_value(bump(&request).unwrap()).unwrap();
        assert_eq!(bump["next"], "1.1.0");
        assert_eq!(bump["size"], "feature");
        assert_eq!(bump["decidedBy"]["description"], "b");
        assert_eq!(bump["decidedBy"]["id"], "abcdef0");
    }
}
