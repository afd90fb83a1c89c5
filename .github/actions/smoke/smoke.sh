#!/usr/bin/env bash
# One smoke in a job of GitHub Actions: reports into $REPORTS, the summary of the step, and what it came to as outputs.
# It always succeeds: a later step ends with the smoke's own status, when everything has been kept and told.
#
# MBISECT program, AGAINST snapshot, SEEDS, JOBS, STATE folder, REPORTS folder; COMMAND line of shell and FIND_LINKS, or
# empty.
set -euo pipefail

rm -rf "$REPORTS"
mkdir -p "$REPORTS"
if [ -n "${FIND_LINKS:-}" ]; then export UV_FIND_LINKS=$FIND_LINKS; fi
command=()
if [ -n "${COMMAND:-}" ]; then command=(-- bash -c "$COMMAND"); fi

status=0
{
    "$MBISECT" smoke --against "$AGAINST" --seeds "$SEEDS" --jobs "$JOBS" --state "$STATE" \
        --report "$REPORTS/smoke.json" --markdown "$REPORTS/smoke.md" --html "$REPORTS/history.html" \
        "${command[@]}" 2>&1 >&3 | tee "$REPORTS/log.txt" >&2
} 3>&1 || status=$?

light='' run=''
if [ -s "$REPORTS/smoke.json" ]; then
    light=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["light"])' "$REPORTS/smoke.json")
    run=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run"] or "")' "$REPORTS/smoke.json")
else # it could not begin: its last lines say why
    if [ "$status" = 2 ]; then light=untestable; fi
    {
        echo "## ∅ $AGAINST: no smoke (exit status $status)"
        echo
        echo '```text'
        tail -n 3 "$REPORTS/log.txt"
        echo '```'
    } > "$REPORTS/smoke.md"
fi
{
    echo "status=$status"
    echo "light=$light"
    echo "run=$run"
} >> "$GITHUB_OUTPUT"
cat "$REPORTS/smoke.md" >> "$GITHUB_STEP_SUMMARY"
