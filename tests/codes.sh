#!/bin/bash
# base/codes.def against the sources: every code used is explained, every code
# explained is used, each stands there once.
cd "$(dirname "$0")/.." || exit 1
def=orchestrator/base/codes.def
known=$(grep -oE '^CODE\(X[0-9]{4}' "$def" | cut -c6-)
used=$(git ls-files --cached --others --exclude-standard 'orchestrator/*.c' 'orchestrator/*.h' \
	'orchestrator/*.py' | xargs grep -hoE '"X[0-9]{4}"|\[X[0-9]{4}\]' | tr -d '"[]' | sort -u)
status=0
twice=$(sort <<<"$known" | uniq -d)
[ -z "$twice" ] || { echo "codes: twice in $def:" $twice >&2; status=1; }
missing=$(comm -13 <(sort -u <<<"$known") <(echo "$used"))
unused=$(comm -23 <(sort -u <<<"$known") <(echo "$used"))
[ -z "$missing" ] || { echo "codes: used, not in $def:" $missing >&2; status=1; }
[ -z "$unused" ] || { echo "codes: in $def, not used:" $unused >&2; status=1; }
exit $status
