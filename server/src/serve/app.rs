//! The router: the table of routes, guarded and in front.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware;

use super::front::{self, Guard};
use super::page::with_page;
use super::problem::Problem;
use super::routes;
use super::service::App;
use crate::output::text::cut;

/// [All routes](routes::all), with everything before and after them.
pub(crate) fn router(service: &App) -> Router {
    let mut router = Router::new();
    for route in routes::all() {
        let guard =
            Guard { service: App::clone(service), scope: route.scope, feature: route.feature };
        for path in route.paths() {
            let method = (route.serve)();
            let guarded = middleware::from_fn_with_state(guard.clone(), front::guard);
            router = router.route(path, method.route_layer(guarded));
        }
    }
    with_page(router)
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(App::clone(service), front::front))
        .with_state(App::clone(service))
}

/// What answers a path that is none.
async fn nowhere(request: Request<Body>) -> Problem {
    let path = request.uri().path();
    Problem::not_found(format!("there is no path {:?}; see /openapi.json", cut(path)))
}

/// What answers a method that a path does not have.
async fn not_so(request: Request<Body>) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    let detail = format!(
        "{:?} has no method {}; see the header Allow, or /openapi.json",
        cut(path),
        cut(method.as_str())
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
