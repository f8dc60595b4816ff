//! The door to a server or to an adapter, whichever a target file describes.

use crate::cmd::adapter;
use crate::exit_code::Failed;
use crate::prepared::reach;
use simulator::{Authority, Seed};
use targets::adapter::AdapterTarget;
use targets::{Dialect, Exchange, HttpTarget, Operation, Saved, Target, TargetFile, WireRequest};

/// An open door.
#[derive(Debug)]
pub(super) enum Door {
    Server(Box<HttpTarget>),
    Adapter(Box<AdapterTarget>),
}

impl Door {
    /// Opens the door that the file describes, and sees that somebody is there.
    pub(super) async fn open(
        file: &TargetFile,
        (authority, seed): (&Authority, &Seed),
        allow_public: bool,
    ) -> Result<Self, Failed> {
        if file.adapter.is_none() {
            return Ok(Self::Server(Box::new(reach(file, allow_public).await?)));
        }
        let setting = adapter::setting(authority, seed)?;
        Ok(Self::Adapter(Box::new(adapter::open(file, setting).await?)))
    }

    /// Ends what was started for it.
    pub(super) async fn close(self) {
        match self {
            Self::Server(_) => {}
            Self::Adapter(adapter) => adapter.close().await,
        }
    }
}

impl Target for Door {
    fn dialect(&self) -> &Dialect {
        match self {
            Self::Server(server) => server.dialect(),
            Self::Adapter(adapter) => adapter.dialect(),
        }
    }

    async fn send(
        &self,
        operation: Operation,
        request: WireRequest,
        saved: &mut Saved,
    ) -> Exchange {
        match self {
            Self::Server(server) => server.send(operation, request, saved).await,
            Self::Adapter(adapter) => adapter.send(operation, request, saved).await,
        }
    }

    async fn restart(&self) -> Result<(), String> {
        match self {
            Self::Server(server) => server.restart().await,
            Self::Adapter(adapter) => adapter.restart().await,
        }
    }
}
