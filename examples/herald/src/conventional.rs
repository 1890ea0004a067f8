//! Commit messages as conventionalcommits.org 1.0.0 defines them.

use serde::Serialize;

/// A message that keeps to the rules. It borrows from the message where it can.
#[derive(Debug, Eq, PartialEq)]
pub struct Conventional<'m> {
    /// In lower case: units of information are not case-sensitive (rule 15).
    pub kind: String,
    pub scope: Option<&'m str>,
    pub description: &'m str,
    /// What breaks, in one line, when something does: the `BREAKING CHANGE` footer, or else the
    /// description that a `!` marks.
    pub breaking: Option<String>,
}

/// Why a message, or a part of it, is not conventional.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    TypeMissing,
    TypeUnknown,
    ScopeEmpty,
    ScopeUnclosed,
    SpaceMissing,
    DescriptionMissing,
    BlankLineMissing,
}

/// The first line, in its parts.
#[derive(Debug, Eq, PartialEq)]
pub struct Header<'m> {
    pub kind: &'m str,
    pub scope: Option<&'m str>,
    pub is_breaking: bool,
    pub description: &'m str,
}

pub fn parse(message: &str) -> Result<Conventional<'_>, Rule> {
    let header = parse_header(first_line(message))?;
    let footer = breaking_footer(message);
    let marked = header.is_breaking.then(|| header.description.to_owned());
    Ok(Conventional {
        kind: header.kind.to_ascii_lowercase(),
        scope: header.scope,
        description: header.description,
        breaking: footer.or(marked),
    })
}

/// The line that a person reads in a list of commits.
pub fn first_line(message: &str) -> &str {
    message.trim_start().lines().next().unwrap_or("").trim_end()
}

/// `type(scope)!: description`, or the subject that `git revert` writes, which is read as a commit
/// of type `revert`.
pub fn parse_header(line: &str) -> Result<Header<'_>, Rule> {
    if let Some(reverted) = reverted_subject(line) {
        return Ok(Header {
            kind: "revert",
            scope: None,
            is_breaking: false,
            description: reverted,
        });
    }
    let end_of_kind = line
        .find(|letter: char| !letter.is_ascii_alphabetic() && letter != '-')
        .unwrap_or(line.len());
    let (kind, rest) = line.split_at(end_of_kind);
    if kind.is_empty() {
        return Err(Rule::TypeMissing);
    }
    let (scope, rest) = parse_scope(rest)?;
    let (is_breaking, rest) = match rest.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.strip_prefix(':').ok_or(Rule::TypeMissing)?;
    let description = rest.trim();
    if description.is_empty() {
        return Err(Rule::DescriptionMissing);
    }
    if !rest.starts_with(' ') {
        return Err(Rule::SpaceMissing);
    }
    Ok(Header {
        kind,
        scope,
        is_breaking,
        description,
    })
}

fn parse_scope(rest: &str) -> Result<(Option<&str>, &str), Rule> {
    let Some(opened) = rest.strip_prefix('(') else {
        return Ok((None, rest));
    };
    let (scope, rest) = opened.split_once(')').ok_or(Rule::ScopeUnclosed)?;
    match scope.trim() {
        "" => Err(Rule::ScopeEmpty),
        scope => Ok((Some(scope), rest)),
    }
}

fn reverted_subject(line: &str) -> Option<&str> {
    let subject = line.strip_prefix("Revert \"")?.strip_suffix('"')?.trim();
    (!subject.is_empty()).then_some(subject)
}

/// Whether git made this commit to join two branches: such a commit says nothing of its own.
pub fn is_merge(message: &str) -> bool {
    const SUBJECTS: [&str; 5] = [
        "Merge branch ",
        "Merge commit ",
        "Merge pull request ",
        "Merge remote-tracking branch ",
        "Merge tag ",
    ];
    let subject = first_line(message);
    SUBJECTS.iter().any(|start| subject.starts_with(start))
}

/// The commits that this one takes back, by the sentence that `git revert` writes.
pub fn reverted_ids(message: &str) -> impl Iterator<Item = &str> {
    message
        .split("This reverts commit ")
        .skip(1)
        .map(|rest| {
            let end = rest
                .find(|letter: char| !letter.is_ascii_hexdigit())
                .unwrap_or(rest.len());
            &rest[..end]
        })
        .filter(|id| id.len() >= 7)
}

/// The text of the `BREAKING CHANGE` footer in one line. It ends where the next footer starts
/// (rules 10 and 12). One that lacks the blank line before it counts all the same: to miss a
/// breaking change is the worse mistake.
fn breaking_footer(message: &str) -> Option<String> {
    let mut lines = message.lines().skip(1);
    let first = lines.find_map(|line| match footer(line) {
        Some(("BREAKING CHANGE" | "BREAKING-CHANGE", text)) => Some(text),
        _ => None,
    })?;
    let more = lines.take_while(|line| footer(line).is_none());
    let words: Vec<&str> = std::iter::once(first)
        .chain(more)
        .flat_map(str::split_whitespace)
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// `token: text` or `token #text` (rule 8), where the token has dashes for spaces, except
/// `BREAKING CHANGE` (rules 9 and 16).
fn footer(line: &str) -> Option<(&str, &str)> {
    let end_of_token = if line.starts_with("BREAKING CHANGE") {
        "BREAKING CHANGE".len()
    } else {
        line.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')?
    };
    let (token, rest) = line.split_at(end_of_token);
    if token.is_empty() {
        return None;
    }
    let text = rest.strip_prefix(": ").or(rest.strip_prefix(" #"));
    // A token alone on its line has its text below it.
    let text = text.or((rest.trim_end() == ":").then_some(""))?;
    Some((token, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_header_is_read_in_its_parts() {
        assert_eq!(
            parse("Fix(http server)!: answer `HEAD`\n\nbody"),
            Ok(Conventional {
                kind: "fix".into(),
                scope: Some("http server"),
                description: "answer `HEAD`",
                breaking: Some("answer `HEAD`".into()),
            })
        );
    }

    #[test]
    fn each_broken_header_says_which_rule_it_breaks() {
        let cases = [
            ("", Rule::TypeMissing),
            ("update the docs", Rule::TypeMissing),
            ("Update docs: all of them", Rule::TypeMissing),
            (": nothing before", Rule::TypeMissing),
            ("feat", Rule::TypeMissing),
            ("feat(): x", Rule::ScopeEmpty),
            ("feat( ): x", Rule::ScopeEmpty),
            ("feat(api: x", Rule::ScopeUnclosed),
            ("feat:x", Rule::SpaceMissing),
            ("feat:", Rule::DescriptionMissing),
            ("feat: ", Rule::DescriptionMissing),
        ];
        for (line, rule) in cases {
            assert_eq!(parse(line), Err(rule), "{line:?}");
        }
    }

    #[test]
    fn a_colon_in_the_scope_is_no_end_of_the_type() {
        assert_eq!(parse("fix(a:b): c").unwrap().scope, Some("a:b"));
    }

    #[test]
    fn a_breaking_footer_is_found_and_ends_at_the_next_footer() {
        let message = "feat: x\n\nWhy.\n\nBREAKING CHANGE: the key `a`\n  is now `b`\n\nand c\nReviewed-by: Z";
        assert_eq!(
            parse(message).unwrap().breaking.as_deref(),
            Some("the key `a` is now `b` and c")
        );
        let dashed = "fix: x\n\nRefs #7\nBREAKING-CHANGE: y";
        assert_eq!(parse(dashed).unwrap().breaking.as_deref(), Some("y"));
    }

    #[test]
    fn the_footer_tells_more_than_the_mark() {
        let message = "feat!: drop v1\n\nBREAKING CHANGE: use /v2";
        assert_eq!(parse(message).unwrap().breaking.as_deref(), Some("use /v2"));
    }

    #[test]
    fn breaking_change_in_small_letters_or_in_a_sentence_is_text() {
        for body in [
            "breaking change: x",
            "No BREAKING CHANGE: x",
            "BREAKING CHANGES: x",
        ] {
            let message = format!("fix: y\n\n{body}");
            assert_eq!(parse(&message).unwrap().breaking, None, "{body}");
        }
    }

    #[test]
    fn what_git_revert_writes_is_a_revert() {
        let message = "Revert \"feat: x\"\n\nThis reverts commit 0123456789abcdef.";
        let commit = parse(message).unwrap();
        assert_eq!(commit.kind, "revert");
        assert_eq!(commit.description, "feat: x");
        assert_eq!(
            reverted_ids(message).collect::<Vec<_>>(),
            ["0123456789abcdef"]
        );
    }

    #[test]
    fn merges_are_known_by_the_subject_that_git_gives_them() {
        assert!(is_merge("Merge branch 'main' into topic"));
        assert!(is_merge("Merge pull request #3 from a/b\n\nfeat: x"));
        assert!(!is_merge("Merge sort for the index"));
        assert!(!is_merge("fix: Merge branch names"));
    }
}
