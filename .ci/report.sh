# Stages with a timer each, a count of what was skipped, and a table at the end. To be sourced.
#
# A stage is a function. It prints `SKIPPED: what: why` for a check it could not make, and so may
# any program it runs, anywhere in a line; equal lines count once.

stage_names=()
stage_minutes=()
stage_endings=()
report_log=$(mktemp)
trap 'rm -f "$report_log"' EXIT

# skipped WHAT WHY: says that a check was not made.
skipped() {
    printf 'SKIPPED: %s: %s\n' "$1" "$2"
}

# stage NAME FUNCTION: runs one stage; prints the report and exits if it fails.
stage() {
    local name=$1 function=$2 begun=$SECONDS seconds ending
    printf '\n=== %s\n' "$name"
    (
        set -eu -o pipefail
        "$function"
    ) 2>&1 | tee -a "$report_log"
    ending=${PIPESTATUS[0]}
    seconds=$((SECONDS - begun))
    stage_names+=("$name")
    stage_minutes+=("$((seconds / 60)).$((seconds % 60 * 10 / 60))")
    if [ "$ending" -eq 0 ]; then
        stage_endings+=("ok")
    else
        stage_endings+=("FAILED with status $ending")
        report
        exit 1
    fi
}

# report: the table of stages and the list of what was skipped.
report() {
    local at skips
    printf '\n%-12s %7s  %s\n' stage minutes ending
    for at in "${!stage_names[@]}"; do
        printf '%-12s %7s  %s\n' \
            "${stage_names[at]}" "${stage_minutes[at]}" "${stage_endings[at]}"
    done
    printf '%-12s %7s\n' total "$((SECONDS / 60)).$((SECONDS % 60 * 10 / 60))"
    skips=$(grep -ao 'SKIPPED: .*' "$report_log" | sort -u)
    if [ -z "$skips" ]; then
        printf '\nskipped: 0\n'
    else
        printf '\nskipped: %d\n%s\n' "$(wc -l <<<"$skips")" "$skips"
    fi
}
