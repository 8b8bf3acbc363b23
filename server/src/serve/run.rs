//! From the command line to a service that runs, and to its end.

use std::io::Write;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;

use super::error::ServeError;
use super::graphs::Served;
use super::journal::{Journal, JournalLayer};
use super::service::{App, Service, Stage};
use super::{alerts, checks, health, keeping, listener, points, reload, routes, telemetry};
use crate::args::ServeArgs;
use crate::config::{Config, Sources};
use crate::exit::{Failure, Printed};

/// Serves until it is told to stop.
///
/// # Errors
/// [`Failure::Config`] or [`Failure::Serve`].
pub(crate) fn run(args: &ServeArgs) -> Result<Printed, Failure> {
    let sources = Sources::new(args.config.clone(), std::env::vars_os(), args.settings());
    let config = sources.read()?;
    if config.graphs.is_empty() && config.store.directory.is_none() {
        return Err(ServeError::NoGraph.into());
    }
    let journal = Arc::new(Journal::new(&config));
    let layer = JournalLayer(Arc::clone(&journal));
    // It fails only where one is set already, which nothing in this program does.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    let service = Arc::new(Service::new(sources, config.clone(), journal)?);

    let runtime = runtime().map_err(ServeError::Runtime)?;
    let result = runtime.block_on(serve(&service, config));
    // A file that is still being read must not hold up the end.
    runtime.shutdown_background();
    if let Err(error) = service.audit.flush() {
        tracing::error!(%error, "the audit file may not be complete");
    }
    result?;
    Ok(Printed)
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("emanate-http").build()
}

async fn serve(service: &App, config: Config) -> Result<(), ServeError> {
    let address = config.server.listen;
    let refused = |error| ServeError::Listen { address, error };
    let signals = Signals::new().map_err(ServeError::Runtime)?;
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let scheme = if config.server.tls_certificate.is_some() { "https" } else { "http" };
    // Whoever started the service without reading what it says does not need the address.
    let _ = writeln!(std::io::stdout(), "listening on {scheme}://{address}");
    tracing::info!(%address, scheme, "listening");

    let tasks = [
        tokio::spawn(signals.heed(App::clone(service))),
        tokio::spawn(reload::watch(App::clone(service))),
        tokio::spawn(routes::maintain(App::clone(service))),
        tokio::spawn(keeping::keep(App::clone(service))),
        tokio::spawn(keeping::checkpoint(App::clone(service))),
        tokio::spawn(health::watch(App::clone(service))),
        tokio::spawn(routes::tell_transitions(App::clone(service))),
        tokio::spawn(points::keep(App::clone(service))),
        tokio::spawn(alerts::watch(App::clone(service))),
        tokio::spawn(alerts::deliver(App::clone(service))),
        #[cfg(feature = "otel")]
        tokio::spawn(telemetry::run(App::clone(service))),
    ];
    let serving = tokio::spawn(listener::serve(App::clone(service), listener));
    let opened = open(service, config).await;
    if opened.is_err() {
        service.advance(Stage::Cancelling);
    }
    // A task ends early only by a panic, which has been reported; the end is the same.
    let _ = serving.await;
    keeping::settle(service).await;
    alerts::settle(service).await;
    checks::keep(App::clone(service)).await;
    telemetry::settle(service).await;
    for task in tasks {
        task.abort();
    }
    opened
}

/// Opens the graphs while probes are answered already.
async fn open(service: &App, config: Config) -> Result<(), ServeError> {
    let mut stages = service.stages();
    let opening = tokio::task::spawn_blocking(move || Served::open(&config));
    tokio::select! {
        opened = opening => match opened {
            Ok(served) => service.begin(served?),
            Err(error) => return Err(ServeError::Runtime(error.into())),
        },
        // Told to stop before it began: there is nothing to wait for.
        _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => {}
    }
    Ok(())
}

/// The signals that steer the service.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Stops the service at the first signal to stop, and at once at the second; reloads at each
    /// hang-up.
    async fn heed(mut self, service: App) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => stop(&service),
                _ = self.terminate.recv() => stop(&service),
                _ = self.hang_up.recv() => {
                    let service = App::clone(&service);
                    // Its mistakes have been logged and counted.
                    let _ = tokio::task::spawn_blocking(move || reload::reload(&service)).await;
                }
            }
        }
    }
}

fn stop(service: &App) {
    let stage = if service.stage() < Stage::Stopping { Stage::Stopping } else { Stage::Cancelling };
    tracing::info!("told to stop");
    service.advance(stage);
}
