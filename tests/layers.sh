#!/bin/bash
# The house rules that a machine can check: an include never points up, only
# cli/ prints, files stay small, no registry's host stands anywhere.
cd "$(dirname "$0")/.." || exit 1
status=0
complain() {
	echo "layers: $1" >&2
	status=1
}
files() { git ls-files --cached --others --exclude-standard "$@"; }

declare -A may=([base]="base" [format]="base format" [plan]="base format plan"
	[build]="base format plan build" [ship]="base format plan ship"
	[cli]="base format plan build ship cli")
for layer in "${!may[@]}"; do
	while IFS=: read -r file line text; do
		target=
		[[ $text =~ '#include "'([a-z]*)/ ]] && target=${BASH_REMATCH[1]}
		if [ -z "$target" ]; then
			complain "$file:$line: include with the folder: $text"
		elif [[ " ${may[$layer]} " != *" $target "* ]]; then
			complain "$file:$line: $layer must not include $target: $text"
		fi
	done < <(files "orchestrator/$layer/*.c" "orchestrator/$layer/*.h" |
		xargs -r grep -nH '#include "' | grep -v 'orchestrator/build/wrapper/')
done

# stdout and stderr belong to cli/; the compiler wrapper is a program of its own.
printing='\b(printf|puts|putchar|vprintf|g_print|g_printerr|perror)\('
printing+='|\bfprintf\((stdout|stderr)|\bfputs\([^;]*, *(stdout|stderr)\)'
while IFS= read -r hit; do
	complain "only cli/ prints: $hit"
done < <(files 'orchestrator/*.c' | grep -Ev '^orchestrator/(cli|build/wrapper)/' |
	xargs -r grep -nHE "$printing" | grep -vE '_(v?printf|puts)\(')

while IFS= read -r file; do
	size=$(stat -c %s "$file" 2>/dev/null || echo 0)
	[ "$size" -le 40960 ] || complain "$file has $size bytes; 40960 is the limit"
done < <(files 'orchestrator/*.c' 'orchestrator/*.h' 'orchestrator/*.py')

# Without that line its tests are there for ctest, and pass by doing nothing.
while IFS= read -r file; do
	tail -n 5 "$file" | grep -qE '^ *(xt\.)?main\(' ||
		complain "$file does not end in xt.main()"
done < <(files 'tests/*/test_*.py')

# It holds the crate registry's host; crates are in a recipe's own lock.
while IFS= read -r file; do
	complain "$file: a Cargo.lock is never committed"
done < <(files | grep -E '(^|/)Cargo\.lock$')

# A URL in the repository names an example, this machine, a registry that DESIGN
# allows by name (container images), or the identifier of a format; never a place
# to fetch from.
allowed='(([a-z0-9.-]+\.)?example(\.(org|com|net))?|([a-z0-9-]+\.)*(test|invalid)|'
allowed+='127\.1|192\.0\.2\.[0-9]+|198\.51\.100\.[0-9]+|203\.0\.113\.[0-9]+|127\.0\.0\.1|localhost|\[::1\]|(quay|ghcr)\.io|(index\.)?docker\.io|(www\.)?w3\.org|'
allowed+='json-schema\.org|packaging\.python\.org|peps\.python\.org|cyclonedx\.org|'
allowed+='in-toto\.io|slsa\.dev|docs\.oasis-open\.org|bford\.info)'
while IFS= read -r hit; do
	complain "names a host: $hit"
done < <(files | grep -vE '\.(deb|whl|gz|xz|zst|png|so|o|gpg)$|^tests/(fuzz/corpus|fixtures)/' |
	tr '\n' '\0' | xargs -0 -r grep -nHIoE 'https?://[][A-Za-z0-9.@%*_-]+' |
	grep -viE "https?://([^/@]*@)?$allowed\$" |
	grep -vE 'https?://[^.]*$|https?://(%s|\.|_)')
exit $status
