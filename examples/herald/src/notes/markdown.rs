//! Release notes as Markdown, to be put at the top of a change log.

use super::{Entry, NOTHING_NOTABLE, Notes};
use crate::{escape, inline};
use std::fmt;

pub struct Markdown<'n>(pub &'n Notes<'n>);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notes = self.0;
        let title = notes.title();
        writeln!(
            out,
            "## {} ({})",
            escape::Markdown(title.trim()),
            notes.date
        )?;
        for section in &notes.sections {
            writeln!(out, "\n### {}\n", section.title)?;
            for entry in &section.entries {
                write_entry(out, entry)?;
            }
        }
        if notes.sections.is_empty() {
            writeln!(out, "\n{NOTHING_NOTABLE}")?;
        }
        Ok(())
    }
}

fn write_entry(out: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
    write!(out, "- ")?;
    if let Some(scope) = entry.scope {
        write!(out, "**{}:** ", escape::Markdown(scope))?;
    }
    write!(out, "{}", Line(entry.description))?;
    match (entry.id, &entry.url) {
        (Some(id), Some(url)) => write!(out, " ([{}]({url}))", id.short())?,
        (Some(id), None) => write!(out, " ({})", id.short())?,
        _ => {}
    }
    writeln!(out)?;
    if let Some(advice) = &entry.advice {
        writeln!(out, "\n  {}\n", Line(advice))?;
    }
    Ok(())
}

/// A line with its code spans.
struct Line<'t>(&'t str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in inline::spans(self.0) {
            match span {
                inline::Span::Text(text) => write!(out, "{}", escape::Markdown(text))?,
                inline::Span::Code(code) => write!(out, "`{code}`")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::{self, tests::sample};

    #[test]
    fn the_notes_read_well_as_markdown() {
        let request = sample();
        let notes = notes::write(&request).unwrap();
        assert_eq!(
            Markdown(&notes).to_string(),
            "## greeter 2.0.0 (2026-11-24)\n\
             \n### Breaking changes\n\n\
             - drop /v1 ([c3d4e5f](https://example.org/acme/greeter/commit/c3d4e5f6a7))\n\
             \n  call /v2 instead\n\n\
             - **core:** rename `Greeter`\n\
             \n### Features\n\n\
             - **api:** greet in `Accept-Language` ([a1b2c3d](https://example.org/acme/greeter/commit/a1b2c3d4e5))\n\
             \n### Fixes\n\n\
             - no \\<b\\>tags\\</b\\> in names ([b2c3d4e](https://example.org/acme/greeter/commit/b2c3d4e5f6))\n"
        );
    }
}
