# How models of lock-free code are built and run. To be sourced, from the repository's root.

# run_models CHECKER [ARGUMENT..]: runs the models of `engine` under loom or shuttle; arguments go
# to the test program. The library is built for that checker, in a folder of its own.
run_models() {
    local checker=$1
    shift
    RUSTFLAGS="--cfg emanate_$checker" LOOM_MAX_PREEMPTIONS=2 RUST_BACKTRACE=0 \
        cargo test -p emanate --lib --target-dir "target/$checker" -- --test-threads=1 "$@"
}
