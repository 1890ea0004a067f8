//! The pages for people: one frame for all of them, and the front page.

use crate::{escape::Html, notes, problem::Problem};
use std::fmt;

const STYLE: &str = include_str!("page.css");
const FRONT: &str = include_str!("front.html");

/// The request that the front page shows with its real answer.
const SAMPLE: &str = include_str!("sample.json");

/// An HTML document around a body that is HTML already.
pub fn document(title: &str, body: &impl fmt::Display) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        Html(title)
    )
}

/// `GET /`: what the service does, shown by what it answers to the sample.
pub fn front() -> Result<String, Problem> {
    let request = serde_json::from_str(SAMPLE)
        .map_err(|error| Problem::internal(format!("the sample is not a request: {error}")))?;
    let notes = notes::write(&request)?;
    let body = FRONT
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{sample}}", &Html(SAMPLE.trim()).to_string())
        .replace("{{notes}}", &notes::html::Article(&notes).to_string());
    Ok(document("herald", &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_page_shows_the_real_answer_to_its_sample() {
        let page = front().unwrap();
        assert!(page.contains("<h1>greeter 1.5.0</h1>"));
        assert!(!page.contains("{{"));
    }
}
