//! CGI (RFC 3875), as WAGI hosts speak it too: the request comes in environment variables and on
//! standard input, the response goes to standard output.

use crate::{MAX_BODY, handle, problem::Problem};
use http::{Request, Response, header};
use std::{
    ffi::OsString,
    io::{self, Read, Write},
};

/// Serves the one request of this process. An error means that standard input or output broke.
pub fn serve(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    input: impl Read,
    output: impl Write,
) -> io::Result<()> {
    let response = match read(environment, input)? {
        Ok(request) => handle(&request),
        // It is not HTTP: its path is impossible, for example.
        Err(error) => Problem::bad_request(error.to_string()).into_response(),
    };
    write(&response, output)
}

fn read(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    input: impl Read,
) -> io::Result<http::Result<Request<Vec<u8>>>> {
    let mut head = Request::builder();
    let (mut path, mut raw_path, mut query) = (String::from("/"), None, String::new());
    let mut length = 0;
    for (name, value) in environment {
        let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
            continue;
        };
        match name.as_str() {
            "REQUEST_METHOD" => head = head.method(value.as_str()),
            "PATH_INFO" if !value.is_empty() => path = value,
            // WAGI: the path before percent-decoding, so that an encoded slash stays one.
            "X_RAW_PATH_INFO" if !value.is_empty() => raw_path = Some(value),
            "QUERY_STRING" => query = value,
            "CONTENT_TYPE" => head = head.header(header::CONTENT_TYPE, value),
            "CONTENT_LENGTH" => length = value.parse().unwrap_or(0),
            // These two are above already; a host may send them in both forms.
            "HTTP_CONTENT_TYPE" | "HTTP_CONTENT_LENGTH" => {}
            _ => {
                if let Some(field) = name.strip_prefix("HTTP_") {
                    head = head.header(field.replace('_', "-"), value);
                }
            }
        }
    }
    let mut target = raw_path.unwrap_or(path);
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let mut body = Vec::new();
    input
        .take(u64::min(length, MAX_BODY as u64 + 1))
        .read_to_end(&mut body)?;
    Ok(head.uri(target).body(body))
}

/// Writes the response, its status as the `Status` field.
fn write(response: &Response<Vec<u8>>, mut output: impl Write) -> io::Result<()> {
    write!(output, "Status: {}\r\n", response.status())?;
    for (name, value) in response.headers() {
        write!(output, "{name}: ")?;
        output.write_all(value.as_bytes())?;
        output.write_all(b"\r\n")?;
    }
    output.write_all(b"\r\n")?;
    output.write_all(response.body())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        variables.iter().map(pair).collect()
    }

    fn read_from(variables: &[(&str, &str)], input: &str) -> Request<Vec<u8>> {
        let request = read(environment(variables), input.as_bytes());
        request.expect("a slice can be read").expect("it is HTTP")
    }

    fn serve_from(variables: &[(&str, &str)]) -> String {
        let mut output = Vec::new();
        serve(environment(variables), io::empty(), &mut output).expect("a vector can be written");
        String::from_utf8(output).expect("UTF-8")
    }

    #[test]
    fn a_request_is_read_from_the_environment_and_standard_input() {
        let variables = [
            ("REQUEST_METHOD", "POST"),
            ("PATH_INFO", "/v1/lint"),
            ("QUERY_STRING", "pretty=1"),
            ("CONTENT_TYPE", "application/json"),
            ("CONTENT_LENGTH", "2"),
            ("HTTP_ACCEPT_LANGUAGE", "en"),
        ];
        let request = read_from(&variables, "{} and more");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/v1/lint?pretty=1");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["accept-language"], "en");
        assert_eq!(request.body(), b"{}");
    }

    #[test]
    fn the_raw_path_wins_over_the_decoded_one() {
        let variables = [
            ("PATH_INFO", "/badge/a/b/c.svg"),
            ("X_RAW_PATH_INFO", "/badge/a%2Fb/c.svg"),
        ];
        let request = read_from(&variables, "");
        assert_eq!(request.uri(), "/badge/a%2Fb/c.svg");
    }

    #[test]
    fn an_impossible_path_is_refused_not_panicked_on() {
        let written = serve_from(&[("PATH_INFO", "/a b")]);
        assert!(
            written.starts_with("Status: 400 Bad Request\r\n"),
            "{written}"
        );
    }

    #[test]
    fn a_response_is_written_with_its_status_first() {
        let written = serve_from(&[("PATH_INFO", "/healthz")]);
        let (head, body) = written.split_once("\r\n\r\n").expect("an empty line");
        assert!(head.starts_with("Status: 200 OK\r\ncontent-type: application/json\r\n"));
        assert!(body.contains("\"status\": \"ok\""));
    }

    #[test]
    fn without_any_variable_the_front_page_is_meant() {
        assert!(serve_from(&[]).contains("<!doctype html>"));
    }
}
