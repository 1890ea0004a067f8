//! How long the routes take that a pipeline calls most: `cargo bench`.

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use criterion::{Criterion, criterion_group};
    use http::Request;
    use serde_json::json;
    use std::hint::black_box;

    /// A release of 200 commits, a tenth of them breaking.
    fn release() -> Vec<u8> {
        let commits: Vec<_> = (0..200)
            .map(|number| {
                let message = match number % 10 {
                    0 => format!("feat(api)!: change {number}\n\nBREAKING CHANGE: call /v{number}"),
                    1..=4 => format!("feat: add `thing {number}`"),
                    5..=8 => format!("fix(core): mend <thing> {number}"),
                    _ => format!("docs: tell of {number}"),
                };
                json!({ "id": format!("{number:040x}"), "message": message })
            })
            .collect();
        let release = json!({
            "previous": "1.4.2",
            "date": "2026-11-24",
            "repository": "https://example.org/acme/greeter",
            "commits": commits,
        });
        release.to_string().into_bytes()
    }

    fn herald(criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("herald");
        for (name, media_type) in [
            ("notes as JSON", "application/json"),
            ("notes as Markdown", "text/markdown"),
            ("notes as HTML", "text/html"),
        ] {
            let request = Request::post("/v1/notes")
                .header("content-type", "application/json")
                .header("accept", media_type)
                .body(release())
                .expect("a valid request");
            assert_eq!(herald::handle(&request).status(), 200);
            group.bench_function(name, |bencher| {
                bencher.iter(|| herald::handle(black_box(&request)));
            });
        }
        for (name, path) in [
            ("badge", "/badge/build/1234.svg"),
            ("not found", "/v1/nothing"),
        ] {
            let request = Request::get(path)
                .body(Vec::new())
                .expect("a valid request");
            group.bench_function(name, |bencher| {
                bencher.iter(|| herald::handle(black_box(&request)));
            });
        }
        group.finish();
    }

    criterion_group!(benches, herald);
}

#[cfg(not(target_arch = "wasm32"))]
criterion::criterion_main!(native::benches);

/// Benches run natively; a target without clock resolution would measure nothing.
#[cfg(target_arch = "wasm32")]
fn main() {}
