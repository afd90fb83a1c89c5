#!/usr/bin/env bash
# Keeps one issue up to date: opened when a smoke is not green, brought up to date while it is not, closed when it is.
#
# LIGHT of the smoke, AGAINST snapshot, LABEL of the issue, PAGE address of the job, REPORTS folder with smoke.md;
# GH_TOKEN and GH_REPO for gh.
set -euo pipefail

title="Smoke of $AGAINST is $LIGHT"
number=$(gh issue list --label "$LABEL" --state open --limit 200 --json number,body \
    --jq "[.[] | select(.body | contains(\"<!-- mbisect smoke $AGAINST -->\"))] | first | .number // empty")

if [ "$LIGHT" = green ]; then
    if [ -n "$number" ]; then
        gh issue close "$number" --comment "It is green again: $PAGE"
    fi
    exit 0
fi

body=$(mktemp)
trap 'rm -f "$body"' EXIT
{
    head -c 60000 "$REPORTS/smoke.md" # GitHub takes 65,536 characters
    printf '\n\n%s\n\n<!-- mbisect smoke %s -->\n' "The job, with its reports: $PAGE" "$AGAINST"
} > "$body"

if [ -z "$number" ]; then
    gh label create "$LABEL" --description "Kept up to date by mbisect smoke" --force > /dev/null
    gh issue create --title "$title" --label "$LABEL" --body-file "$body"
else
    gh issue edit "$number" --title "$title" --body-file "$body"
    gh issue comment "$number" --body "Still $LIGHT: $PAGE"
fi
