//! A thread for one piece of work.

/// Runs `work` on a thread of its own, which ends with it. Where the operating system gives none,
/// `work` is dropped without being run.
pub fn start_thread(name: String, work: impl FnOnce() + Send + 'static) {
    // The handle is not kept: what the work finds, it leaves where others look for it.
    drop(std::thread::Builder::new().name(name).spawn(work));
}
