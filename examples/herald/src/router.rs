//! From path and method to an answer.

use crate::{MAX_BODY, accept, badge::Badge, lint, notes, page, problem::Problem, reply, version};
use http::{HeaderName, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::borrow::Cow;

const NOTES_TYPES: [&str; 3] = ["application/json", "text/markdown", "text/html"];

/// What lives at a path.
enum Resource<'p> {
    Front,
    Health,
    Badge { label: &'p str, value: &'p str },
    Notes,
    Bump,
    Lint,
}

pub fn answer(request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Problem> {
    let path = request.uri().path();
    let resource = find(path).ok_or_else(|| Problem::not_found(path))?;
    let allow = resource.allow();
    if request.method() == Method::OPTIONS {
        let mut response = reply::with(Response::default(), header::ALLOW, allow);
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    if !allow.split(", ").any(|method| method == request.method()) {
        return Err(Problem::method_not_allowed(allow));
    }
    match resource {
        Resource::Front => page::front().map(reply::html),
        Resource::Health => reply::json(&json!({
            "status": "ok",
            "service": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
        })),
        Resource::Badge { label, value } => badge(label, value, request.uri().query()),
        Resource::Notes => notes(request),
        Resource::Bump => reply::json(&version::bump(&body(request)?)?),
        Resource::Lint => reply::json(&lint::lint(&body(request)?)?),
    }
}

fn find(path: &str) -> Option<Resource<'_>> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    match segments.as_slice() {
        [""] => Some(Resource::Front),
        ["healthz"] => Some(Resource::Health),
        ["badge", label, file] => {
            let value = file.strip_suffix(".svg")?;
            Some(Resource::Badge { label, value })
        }
        ["v1", "notes"] => Some(Resource::Notes),
        ["v1", "bump"] => Some(Resource::Bump),
        ["v1", "lint"] => Some(Resource::Lint),
        _ => None,
    }
}

impl Resource<'_> {
    /// Its methods, as the `Allow` field lists them.
    fn allow(&self) -> &'static str {
        match self {
            Resource::Front | Resource::Health | Resource::Badge { .. } => "GET, HEAD, OPTIONS",
            Resource::Notes | Resource::Bump | Resource::Lint => "POST, OPTIONS",
        }
    }
}

fn badge(label: &str, value: &str, query: Option<&str>) -> Result<Response<Vec<u8>>, Problem> {
    let (label, value) = (decode(label)?, decode(value)?);
    let colour = parameter(query, "color");
    let badge = Badge::new(&label, &value, colour.as_deref())?;
    Ok(reply::svg(badge.to_string()))
}

/// A path segment without its percent-encoding.
fn decode(segment: &str) -> Result<Cow<'_, str>, Problem> {
    percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| Problem::bad_request(format!("{segment} is not UTF-8")))
}

/// The first parameter of that name in the query.
fn parameter<'q>(query: Option<&'q str>, name: &str) -> Option<Cow<'q, str>> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

fn notes(request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Problem> {
    let wish = field(request, header::ACCEPT);
    let media_type = accept::best(wish.as_deref(), &NOTES_TYPES)
        .ok_or_else(|| Problem::not_acceptable(&NOTES_TYPES))?;
    let wanted = body(request)?;
    let notes = notes::write(&wanted)?;
    let response = match media_type {
        "text/markdown" => reply::of(
            "text/markdown; charset=utf-8",
            notes::markdown::Markdown(&notes).to_string(),
        ),
        "text/html" => reply::html(notes::html::document(&notes)),
        _ => reply::json(&notes)?,
    };
    Ok(reply::with(response, header::VARY, "accept"))
}

/// The body, read as the JSON of a request.
fn body<T: DeserializeOwned>(request: &Request<Vec<u8>>) -> Result<T, Problem> {
    let media_type = field(request, header::CONTENT_TYPE).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::unsupported_media_type());
    }
    if request.body().len() > MAX_BODY {
        return Err(Problem::too_large(MAX_BODY));
    }
    serde_json::from_slice(request.body()).map_err(|error| {
        if error.is_data() {
            Problem::unprocessable(error.to_string())
        } else {
            Problem::bad_request(format!("the body is not JSON: {error}"))
        }
    })
}

/// All values of a header field as one list (RFC 9110 §5.3).
fn field(request: &Request<Vec<u8>>, name: HeaderName) -> Option<String> {
    let values = request.headers().get_all(name);
    let values: Vec<&str> = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}
