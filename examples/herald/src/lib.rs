//! Herald turns conventional commits into release notes, version bumps and badges.
//!
//! The whole service is one function, [`handle`], from a request to a response as plain data. It
//! keeps no state and reads no clock, so the same request always gets the same bytes. `main.rs`
//! joins it to the world: as a `wasi:http` component, or as a CGI program.

mod accept;
mod badge;
pub mod cgi;
mod conventional;
mod date;
mod escape;
mod history;
mod inline;
mod lint;
mod notes;
mod page;
mod problem;
mod reply;
mod router;
mod version;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use problem::Problem;

/// The largest request body that is read, in bytes. An adapter may stop reading one byte later.
pub const MAX_BODY: usize = 1 << 20;

/// Answers one request. Never fails: what goes wrong is an answer too, as `application/problem+json`.
pub fn handle(request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = router::answer(request).unwrap_or_else(Problem::into_response);
    if request.method() == Method::HEAD {
        response.body_mut().clear();
    } else if response.status() != StatusCode::NO_CONTENT {
        // Neither with HEAD, whose body is not sent and would belie it to the host, nor with 204
        // (RFC 9110 §8.6).
        let length = HeaderValue::from(response.body().len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
