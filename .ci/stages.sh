# What is checked, one function a stage. To be sourced after report.sh, from the repository's root.

# The README's two commands, word for word: `stage_readme` compares.
test_command='cargo test --workspace'
main_command='cargo run --release -- spread --graph bench/data/wordnet.tsv.gz --seed dog'

fuzz_seconds=10

stage_tools() {
    local tool
    for tool in cargo rustc cc; do
        command -v "$tool" >/dev/null || {
            echo "$tool is missing; install rustup (https://rustup.rs) and a C compiler"
            return 1
        }
    done
    # The first call in a fresh checkout makes rustup install what rust-toolchain.toml names.
    cargo --version
    cc --version | head -n 1
    # Tests that count futex calls need it, and say that they are skipped where it is missing.
    command -v strace || install_package strace || echo "strace is missing; install it"
}

# install_package NAME: whether Debian's package NAME is installed, by who may.
install_package() {
    command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ] || return 1
    apt-get install --yes --no-install-recommends "$1" >/dev/null 2>&1
}

# The oldest Rust the manifest promises is the one everything here is built with.
stage_msrv() {
    local promised built
    promised=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    built=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    echo "rust-version $promised, toolchain $built, $(rustc --version)"
    if [ -z "$promised" ] || [ "${built%.0}" != "${promised%.0}" ]; then
        echo "Cargo.toml promises another Rust than rust-toolchain.toml builds with"
        return 1
    fi
    rustc --version | grep -qF "rustc $built " || {
        echo "the Rust in use is not that of rust-toolchain.toml; is RUSTUP_TOOLCHAIN set?"
        return 1
    }
}

stage_readme() {
    local command
    for command in "$test_command" "$main_command"; do
        grep -qF "$command" README.md || {
            echo "README.md does not give the command that is checked here: $command"
            return 1
        }
    done
    echo "README.md gives both commands that are checked here"
}

stage_fmt() {
    cargo fmt --all --check
    if [ -f fuzz/Cargo.toml ]; then
        cargo fmt --manifest-path fuzz/Cargo.toml --check
    fi
}

stage_clippy() {
    cargo clippy --workspace --all-targets --all-features -- -D warnings
}

stage_docs() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features
}

# Nothing that a test prints is captured, so that what it skipped is seen and counted.
stage_test() {
    RUST_TEST_NOCAPTURE=1 $test_command
}

# The library without features, with each alone, and with all of them.
stage_features() {
    local features chosen
    features=$(awk '/^\[/ { on = $0 == "[features]" } on && /^[a-z][a-z0-9_-]* *=/ { print $1 }' \
        engine/Cargo.toml | grep -vx default)
    # shellcheck disable=SC2206 # one word a feature
    features=($features)
    [ "${#features[@]}" -gt 0 ]
    # None depends on another, so each alone and all at once show what all the sets would.
    for chosen in "" "${features[@]}" "$(IFS=,; echo "${features[*]}")"; do
        echo "features: ${chosen:-none}"
        cargo clippy -p emanate --no-default-features --features "$chosen" -- -D warnings
    done
    # Traces of the service, which no other stage builds a program with.
    cargo test -p emanate-server --features otel telemetry
}

# Spreads through everything that may fail, made to fail on purpose.
stage_chaos() {
    cargo test -p emanate-tests --features failpoints --test chaos
}

# Builds the library from the archive that would be published.
stage_package() {
    cargo package -p emanate
}

stage_main() {
    local table
    # Optimizing across crates takes half of the build and changes nothing that is looked at here.
    table=$(CARGO_PROFILE_RELEASE_LTO=off $main_command)
    echo "$table"
    if [ "$(wc -l <<<"$table")" -lt 20 ] || ! grep -qw dog <<<"$table"; then
        echo "the README's main command does not print a table of 20 rows with its seed"
        return 1
    fi
}

# have_nightly: whether there is a nightly toolchain, installed now if need be.
have_nightly() {
    command -v rustup >/dev/null || return 1
    cargo +nightly --version >/dev/null 2>&1 && return 0
    rustup toolchain install nightly --profile minimal
}

have_cargo_fuzz() {
    cargo +nightly fuzz --version >/dev/null 2>&1 && return 0
    cargo install cargo-fuzz --locked
}

# Builds every fuzz target and gives each a moment; a crash fails the stage.
stage_fuzz() {
    local target targets
    if [ ! -f fuzz/Cargo.toml ]; then
        skipped fuzz "there are no fuzz targets"
    elif ! have_nightly; then
        skipped fuzz "there is no nightly toolchain and none could be installed"
    elif ! have_cargo_fuzz; then
        skipped fuzz "there is no cargo-fuzz and it could not be installed"
    else
        cargo +nightly fuzz build
        targets=$(cargo +nightly fuzz list)
        [ -n "$targets" ]
        for target in $targets; do
            echo "fuzz target $target, $fuzz_seconds s"
            cargo +nightly fuzz run "$target" -- \
                -max_total_time="$fuzz_seconds" -len_control=0 -print_final_stats=1
        done
    fi
}

# The models of lock-free code under one checker, and with code that is wrong on purpose.
stage_loom() {
    .ci/controls loom
}

stage_shuttle() {
    .ci/controls shuttle
}

# have_nightly_with COMPONENT..: whether there is a nightly toolchain with these.
have_nightly_with() {
    have_nightly && rustup component add --toolchain nightly "$@"
}

# Unit tests of what threads share and of what is packed into words, under Miri, which sees
# undefined behaviour and some effects of weak memory. Tests that are large elsewhere are small
# there, by `cfg(miri)`; those of exported text and of rows in pieces share nothing and take long.
stage_miri() {
    local modules=(sync:: terms:: gate:: observe:: run:: graph::overlay change::edit
        change::live change::options change::turn spread::marks spread::pulses spread::scratch
        spread::unread)
    if ! have_nightly_with miri rust-src; then
        skipped miri "there is no nightly toolchain with Miri and none could be installed"
        return
    fi
    # Property tests read the clock and files; a few cases each are enough for Miri, which knows no
    # assembly.
    MIRIFLAGS='-Zmiri-disable-isolation' PROPTEST_CASES=2 \
        cargo +nightly miri test -p emanate --lib --features libm/force-soft-floats \
        -- "${modules[@]}" \
        --skip observe::tests::exported --skip a_long_row_is_one_in_pieces
}

# tsan_sees_a_race TARGET: whether a program in which two threads write the same word is caught.
tsan_sees_a_race() {
    local program=target/tsan/race status=0
    mkdir -p target/tsan
    rustc +nightly -Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer --target "$1" \
        --edition 2024 -o "$program" - <<'RUST'
static mut WORD: u64 = 0;

fn main() {
    let other = std::thread::spawn(|| unsafe { WORD += 1 });
    unsafe { WORD += 1 };
    other.join().unwrap();
}
RUST
    TSAN_OPTIONS=exitcode=66 "$program" >/dev/null 2>&1 || status=$?
    [ "$status" -eq 66 ] || {
        echo "ThreadSanitizer does not see a race of two threads, so it proves nothing here"
        return 1
    }
}

# Tests in which many threads press on one engine, and the library's unit tests, under
# ThreadSanitizer: the standard library and all dependencies are built for it, so that it sees what
# `arc-swap` and rayon really do.
stage_tsan() {
    local target tests=(changes defects guarded health monitor pool samples scheduling team)
    if ! have_nightly_with rust-src; then
        skipped tsan "there is no nightly toolchain with rust-src and none could be installed"
        return
    fi
    target=$(rustc -vV | sed -n 's/^host: //p')
    tsan_sees_a_race "$target"
    # Fewer cases than elsewhere, and as many as the tests that must find a mistake need.
    RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS=halt_on_error=1 PROPTEST_CASES=64 \
        EMANATE_CRASH_POINTS=100 cargo +nightly test -Zbuild-std --target "$target" \
        --target-dir target/tsan -p emanate -p emanate-tests --lib "${tests[@]/#/--test=}"
}

# The version of gungraun that the manifest names; the crate and the runner must be of the same.
gungraun_version() {
    sed -n 's/^gungraun = "=\(.*\)"$/\1/p' Cargo.toml
}

# have_gungraun_runner VERSION: whether its runner is in target/tools, installed now if need be.
# Built without optimization: it starts valgrind and reads what that writes.
have_gungraun_runner() {
    [ "$(target/tools/bin/gungraun-runner --version 2>/dev/null)" = "gungraun-runner $1" ] ||
        cargo install gungraun-runner --version "$1" --locked --debug --force --root target/tools
}

# Counted instructions against those recorded: clocks differ from run to run, counts do not.
stage_instructions() {
    local version
    version=$(gungraun_version)
    [ -n "$version" ]
    if [ "$(uname -m)" != x86_64 ]; then
        skipped instructions "the record holds the instructions of x86-64"
    elif ! command -v valgrind >/dev/null && ! install_package valgrind; then
        skipped instructions "there is no valgrind and it could not be installed"
    elif ! have_gungraun_runner "$version"; then
        skipped instructions "there is no gungraun-runner $version and it could not be installed"
    else
        PATH=$PWD/target/tools/bin:$PATH bench/baseline/run
    fi
}

# have_alert_tools: whether promtool and amtool are there, installed now if need be.
have_alert_tools() {
    command -v promtool >/dev/null || install_package prometheus || return 1
    command -v amtool >/dev/null || install_package prometheus-alertmanager
}

# Rules, their tests and the routes of alerts, by the tools of those who run them.
stage_dashboards() {
    if have_alert_tools; then
        dashboards/check
    else
        skipped dashboards "there is no promtool or amtool and they could not be installed"
    fi
}
