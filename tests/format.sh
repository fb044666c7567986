#!/bin/bash
# clang-format agrees with every C file. The result differs a little between its
# versions, so only the one the style was made with judges.
cd "$(dirname "$0")/.." || exit 1
tool=$(command -v clang-format-14 || command -v clang-format) || {
	echo "format: clang-format is not installed"
	exit 77
}
"$tool" --version | grep -q 'version 14\.' || {
	echo "format: $("$tool" --version) is not version 14"
	exit 77
}
bad=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' |
	grep -v '^tests/fixtures/' | xargs "$tool" --dry-run 2>&1 |
	grep -oE '^[^ :]+\.[ch]:' | tr -d : | sort -u)
[ -z "$bad" ] && exit 0
echo "not in the style of .clang-format; run: clang-format -i" $bad >&2
exit 1
