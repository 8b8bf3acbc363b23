//! What happened, for those who listen: each event goes to every listener, and the last few are
//! kept for those who come back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use serde_json::Value;
use tokio::sync::broadcast;

use super::journal::seconds;
use super::locked::Locked;
use crate::config::Config;

/// Events a listener may be behind before it misses some.
const BEHIND_MAX: usize = 256;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// The service became ready, or began to stop.
    Service,
    /// The configuration was read again.
    Config,
    /// A generation of a graph came into force.
    Generation,
    /// A breaker changed its state.
    Breaker,
    /// A check changed its status.
    Health,
    /// An alert is told of.
    Alert,
}

impl EventKind {
    /// The kind's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Config => "config",
            Self::Generation => "generation",
            Self::Breaker => "breaker",
            Self::Health => "health",
            Self::Alert => "alert",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    /// Its number, ascending from 1.
    pub(crate) id: u64,
    pub(crate) kind: EventKind,
    /// What happened, as one line of JSON.
    pub(crate) data: String,
}

impl Happening {
    /// As the protocol of server-sent events writes it. JSON has no line ends of its own.
    pub(crate) fn frame(&self) -> String {
        format!("id: {}\nevent: {}\ndata: {}\n\n", self.id, self.kind.name(), self.data)
    }
}

#[derive(Debug, Default)]
struct Past {
    kept: VecDeque<Arc<Happening>>,
    last: u64,
    keep: usize,
}

/// All that happens.
#[derive(Debug)]
pub(crate) struct Events {
    past: Locked<Past>,
    sender: broadcast::Sender<Arc<Happening>>,
    listeners: Arc<AtomicUsize>,
}

/// A listener: what it missed, and what is to come.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Kept events after the last one it heard.
    pub(crate) missed: VecDeque<Arc<Happening>>,
    /// Events from now on.
    pub(crate) coming: broadcast::Receiver<Arc<Happening>>,
    listeners: Arc<AtomicUsize>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Relaxed: only a count.
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Events {
    /// Nothing happened yet.
    pub(crate) fn new(config: &Config) -> Self {
        let past = Past { keep: config.events.keep, ..Past::default() };
        let (sender, _) = broadcast::channel(BEHIND_MAX);
        Self { past: Locked::new(past), sender, listeners: Arc::default() }
    }

    /// Goes by `config` from now on.
    pub(crate) fn set(&self, config: &Config) {
        self.past.with(|past| past.keep = config.events.keep);
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, kind: EventKind, mut data: Value) {
        data["time_s"] = seconds(SystemTime::now()).into();
        self.past.with(|past| {
            past.last += 1;
            let event = Arc::new(Happening { id: past.last, kind, data: data.to_string() });
            past.kept.push_back(Arc::clone(&event));
            while past.kept.len() > past.keep {
                past.kept.pop_front();
            }
            // Sent under the lock, so that all hear events in the order of their numbers. That
            // nobody listens is no error.
            let _ = self.sender.send(event);
        });
    }

    /// A listener that heard all up to event `after`; `None` where there are `most` already.
    pub(crate) fn listen(&self, after: Option<u64>, most: usize) -> Option<Listener> {
        // Relaxed: only a count. The slot is taken before it is looked at, so there are never more.
        let before = self.listeners.fetch_add(1, Ordering::Relaxed);
        let mut listener = self.past.with(|past| {
            let later = past.kept.iter().filter(|event| after.is_some_and(|id| event.id > id));
            Listener {
                missed: later.cloned().collect(),
                coming: self.sender.subscribe(),
                listeners: Arc::clone(&self.listeners),
            }
        });
        if before >= most {
            listener.missed.clear();
            return None;
        }
        Some(listener)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_comes_back_hears_what_was_missed_as_far_as_it_is_kept() {
        let mut config = Config::default();
        config.events.keep = 3;
        let events = Events::new(&config);
        for number in 1..=5 {
            events.tell(EventKind::Config, json!({"number": number}));
        }
        let missed = |after| {
            let listener = events.listen(after, 9).unwrap();
            listener.missed.iter().map(|event| event.id).collect::<Vec<_>>()
        };
        assert_eq!(missed(Some(4)), [5]);
        assert_eq!(missed(Some(0)), [3, 4, 5]);
        assert_eq!(missed(None), Vec::<u64>::new());
    }

    #[test]
    fn listeners_are_counted() {
        let events = Events::new(&Config::default());
        let first = events.listen(None, 2).unwrap();
        let mut second = events.listen(None, 2).unwrap();
        assert!(events.listen(None, 2).is_none());
        drop(first);
        assert!(events.listen(None, 2).is_some());
        events.tell(EventKind::Service, json!({"state": "a\nb"}));
        let frame = second.coming.try_recv().unwrap().frame();
        assert!(frame.starts_with("id: 1\nevent: service\ndata: {\"state\":\"a\\nb\",\"time_s\":"));
        assert_eq!(frame.matches('\n').count(), 4);
    }
}
