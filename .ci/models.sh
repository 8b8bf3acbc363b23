# How models of lock-free code are built and run. To be sourced, from the repository's root.

# build_models CHECKER: builds the library's models for loom or shuttle, in a folder of its own, and
# prints the path of the program that runs them. Building takes longer than running, so nothing is
# built that no model needs, and what is built is not optimized; checkers are, as any dependency.
build_models() {
    local messages
    messages=$(RUSTFLAGS="--cfg emanate_$1" CARGO_PROFILE_TEST_OPT_LEVEL=0 \
        CARGO_PROFILE_TEST_DEBUG=0 cargo test --package emanate --lib --no-run \
        --no-default-features --target-dir "target/$1" \
        --message-format json-render-diagnostics) || return
    # Only programs that run tests have a path here.
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' <<<"$messages" | tail -n 1
}

# run_models PROGRAM [ARGUMENT..]: runs models; arguments go to the program. Under loom, threads are
# interrupted at three points at most in one schedule: enough for every control, while five take
# forty times as long.
run_models() {
    LOOM_MAX_PREEMPTIONS=${LOOM_MAX_PREEMPTIONS:-3} RUST_BACKTRACE=0 timeout 600 "$@"
}
