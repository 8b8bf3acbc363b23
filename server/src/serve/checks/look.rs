//! What a check made over HTTP does when it is run, on a thread of its own.

use std::sync::Weak;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use emanate::health::checks::{disk, memory, resident_bytes};
use emanate::health::{CheckContext, Verdict};
use tokio::runtime::Handle;

use super::definition::{Affects, Definition, Looks};
use crate::alerts::{Bound, Raw, Selector, Side};
use crate::output::text::cut;
use crate::serve::keeping::Keeper;
use crate::serve::outbound::{Method, Outbound, Reach, Target};
use crate::serve::service::{Service, Stage};

/// What the registry runs for `definition`.
pub(super) fn check(
    definition: Definition,
    service: Weak<Service>,
    handle: Handle,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    let failures = AtomicU32::new(0);
    move |context| {
        // The service ends.
        let service = service.upgrade().filter(|service| service.stage() < Stage::Stopping);
        let Some(service) = service else { return Verdict::Pass };
        let verdict = look(&definition.looks, &service, &handle, context);
        if definition.affects != Affects::Nothing {
            return verdict;
        }
        // A check that affects nothing never fails, so the registry does not count for it.
        match verdict {
            Verdict::Fail(reason) => {
                // Relaxed, here and below: a check is run by one thread at a time, and the
                // registry's hand-over orders the runs.
                let before = failures.fetch_add(1, Ordering::Relaxed);
                let borne = before < definition.retries;
                if borne { Verdict::Pass } else { Verdict::Warn(reason) }
            }
            passed => {
                failures.store(0, Ordering::Relaxed);
                passed
            }
        }
    }
}

fn look(looks: &Looks, service: &Service, handle: &Handle, context: &CheckContext) -> Verdict {
    let reach = Reach::allowing(service.live().config.checks.allow_private);
    match looks {
        Looks::Http { target, status, contains, .. } => {
            let wanted = Wanted { status: *status, contains };
            let asked = ask(&service.outbound, target, reach, wanted);
            bounded(handle, context, asked)
        }
        Looks::Tcp { host, port } => bounded(handle, context, async {
            match Outbound::connect(host, *port, reach).await {
                Ok(_) => Verdict::Pass,
                Err(error) => Verdict::fail(format!("{host}:{port}: {error}")),
            }
        }),
        Looks::Store => {
            let kept = service.served().ok().and_then(|served| served.kept().cloned());
            match kept.as_ref().map(|graph| graph.keeper().and_then(Keeper::failure)) {
                None => Verdict::fail("there is no store; see store.directory"),
                Some(None) => Verdict::Pass,
                Some(Some(failure)) => Verdict::fail(format!("changes are not kept: {failure}")),
            }
        }
        Looks::Disk { path, free_min } => disk(path.clone(), *free_min)(context),
        Looks::Memory { bytes_max } => memory(*bytes_max, resident_bytes)(context),
        Looks::Custom { selector, bound } => custom(service, selector, *bound),
    }
}

/// Runs `asked` within what is left of the check's budget.
fn bounded(
    handle: &Handle,
    context: &CheckContext,
    asked: impl Future<Output = Verdict>,
) -> Verdict {
    // A little earlier, so that the reason is the check's own and not the registry's.
    let left = context.budget_left().mul_f64(0.9).max(Duration::from_millis(1));
    let late = || Verdict::fail(format!("there was no answer within {left:?}"));
    handle.block_on(async { tokio::time::timeout(left, asked).await }).unwrap_or_else(|_| late())
}

/// Which answer is a good one.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    status: Option<u16>,
    contains: &'a str,
}

async fn ask(outbound: &Outbound, target: &Target, reach: Reach, wanted: Wanted<'_>) -> Verdict {
    let answered = match outbound.ask(target, Method::Get, reach).await {
        Ok(answered) => answered,
        Err(error) => return Verdict::fail(format!("{target:?}: {error}")),
    };
    let status = answered.status;
    let good = match wanted.status {
        Some(wanted) => status.as_u16() == wanted,
        None => status.is_success(),
    };
    if !good {
        return Verdict::fail(format!("it answers with {status}"));
    }
    let body = String::from_utf8_lossy(&answered.body);
    if body.contains(wanted.contains) {
        Verdict::Pass
    } else {
        Verdict::fail(format!("the answer does not hold {:?}", cut(wanted.contains)))
    }
}

fn custom(service: &Service, selector: &Selector, bound: Bound) -> Verdict {
    let gathered = service.gathered();
    let Some(metric) = selector.metric(&gathered) else {
        return Verdict::fail(format!("there is no metric {:?}", cut(&selector.metric)));
    };
    let groups = selector.groups(metric);
    let [(_, Raw::Number(number))] = groups.as_slice() else {
        let name = cut(&selector.metric);
        return Verdict::fail(format!("no series of {name:?} has these labels and one number"));
    };
    let (wrong, side) = match bound.side {
        Side::Above => (*number > bound.limit, "above"),
        Side::Below => (*number < bound.limit, "below"),
    };
    // What is no number is neither above nor below, and not well either.
    if wrong || number.is_nan() {
        let name = cut(&selector.metric);
        Verdict::fail(format!("{name} is {number}, {side} {}", bound.limit))
    } else {
        Verdict::Pass
    }
}
