//! What a client is told when it does not get what it asked for: RFC 9457 `problem+json`.

use crate::reply;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

/// A refusal. Its `type` is `about:blank`, so the status says all that a program needs to know and
/// `detail` tells a person what to change.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            status,
            detail: detail.into(),
            header: None,
        }
    }

    /// 400: the request cannot be read at all.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404: nothing lives at this path.
    pub fn not_found(path: &str) -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is nothing at {path}; GET / lists what there is"),
        )
    }

    /// 405: the path is right, the method is not. `allow` goes into the `Allow` field.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Problem {
            header: Some((header::ALLOW, HeaderValue::from_static(allow))),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("this path takes {allow}"),
            )
        }
    }

    /// 406: `Accept` rules out every type that `offered` names.
    pub fn not_acceptable(offered: &[&str]) -> Self {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            format!("this answer comes as {}", offered.join(", ")),
        )
    }

    /// 413: the body is longer than [`crate::MAX_BODY`].
    pub fn too_large(limit: usize) -> Self {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body may have at most {limit} bytes; send fewer commits"),
        )
    }

    /// 415: the body is not JSON, or does not say so. The `Accept` field names what is (RFC 9110
    /// §15.5.16).
    pub fn unsupported_media_type() -> Self {
        Problem {
            header: Some((header::ACCEPT, HeaderValue::from_static("application/json"))),
            ..Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the body as content-type: application/json",
            )
        }
    }

    /// 422: the request is readable, but what it says cannot be done.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 500: a mistake of this service.
    pub fn internal(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    pub fn into_response(self) -> Response<Vec<u8>> {
        let body = json!({
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = reply::of("application/problem+json", format!("{body:#}\n"));
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_status_in_line_and_body() {
        let response = Problem::unprocessable("no \"date\"").into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["title"], "Unprocessable Entity");
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "no \"date\"");
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let response = Problem::method_not_allowed("POST, OPTIONS").into_response();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "POST, OPTIONS");
    }
}
