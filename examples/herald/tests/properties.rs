//! What holds for every input, checked with generated ones and with other people's parsers.
#![cfg(not(target_arch = "wasm32"))]

use herald::handle;
use http::{Request, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{collection::vec, option, prelude::*, sample::select};
use pulldown_cmark::{Event, Options, Parser, Tag};
use semver::Version;
use serde_json::{Value, json};

/// One line of visible text, with much of what means something in Markdown, HTML and SVG.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => select(MARKUP.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 1..12)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("visible text in one line", |text| {
            text == text.trim() && !text.is_empty() && !text.contains(is_not_text)
        })
}

#[rustfmt::skip]
const MARKUP: [&str; 40] = [
    "`", "``", "*", "**", "_", "[", "](x)", "[a]: b", "(", "]", "<", "<b>", "<a b=>", "<http://x>", "<!--", ">",
    "&", "&lt;", "&#60;", "#", "# ", "\\", "~~", "|", "!", "-", "- ", "+ ", "= ", "===", "1. ", "2) ", "--",
    "\"", "'", "/", ":", " ", "a", "9",
];

fn is_not_text(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}')
}

fn post(path: &str, accept: &str, body: &Value) -> Response<Vec<u8>> {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("accept", accept)
        .body(body.to_string().into_bytes());
    handle(&request.expect("a valid request"))
}

/// The notes of a release with this one commit.
fn notes(accept: &str, message: &str) -> String {
    let body = json!({ "date": "2026-11-24", "commits": [{ "message": message }] });
    let response = post("/v1/notes", accept, &body);
    assert_eq!(response.status(), 200);
    String::from_utf8(response.into_body()).expect("UTF-8")
}

/// What a reader of GitHub-flavoured Markdown makes of the text.
fn markdown_events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES)
}

/// Text without what renderers may change: white space, and the backticks that mark code.
fn essence(text: &str) -> String {
    let is_kept = |letter: &char| !letter.is_whitespace() && *letter != '`';
    text.chars().filter(is_kept).collect()
}

/// All text of an XML element and its descendants.
fn text_of(node: roxmltree::Node) -> String {
    let texts = node.descendants().filter(|node| node.is_text());
    texts.filter_map(|node| node.text()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_gets_an_answer_and_always_the_same(
        method in select(vec!["GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"]),
        path in select(vec!["/", "/healthz", "/v1/notes", "/v1/bump", "/v1/lint", "/badge/", "/x"]),
        rest in vec(select(b"/.svg%20Fa?&=color#".to_vec()), 0..20),
        accept in vec(select(b"text/html*;q=01., ".to_vec()), 0..30),
        body in vec(any::<u8>(), 0..200),
    ) {
        let path = format!("{path}{}", String::from_utf8(rest).unwrap());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("accept", String::from_utf8(accept).unwrap())
            .body(body);
        let request = request.unwrap();
        let response = handle(&request);
        prop_assert!(!response.status().is_server_error());
        let again = handle(&request);
        prop_assert_eq!(response.status(), again.status());
        prop_assert_eq!(response.headers(), again.headers());
        prop_assert_eq!(response.body(), again.body());
    }

    #[test]
    fn markdown_shows_exactly_the_description(scope in option::of(line()), description in line()) {
        let scope = scope.map(|scope| scope.replace(')', "("));
        let brackets = scope.as_ref().map_or(String::new(), |scope| format!("({scope})"));
        let markdown = notes("text/markdown", &format!("feat{brackets}: {description}"));
        let mut shown = String::new();
        let mut blocks = 0;
        for event in markdown_events(&markdown) {
            match event {
                Event::Text(text) | Event::Code(text) => shown.push_str(&text),
                Event::Start(Tag::Heading { .. } | Tag::List(None) | Tag::Item) => blocks += 1,
                Event::Start(Tag::Strong) => prop_assert!(scope.is_some(), "{}", markdown),
                Event::End(_) => {}
                other => prop_assert!(false, "{other:?} in {markdown}"),
            }
        }
        // Two headings, and the list with its one item.
        prop_assert_eq!(blocks, 4, "{}", markdown);
        let before = scope.map_or(String::new(), |scope| format!("{scope}:"));
        let expected = format!("0.1.0 (2026-11-24) Features {before} {description}");
        prop_assert_eq!(essence(&shown), essence(&expected), "{}", markdown);
    }

    #[test]
    fn html_is_well_formed_and_shows_exactly_the_description(description in line()) {
        let html = notes("text/html", &format!("fix: {description}"));
        let xml = html.strip_prefix("<!doctype html>").expect("a doctype");
        let document = roxmltree::Document::parse(xml).expect(xml);
        let items: Vec<_> = document.descendants().filter(|node| node.has_tag_name("li")).collect();
        prop_assert_eq!(items.len(), 1);
        prop_assert_eq!(essence(&text_of(items[0])), essence(&description));
        let elements = items[0].descendants().filter(|node| node.is_element()).skip(1);
        prop_assert!(elements.into_iter().all(|node| node.has_tag_name("code")));
    }

    #[test]
    fn a_badge_is_well_formed_and_shows_exactly_its_text(
        label in line(), value in line(), colour in select(vec!["teal", "yellow", "fff"]),
    ) {
        let encoded = [&label, &value].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        let path = format!("/badge/{}/{}.svg?color={colour}", encoded[0], encoded[1]);
        let response = handle(&Request::get(path).body(Vec::new()).unwrap());
        prop_assert_eq!(response.status(), 200);
        let svg = String::from_utf8(response.into_body()).unwrap();
        let document = roxmltree::Document::parse(&svg).expect(&svg);
        let is_svg_text = |node: &roxmltree::Node| node.tag_name().name() == "text";
        let texts: Vec<_> = document.descendants().filter(is_svg_text).map(text_of).collect();
        prop_assert_eq!(texts, [label, value]);
    }

    #[test]
    fn the_next_version_is_later_and_rises_with_the_size(
        major in 0_u64..4, minor in 0_u64..4, patch in 0_u64..4, is_candidate: bool,
    ) {
        let suffix = if is_candidate { "-rc.1" } else { "" };
        let previous = Version::parse(&format!("{major}.{minor}.{patch}{suffix}")).unwrap();
        let next = ["fix: x", "feat: x", "feat!: x"].map(|message| {
            let body = json!({ "previous": previous, "commits": [{ "message": message }] });
            let response = post("/v1/bump", "*/*", &body);
            let bump: Value = serde_json::from_slice(response.body()).unwrap();
            Version::parse(bump["next"].as_str().unwrap()).unwrap()
        });
        prop_assert!(previous < next[0], "{previous} {next:?}");
        prop_assert!(next.is_sorted(), "{previous} {next:?}");
        prop_assert!(next.iter().all(|version| version.pre.is_empty()));
    }
}
