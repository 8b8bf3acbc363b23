//! A driver as a task of tokio's.

use std::convert::Infallible;
use std::fmt;

use super::drive::Driver;
use super::thread::Driven;

/// The driver is gone: a look panicked, or the runtime is shutting down. The settings it set last
/// stay in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverEnded;

impl fmt::Display for DriverEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the tuner's driver has ended, and the settings it set last stay in force; start \
             another to go on tuning",
        )
    }
}

impl std::error::Error for DriverEnded {}

/// Drives until the future is dropped. Each look runs on a thread for blocking work, since shadow
/// spreads take their time; between looks tokio's timer waits, which the runtime must have.
///
/// # Errors
/// [`DriverEnded`].
pub async fn drive(mut driver: Driver) -> Result<Infallible, DriverEnded> {
    let _driven = Driven::begin(&driver);
    loop {
        let look = tokio::task::spawn_blocking(move || {
            let wait = driver.look().wait;
            (driver, wait)
        });
        let wait;
        (driver, wait) = look.await.map_err(|_| DriverEnded)?;
        tokio::time::sleep(wait).await;
    }
}
