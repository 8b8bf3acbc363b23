//! One answer under every schedule.

use std::task::{Context, Poll, Wake, Waker};

use super::Reply;
use crate::sync::checker::{both, check};
use crate::sync::{Arc, AtomicBool, Ordering};

/// Notes that it was woken.
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Release: pairs with the Acquire of who looks.
        self.0.store(true, Ordering::Release);
    }
}

/// The answer is there, or the task is woken when it comes.
#[test]
fn no_answer_is_missed() {
    check(13, || {
        let (reply, bell) = (Arc::new(Reply::new()), Arc::new(Bell(AtomicBool::new(false))));
        let waker = Waker::from(Arc::clone(&bell));
        let (worker, task, own) = (Arc::clone(&reply), Arc::clone(&reply), waker.clone());
        let (_, polled) = both(
            move || {
                assert!(worker.claim());
                worker.put(7);
            },
            move || task.poll(&mut Context::from_waker(&own)),
        );
        if polled.is_pending() {
            assert!(bell.0.load(Ordering::Acquire), "missed");
            assert_eq!(reply.poll(&mut Context::from_waker(&waker)), Poll::Ready(7));
        }
    });
}

/// Of a worker that begins and a task that goes, one has the right to answer.
#[test]
fn one_alone_may_answer() {
    check(7, || {
        let reply = Arc::new(Reply::<u32>::new());
        let claiming = || {
            let reply = Arc::clone(&reply);
            move || reply.claim()
        };
        let (one, other) = both(claiming(), claiming());
        assert!(one != other, "both may answer, or nobody");
        assert!(reply.is_claimed());
    });
}
