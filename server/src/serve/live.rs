//! What a reload replaces, as one value.

use std::fmt;

use tokio_rustls::TlsAcceptor;

use super::access::Access;
use super::tls::{self, TlsError};
use crate::config::Config;

/// A configuration and all that is made of it. A request holds one from beginning to end.
pub(crate) struct Live {
    pub(crate) config: Config,
    pub(crate) access: Access,
    /// `None` where TLS is not spoken.
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Live {
    /// What `config` makes.
    ///
    /// # Errors
    /// [`TlsError`] where certificate or key cannot be used.
    pub(crate) fn of(config: Config) -> Result<Self, TlsError> {
        let tls = tls::acceptor(&config)?;
        Ok(Self { access: Access::of(&config), tls, config })
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("config", &self.config).finish_non_exhaustive()
    }
}
