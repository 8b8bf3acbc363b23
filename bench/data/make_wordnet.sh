#!/bin/sh
# Make wordnet.tsv.gz and LICENSE-WordNet.txt from Debian's package wordnet-base.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download wordnet-base && dpkg -x ./*.deb x)
python3 "$here/make_wordnet.py" "$work/x/usr/share/wordnet" "$here/wordnet.tsv.gz"
# The licence is the first paragraph of its kind in the package's copyright file.
sed -n '/^License: WordNet3.0$/,/^$/{/^License:/d;/^$/d;s/^ \.$//;s/^ //;p;}' \
    "$work/x/usr/share/doc/wordnet-base/copyright" >"$here/LICENSE-WordNet.txt"
