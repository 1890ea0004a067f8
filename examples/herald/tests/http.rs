//! The service as a client sees it, through its one function.

use herald::{MAX_BODY, handle};
use http::{Request, Response};
use serde_json::{Value, json};

fn send(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    handle(&request.body(body.to_vec()).expect("a valid request"))
}

fn get(path: &str) -> Response<Vec<u8>> {
    send("GET", path, &[], b"")
}

fn post(path: &str, body: &Value) -> Response<Vec<u8>> {
    let headers = [("content-type", "application/json; charset=utf-8")];
    send("POST", path, &headers, body.to_string().as_bytes())
}

fn post_for(accept: &str, body: &Value) -> Response<Vec<u8>> {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    send("POST", "/v1/notes", &headers, body.to_string().as_bytes())
}

fn text(response: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(response.body()).expect("UTF-8")
}

fn parsed(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).expect("JSON")
}

/// Checks that the response is a problem of this status, and gives its detail.
fn problem(response: &Response<Vec<u8>>, status: u16) -> String {
    assert_eq!(response.status(), status, "{}", text(response));
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let body = parsed(response);
    assert_eq!(body["status"], status);
    body["detail"].as_str().expect("a detail").to_owned()
}

fn release() -> Value {
    json!({
        "name": "greeter",
        "previous": "1.4.2",
        "date": "2026-11-24",
        "commits": [
            { "id": "9c1f0aa", "message": "feat(api): greet in `Accept-Language`" },
            { "message": "fix: no <script> in names" }
        ]
    })
}

#[test]
fn the_front_page_explains_the_service() {
    let response = get("/");
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    for route in ["/v1/notes", "/v1/bump", "/v1/lint", "/badge/", "/healthz"] {
        assert!(text(&response).contains(route), "{route}");
    }
}

#[test]
fn health_names_the_running_version() {
    let body = parsed(&get("/healthz"));
    assert_eq!(body["status"], "ok");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn notes_come_as_json_unless_the_client_wishes_otherwise() {
    let response = post("/v1/notes", &release());
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["vary"], "accept");
    let notes = parsed(&response);
    assert_eq!(notes["version"], "1.5.0");
    assert_eq!(notes["sections"][0]["title"], "Features");
    assert_eq!(notes["sections"][0]["entries"][0]["scope"], "api");
}

#[test]
fn notes_come_as_markdown() {
    let response = post_for("text/html;q=0.1, text/markdown", &release());
    assert_eq!(
        response.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    assert!(text(&response).starts_with("## greeter 1.5.0 (2026-11-24)\n"));
    assert!(text(&response).contains(r"- no \<script\> in names"));
}

#[test]
fn notes_come_as_html() {
    let response = post_for("text/html", &release());
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert!(text(&response).starts_with("<!doctype html>"));
    assert!(text(&response).contains("no &lt;script&gt; in names"));
}

#[test]
fn notes_in_another_form_are_not_to_be_had() {
    let detail = problem(&post_for("application/pdf, image/*", &release()), 406);
    assert!(detail.contains("text/markdown"));
}

#[test]
fn two_accept_fields_are_one_list() {
    let request = Request::post("/v1/notes")
        .header("content-type", "application/json")
        .header("accept", "application/json;q=0.5")
        .header("accept", "text/markdown")
        .body(release().to_string().into_bytes())
        .unwrap();
    let response = handle(&request);
    assert_eq!(
        response.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
}

#[test]
fn bump_tells_the_next_version() {
    let body = json!({ "previous": "0.9.1", "commits": [{ "message": "feat!: x" }] });
    let bump = parsed(&post("/v1/bump", &body));
    assert_eq!(bump["next"], "0.10.0");
    assert_eq!(bump["size"], "breaking");
    let body = json!({ "previous": "0.9.1", "commits": [{ "message": "docs: x" }] });
    let bump = parsed(&post("/v1/bump", &body));
    assert_eq!(bump["next"], Value::Null);
    assert_eq!(bump["decidedBy"], Value::Null);
}

#[test]
fn lint_tells_what_is_wrong_and_where() {
    let body = json!({ "commits": [
        { "message": "feat: x" },
        { "id": "ABCDEF01", "message": "fix(): y\nz" }
    ]});
    let report = parsed(&post("/v1/lint", &body));
    assert_eq!(report["conventional"], false);
    let finding = &report["commits"][0];
    assert_eq!(finding["index"], 1);
    assert_eq!(finding["id"], "abcdef01");
    assert_eq!(finding["problems"][0]["rule"], "scope-empty");
    assert_eq!(finding["problems"][1]["rule"], "blank-line-missing");
}

#[test]
fn a_badge_is_an_image_in_the_colour_asked_for() {
    let response = get("/badge/coverage/94%25.svg?v=2&color=ff8800");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/svg+xml");
    assert!(response.headers().contains_key("cache-control"));
    assert!(text(&response).contains(">94%</text>"));
    assert!(text(&response).contains("#ff8800"));
}

#[test]
fn a_badge_may_have_slashes_dots_and_any_script() {
    let response = get("/badge/a%2Fb.svg/%E6%88%90%E5%8A%9F%20v1.2.svg");
    assert!(text(&response).contains("aria-label=\"a/b.svg: 成功 v1.2\""));
}

#[test]
fn a_badge_that_cannot_be_drawn_is_refused() {
    assert!(problem(&get("/badge/a/b.svg?color=blurple"), 422).contains("purple"));
    assert!(problem(&get("/badge//b.svg"), 422).contains("label"));
    assert!(problem(&get(&format!("/badge/a/{}.svg", "x".repeat(65))), 422).contains("64"));
    problem(&get("/badge/a/%00.svg"), 422);
    problem(&get("/badge/a/%FF.svg"), 400);
}

#[test]
fn unknown_paths_are_not_found() {
    for path in [
        "/v1",
        "/v1/notes/",
        "/V1/notes",
        "//",
        "/badge/a",
        "/badge/a/b",
        "/badge/a/b.png",
        "/badge/a/b/c.svg",
    ] {
        problem(&get(path), 404);
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let response = send("DELETE", "/healthz", &[], b"");
    problem(&response, 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
    let response = get("/v1/lint");
    problem(&response, 405);
    assert_eq!(response.headers()["allow"], "POST, OPTIONS");
}

#[test]
fn options_tells_the_methods_and_has_no_content() {
    let response = send("OPTIONS", "/v1/notes", &[], b"");
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["allow"], "POST, OPTIONS");
    assert!(!response.headers().contains_key("content-length"));
}

#[test]
fn head_is_get_without_the_body() {
    for path in ["/", "/healthz", "/badge/a/b.svg", "/nowhere"] {
        let (got, head) = (get(path), send("HEAD", path, &[], b""));
        assert_eq!(head.status(), got.status());
        assert_eq!(
            head.headers()["content-type"],
            got.headers()["content-type"]
        );
        assert!(head.body().is_empty());
    }
}

#[test]
fn content_length_is_that_of_the_body() {
    let response = get("/badge/a/%C3%A9.svg");
    let length = response.body().len().to_string();
    assert_eq!(response.headers()["content-length"], length.as_str());
}

#[test]
fn a_body_must_say_that_it_is_json() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for headers in [&form[..], &[]] {
        let response = send("POST", "/v1/lint", headers, b"{}");
        problem(&response, 415);
        assert_eq!(response.headers()["accept"], "application/json");
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_and_the_longest_is_read() {
    let headers = [("content-type", "application/json")];
    let mut body = br#"{"commits":[]}"#.to_vec();
    body.resize(MAX_BODY, b' ');
    assert_eq!(send("POST", "/v1/lint", &headers, &body).status(), 200);
    body.push(b' ');
    problem(&send("POST", "/v1/lint", &headers, &body), 413);
}

#[test]
fn a_broken_body_is_a_bad_request() {
    let headers = [("content-type", "application/json")];
    for body in [&b""[..], b"{", b"{\"commits\": [}", b"\xff"] {
        problem(&send("POST", "/v1/lint", &headers, body), 400);
    }
}

#[test]
fn a_body_nested_without_end_does_no_harm() {
    let headers = [("content-type", "application/json")];
    let nested = format!("{{\"commits\": {}", "[".repeat(MAX_BODY - 20));
    problem(&send("POST", "/v1/lint", &headers, nested.as_bytes()), 422);
}

#[test]
fn a_body_that_makes_no_sense_is_told_why() {
    let cases = [
        (json!({ "commits": [] }), "date"),
        (json!({ "date": "2026-02-30", "commits": [] }), "2026-02-30"),
        (
            json!({ "date": "2026-11-24", "previous": "1.4", "commits": [] }),
            "version",
        ),
        (
            json!({ "date": "2026-11-24", "commits": [{ "msg": "x" }] }),
            "msg",
        ),
        (
            json!({ "date": "2026-11-24", "commits": [], "repository": "javascript:x" }),
            "address",
        ),
        (
            json!({ "date": "2026-11-24", "commits": [{ "id": "<b>", "message": "x" }] }),
            "hash",
        ),
    ];
    for (body, reason) in cases {
        let detail = problem(&post("/v1/notes", &body), 422);
        assert!(detail.contains(reason), "{detail}");
    }
}

#[test]
fn too_many_commits_are_refused_by_every_route() {
    let commits = vec![json!({ "message": "fix: x" }); 2_001];
    problem(&post("/v1/lint", &json!({ "commits": commits })), 422);
    problem(&post("/v1/bump", &json!({ "commits": commits })), 422);
    let notes = json!({ "date": "2026-11-24", "commits": commits });
    problem(&post("/v1/notes", &notes), 422);
}
