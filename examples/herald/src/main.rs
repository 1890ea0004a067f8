//! The two ways in. Each brings a request to [`herald::handle`] and its response back.

/// `wasm32-wasip2`: a component that exports `wasi:http/incoming-handler`.
#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
#[wstd::http_server]
async fn main(
    request: wstd::http::Request<wstd::http::Body>,
) -> Result<wstd::http::Response<wstd::http::Body>, wstd::http::Error> {
    use wstd::http::body::util::BodyExt;

    let (head, body) = request.into_parts();
    let mut frames = body.into_boxed_body();
    let mut body = Vec::new();
    // One byte too many is enough for the library to refuse the rest.
    while body.len() <= herald::MAX_BODY
        && let Some(frame) = frames.frame().await
    {
        if let Ok(bytes) = frame?.into_data() {
            body.extend_from_slice(&bytes);
        }
    }
    let response = herald::handle(&wstd::http::Request::from_parts(head, body));
    Ok(response.map(wstd::http::Body::from))
}

/// Everywhere else (`wasm32-wasip1`, native): CGI, one request per process.
#[cfg(not(all(target_arch = "wasm32", target_env = "p2")))]
fn main() -> std::io::Result<()> {
    use std::{env, io};

    herald::cgi::serve(env::vars_os(), io::stdin().lock(), io::stdout().lock())
}
