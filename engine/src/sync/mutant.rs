//! Code that is wrong on purpose, for the negative controls of models.

/// Whether the code that asks is to behave wrongly in the way called `name`.
///
/// Never, and at no cost, except under a model checker, where the environment's `EMANATE_MUTANT`
/// names one. A model that passes nevertheless proves nothing.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
#[inline(always)]
pub(crate) const fn mutated(_name: &str) -> bool {
    false
}

#[cfg(any(emanate_loom, emanate_shuttle))]
pub(crate) fn mutated(name: &str) -> bool {
    static MUTANT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    MUTANT.get_or_init(|| std::env::var("EMANATE_MUTANT").ok()).as_deref() == Some(name)
}
