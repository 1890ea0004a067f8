//! Release notes: what a release changes for those who use it, as data. [`markdown`] and [`html`]
//! write the same notes for people.

pub mod html;
pub mod markdown;

use crate::{
    conventional::Conventional,
    date::Date,
    history::{self, Change, Commit, CommitId},
    problem::Problem,
    version::{self, Size},
};
use semver::Version;
use serde::{Deserialize, Serialize};

/// `POST /v1/notes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotesRequest {
    /// What is released, for the heading.
    name: Option<String>,
    /// The version released last; without it this is the first release.
    previous: Option<Version>,
    date: Date,
    /// Where commits are shown: `<repository>/commit/<id>`.
    repository: Option<Repository>,
    /// Newest first.
    commits: Vec<Commit>,
}

/// The address of a repository's web page: `http` or `https`, and only characters that need no
/// escaping in Markdown or HTML.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Repository(String);

impl TryFrom<String> for Repository {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_web = ["https://", "http://"].iter().any(|scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        });
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._/:@%".contains(&byte));
        if is_web && is_plain {
            Ok(Repository(text.trim_end_matches('/').to_owned()))
        } else {
            Err(format!("`{text}` is not the web address of a repository"))
        }
    }
}

/// The notes of one release.
#[derive(Debug, Serialize)]
pub struct Notes<'r> {
    pub name: Option<&'r str>,
    pub previous: Option<&'r Version>,
    /// The version of this release; `None` when the commits ask for none.
    pub version: Option<Version>,
    pub date: Date,
    pub size: Size,
    /// Those that have entries, the weightiest first.
    pub sections: Vec<Section<'r>>,
    pub omitted: Omitted,
}

#[derive(Debug, Serialize)]
pub struct Section<'r> {
    pub title: &'static str,
    pub entries: Vec<Entry<'r>>,
}

/// One line of the notes.
#[derive(Debug, Serialize)]
pub struct Entry<'r> {
    pub id: Option<&'r CommitId>,
    pub url: Option<String>,
    pub scope: Option<&'r str>,
    pub description: &'r str,
    /// What a breaking change asks of the reader, when the commit says more than its description.
    pub advice: Option<String>,
}

/// How many commits the notes pass over, and why.
#[derive(Debug, Serialize)]
pub struct Omitted {
    /// Of a type that no user sees the effect of.
    pub internal: usize,
    pub unconventional: usize,
    pub reverted: usize,
}

const BREAKING: &str = "Breaking changes";

/// The sections in their order, each with the commit type that goes there.
const SECTIONS: [(&str, Option<&str>); 5] = [
    (BREAKING, None),
    ("Features", Some("feat")),
    ("Fixes", Some("fix")),
    ("Performance", Some("perf")),
    ("Reverts", Some("revert")),
];

pub fn write(request: &NotesRequest) -> Result<Notes<'_>, Problem> {
    let history = history::read(&request.commits)?;
    let size = Size::of_all(&history);
    let version = version::next(request.previous.as_ref(), size)?;
    let mut sections: Vec<Section> = SECTIONS
        .iter()
        .map(|(title, _)| Section {
            title,
            entries: Vec::new(),
        })
        .collect();
    let mut internal = 0;
    for change in history.changes {
        match section_of(&change.commit) {
            Some(index) => sections[index].entries.push(request.entry(change)),
            None => internal += 1,
        }
    }
    sections.retain(|section| !section.entries.is_empty());
    Ok(Notes {
        name: request.name.as_deref(),
        previous: request.previous.as_ref(),
        version,
        date: request.date,
        size,
        sections,
        omitted: Omitted {
            internal,
            unconventional: history.unconventional,
            reverted: history.reverted,
        },
    })
}

/// The place in [`SECTIONS`], if the commit has one. What breaks is told once, and first.
fn section_of(commit: &Conventional) -> Option<usize> {
    let kind = match commit.breaking {
        Some(_) => None,
        None => Some(commit.kind.as_str()),
    };
    SECTIONS.iter().position(|(_, accepted)| *accepted == kind)
}

impl NotesRequest {
    fn entry<'r>(&'r self, change: Change<'r>) -> Entry<'r> {
        let Change { id, commit } = change;
        let link = |(repository, id): (&Repository, &CommitId)| {
            format!("{}/commit/{}", repository.0, id.as_str())
        };
        Entry {
            id,
            url: self.repository.as_ref().zip(id).map(link),
            scope: commit.scope,
            advice: commit.breaking.filter(|text| text != commit.description),
            description: commit.description,
        }
    }
}

impl Notes<'_> {
    /// The heading: name and version.
    pub fn title(&self) -> String {
        let version = match &self.version {
            Some(version) => version.to_string(),
            None => "Nothing to release".to_owned(),
        };
        match self.name {
            Some(name) => format!("{name} {version}"),
            None => version,
        }
    }
}

/// What the notes say when they have no sections.
pub const NOTHING_NOTABLE: &str = "No change that users would notice.";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A release with something of everything; the renderers are tested on it too.
    pub fn sample() -> NotesRequest {
        serde_json::from_value(serde_json::json!({
            "name": "greeter",
            "previous": "1.4.2",
            "date": "2026-11-24",
            "repository": "https://example.org/acme/greeter/",
            "commits": [
                { "id": "a1b2c3d4e5", "message": "feat(api): greet in `Accept-Language`" },
                { "message": "docs: how to greet" },
                { "id": "b2c3d4e5f6", "message": "fix: no <b>tags</b> in names" },
                { "id": "c3d4e5f6a7", "message": "feat!: drop /v1\n\nBREAKING CHANGE: call\n/v2 instead" },
                { "message": "refactor(core)!: rename `Greeter`" },
                { "message": "wip" }
            ]
        }))
        .unwrap()
    }

    #[test]
    fn each_commit_comes_once_in_its_section() {
        let request = sample();
        let notes = write(&request).unwrap();
        let outline: Vec<(&str, Vec<&str>)> = notes
            .sections
            .iter()
            .map(|section| {
                let entries = section.entries.iter().map(|entry| entry.description);
                (section.title, entries.collect())
            })
            .collect();
        assert_eq!(
            outline,
            [
                ("Breaking changes", vec!["drop /v1", "rename `Greeter`"]),
                ("Features", vec!["greet in `Accept-Language`"]),
                ("Fixes", vec!["no <b>tags</b> in names"]),
            ]
        );
        assert_eq!(notes.omitted.internal, 1);
        assert_eq!(notes.omitted.unconventional, 1);
    }

    #[test]
    fn the_version_follows_from_the_commits() {
        let request = sample();
        let notes = write(&request).unwrap();
        assert_eq!(notes.version, Some(Version::new(2, 0, 0)));
        assert_eq!(notes.title(), "greeter 2.0.0");
    }

    #[test]
    fn advice_is_told_only_when_it_adds_something() {
        let request = sample();
        let notes = write(&request).unwrap();
        let breaking = &notes.sections[0].entries;
        assert_eq!(breaking[0].advice.as_deref(), Some("call /v2 instead"));
        assert_eq!(breaking[1].advice, None);
    }

    #[test]
    fn a_commit_links_to_its_page_when_both_are_known() {
        let request = sample();
        let notes = write(&request).unwrap();
        let breaking = &notes.sections[0].entries;
        let url = "https://example.org/acme/greeter/commit/c3d4e5f6a7";
        assert_eq!(breaking[0].url.as_deref(), Some(url));
        assert_eq!(breaking[1].url, None);
    }

    #[test]
    fn only_a_plain_web_address_is_a_repository() {
        for text in [
            "javascript:alert(1)",
            "https://",
            "https://example.org/a b",
            "https://example.org/)[x](y",
            "https://example.org/\"onclick=",
            "example.org/acme",
        ] {
            assert!(Repository::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn no_notable_commit_makes_no_release() {
        let request: NotesRequest = serde_json::from_str(
            r#"{"previous":"1.0.0","date":"2026-11-24","commits":[{"message":"docs: x"}]}"#,
        )
        .unwrap();
        let notes = write(&request).unwrap();
        assert_eq!(notes.version, None);
        assert_eq!(notes.title(), "Nothing to release");
    }
}
