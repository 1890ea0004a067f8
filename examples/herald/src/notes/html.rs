//! Release notes as a page, or as a part of one.

use super::{Entry, NOTHING_NOTABLE, Notes};
use crate::{escape::Html, inline, page};
use std::fmt;

/// A whole document.
pub fn document(notes: &Notes) -> String {
    page::document(&notes.title(), &Article(notes))
}

/// The notes alone.
pub struct Article<'n>(pub &'n Notes<'n>);

impl fmt::Display for Article<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Notes { date, sections, .. } = self.0;
        writeln!(out, "<article class=\"notes\">")?;
        writeln!(out, "<h1>{}</h1>", Html(&self.0.title()))?;
        writeln!(out, "<p><time datetime=\"{date}\">{date}</time></p>")?;
        for section in sections {
            writeln!(out, "<h2>{}</h2>\n<ul>", section.title)?;
            for entry in &section.entries {
                write_entry(out, entry)?;
            }
            writeln!(out, "</ul>")?;
        }
        if sections.is_empty() {
            writeln!(out, "<p>{NOTHING_NOTABLE}</p>")?;
        }
        writeln!(out, "</article>")
    }
}

fn write_entry(out: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
    write!(out, "<li>")?;
    if let Some(scope) = entry.scope {
        write!(out, "<b>{}:</b> ", Html(scope))?;
    }
    write!(out, "{}", Line(entry.description))?;
    match (entry.id, &entry.url) {
        (Some(id), Some(url)) => write!(out, " <a href=\"{}\">{}</a>", Html(url), id.short())?,
        (Some(id), None) => write!(out, " <small>{}</small>", id.short())?,
        _ => {}
    }
    if let Some(advice) = &entry.advice {
        write!(out, "<p>{}</p>", Line(advice))?;
    }
    writeln!(out, "</li>")
}

/// A line with its code spans.
struct Line<'t>(&'t str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in inline::spans(self.0) {
            match span {
                inline::Span::Text(text) => write!(out, "{}", Html(text))?,
                inline::Span::Code(code) => write!(out, "<code>{}</code>", Html(code))?,
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
    fn the_notes_read_well_as_html() {
        let request = sample();
        let notes = notes::write(&request).unwrap();
        let article = Article(&notes).to_string();
        assert!(article.contains("<h1>greeter 2.0.0</h1>"));
        assert!(article.contains("<li><b>core:</b> rename <code>Greeter</code></li>"));
        assert!(article.contains("<p>call /v2 instead</p>"));
        assert!(article.contains("no &lt;b&gt;tags&lt;/b&gt; in names"));
        let link = "<a href=\"https://example.org/acme/greeter/commit/a1b2c3d4e5\">a1b2c3d</a>";
        assert!(article.contains(link));
    }

    #[test]
    fn the_title_is_escaped_in_the_head_too() {
        let mut request = sample();
        request.name = Some("</title><script>".to_owned());
        let notes = notes::write(&request).unwrap();
        assert!(!document(&notes).contains("<script>"));
    }
}
