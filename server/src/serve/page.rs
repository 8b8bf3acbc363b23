//! The page for a browser at `/`, and the files it is made of. They are part of the program, so
//! that nothing is loaded from elsewhere.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
};
use axum::http::{Request, Response};
use axum::routing::get;

use super::feature::Feature;
use super::problem::Problem;
use super::service::App;

/// Scripts, styles, pictures and connections from this service alone, nothing inside the page, and
/// no page around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// One file of the page.
struct Asset {
    path: &'static str,
    media: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($path:literal, $media:ident, $file:literal) => {
        Asset {
            path: $path,
            media: $media,
            content: include_str!(concat!("../../../dashboards/page/", $file)),
        }
    };
}

static ASSETS: [Asset; 9] = [
    asset!("/", HTML, "index.html"),
    asset!("/page/page.css", STYLE, "page.css"),
    asset!("/page/page.js", SCRIPT, "page.js"),
    asset!("/page/explorer.js", SCRIPT, "explorer.js"),
    asset!("/page/metrics.js", SCRIPT, "metrics.js"),
    asset!("/page/service.js", SCRIPT, "service.js"),
    asset!("/page/uplot.js", SCRIPT, "vendor/uplot.js"),
    asset!("/page/uplot.css", STYLE, "vendor/uplot.css"),
    asset!("/page/d3-force.js", SCRIPT, "vendor/d3-force.js"),
];

/// The icon, which is no text of the page.
static ICON: Asset = asset!("/page/icon.svg", PICTURE, "icon.svg");

/// `router` with the page.
pub(crate) fn with_page(router: Router<App>) -> Router<App> {
    ASSETS.iter().chain([&ICON]).fold(router, |router, asset| {
        let serve = move |State(service): State<App>, _: Request<Body>| async move {
            answer(&service, asset)
        };
        router.route(asset.path, get(serve))
    })
}

fn answer(service: &App, asset: &Asset) -> Result<Response<Body>, Problem> {
    let feature = Feature::Page;
    if !feature.is_on(&service.live().config) {
        let detail = format!("{} is switched off; see the key {}", feature.name(), feature.key());
        return Err(Problem::not_found(detail));
    }
    let mut response = Response::new(Body::from(Bytes::from_static(asset.content.as_bytes())));
    let mut put = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    put(CONTENT_TYPE, asset.media);
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(REFERRER_POLICY, "no-referrer");
    // A newer program has a newer page.
    put(CACHE_CONTROL, "no-cache");
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn the_page_loads_nothing_but_its_own_files() {
        for asset in &ASSETS {
            let own = !asset.path.contains("uplot") && !asset.path.contains("d3");
            if own {
                assert!(!asset.content.contains("://") || asset.content.contains("www.w3.org"));
            }
        }
        let page = ASSETS[0].content;
        for part in page.split(['"', '\'']).filter(|part| part.starts_with("/page/")) {
            let known = ASSETS.iter().any(|asset| asset.path == part);
            assert!(known || part == super::ICON.path, "{part} is not served");
        }
        assert!(!page.contains("<style") && !page.contains("onclick"), "the policy forbids it");
    }
}
