#!/bin/sh
# make install puts commands, manuals and completion under DESTDIR and PREFIX; make uninstall takes all of it away.
. tests/lib.sh
check 'install' make -s install B="$BUILD" DESTDIR="$tmp/root" PREFIX=/usr
for f in bin/dls-train bin/dls-eval share/man/man1/dls-predict.1 share/man/man5/dls-model.5 share/man/man7/dls-families.7 \
	share/bash-completion/completions/dls-split; do
	check "$f is there" test -s "$tmp/root/usr/$f"
done
check 'an installed command runs' "$tmp/root/usr/bin/dls-train" --version
check 'uninstall' make -s uninstall B="$BUILD" DESTDIR="$tmp/root" PREFIX=/usr
check 'nothing is left' [ -z "$(find "$tmp/root" -type f -o -type l)" ]
