//! Successful responses in the few forms that the routes give.

use crate::problem::Problem;
use http::{HeaderName, HeaderValue, Response, header};
use serde::Serialize;

/// Pages and images of ours run no script and load nothing but our own badges.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'";

/// 200 with a body of the given media type.
pub fn of(media_type: &'static str, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    with(Response::new(body.into()), header::CONTENT_TYPE, media_type)
}

/// The response with one field more, or replaced.
pub fn with(
    mut response: Response<Vec<u8>>,
    name: HeaderName,
    value: &'static str,
) -> Response<Vec<u8>> {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

pub fn json(value: &impl Serialize) -> Result<Response<Vec<u8>>, Problem> {
    let mut body = serde_json::to_vec_pretty(value)
        .map_err(|error| Problem::internal(format!("the answer is not JSON: {error}")))?;
    body.push(b'\n');
    Ok(of("application/json", body))
}

pub fn html(document: String) -> Response<Vec<u8>> {
    with(
        of("text/html; charset=utf-8", document),
        header::CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY,
    )
}

/// An image that is the same for ever as far as its address goes; five minutes let a new release
/// of this service draw it better.
pub fn svg(image: String) -> Response<Vec<u8>> {
    let response = with(
        of("image/svg+xml", image),
        header::CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY,
    );
    with(response, header::CACHE_CONTROL, "public, max-age=300")
}
