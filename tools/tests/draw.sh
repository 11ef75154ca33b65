#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo draw: what is in the drawing of the terminal and in the pictures is compared with the
# listing they are made from, and with the process's maps.

. "$(dirname "$0")/lib.sh"
begin

export LC_ALL=C.UTF-8
unset COLUMNS NO_COLOR

helper() { python3 "$HERE/draw.py" "$@"; }

draw() { vmainfo draw "$@"; }
says() { draw "$@" >"$TMP/out" && { tr '\n' ' ' <"$TMP/out"; echo; } | tee "$TMP/line"; }
# text FILE.pdf
text() { pdftotext -layout "$1" "$TMP/pdf.txt"; }

raw=$CAPTURES/python.raw
maps=$CAPTURES/python.maps

terminal()
{
	COLUMNS=200 draw --from "$raw" --boxes=0 >"$TMP/out" && helper check_terminal "$TMP/out" "$maps"
}

width()
{
	COLUMNS=$1 draw --from "$raw" >"$TMP/out" && helper check_width "$TMP/out" "$1" || return
	COLUMNS=$1 draw --from "$TMP/strange.raw" >"$TMP/out" && helper check_width "$TMP/out" "$1" ||
		return
	COLUMNS=$1 LC_ALL=C draw --from "$raw" >"$TMP/out" && helper check_width "$TMP/out" "$1"
}

counts()
{
	for columns in 48 80 120; do
		COLUMNS=$columns draw --from "$raw" --boxes=20 >"$TMP/out" && cat "$TMP/out" &&
			helper check_counts "$TMP/out" && helper check_width "$TMP/out" $columns ||
			return
	done
}

# The gate page of a 32-bit kernel is in its part, and user space ends below.
gate_page()
{
	for one in "ffff0000-ffff1000 r-xp [vectors] bf000000" "ffffe000-fffff000 r-xp [vdso] c0000000"; do
		# shellcheck disable=SC2086 # four words
		set -- $one
		printf '%s %s 0 0:0 0 %s\n' 8000-9000 r-xp /bin/init be8a0000-be8c1000 rw-p '[stack]' \
			"$1" "$2" "$3" >"$TMP/gate.maps"
		COLUMNS=120 says --from "$TMP/gate.maps" >/dev/null && cat "$TMP/out" &&
			grep -qF "init 2 VMAs, 136 K mapped" "$TMP/line" &&
			grep -qF "User space ends at $4, the kernel's part begins at $4: inferred" "$TMP/line" &&
			grep -qF "$3  the gate page, which is no VMA of the process" "$TMP/out" &&
			grep -q "^ *ffffffff ┌" "$TMP/out" || return
	done
	# The same without a stack that tells where it ends
	printf '8000-9000 r-xp 0 0:0 0 /bin/init\nffff0000-ffff1000 r-xp 0 0:0 0 [vectors]\n' >"$TMP/gate.maps"
	COLUMNS=120 says --from "$TMP/gate.maps" >/dev/null && cat "$TMP/out" &&
		grep -qF "Where user space ends is not known: inferred from the gate page" "$TMP/line" &&
		grep -qF "[vectors]  the gate page" "$TMP/out"
}

# bad_summary LINE TEXT: line LINE of a summary that is otherwise good, if it is this
bad_summary()
{
	sed "$1s/.*/$2/" "$CAPTURES/python.summary" >"$TMP/summary"
	fails 1 "'$TMP/summary' is not a copy of /proc/vmainfo/summary: line $1 is not" \
		draw --from "$raw" --summary "$TMP/summary"
}

strict_summary()
{
	task_size=$(grep -n '^TaskSize:' "$CAPTURES/python.summary" | cut -d: -f1)
	for value in -1 0x7ffffffff000 1000000007ffffffff000 '' 'x' '7ffffffff000x'; do
		bad_summary "$task_size" "TaskSize:	$value" || return
	done
	bad_summary "$task_size" "KernelVmalloc:	ffff800000000000-x	1 kB" &&
		bad_summary "$task_size" "KernelVmalloc:	ffff800000000000--1	1 kB" &&
		bad_summary 1 "" && bad_summary 2 "nothing" || return
	draw --from "$raw" --summary "$CAPTURES/python.summary" >"$TMP/out" &&
		sed "s/\$/$(printf '\r')/" "$CAPTURES/python.summary" | head -c -2 >"$TMP/summary" &&
		draw --from "$raw" --summary "$TMP/summary" | diff "$TMP/out" -
}

ascii()
{
	for file in "$raw" "$TMP/strange.raw"; do
		LC_ALL=C draw --from "$file" --boxes=0 >"$TMP/out" || return
		! LC_ALL=C grep -n '[^ -~]' "$TMP/out" || return
	done
	COLUMNS=200 LC_ALL=C draw --from "$raw" --boxes=0 >"$TMP/out" &&
		helper check_terminal "$TMP/out" "$maps"
}

colours()
{
	esc=$(printf '\033')
	# black on yellow, and what is dangerous
	draw --from "$TMP/strange.raw" --color >"$TMP/out" &&
		grep -q "$esc\\[43;30m r-xp" "$TMP/out" &&
		grep -q "$esc\\[1;101;97m rwxp" "$TMP/out" && grep -q "$esc\\[1;91mW+X" "$TMP/out" &&
		draw --from "$TMP/strange.raw" --color=auto >"$TMP/out" && ! grep -q "$esc" "$TMP/out" &&
		fails 1 "for --color" draw --color=pink
}

# Names are printed without control characters and invalid UTF-8.
strange()
{
	draw --from "$TMP/strange.raw" >"$TMP/out" && ! grep -q "$(printf '\033')" "$TMP/out" &&
		! grep -q "$(printf '\302\233')" "$TMP/out" &&
		iconv -f UTF-8 -t UTF-8 "$TMP/out" >/dev/null && cat "$TMP/out" &&
		grep -q 'evil\\x1b\[31m\\x0aname' "$TMP/out" && grep -q 'größer 日本語日本語' "$TMP/out" &&
		grep -q 'bad\\xff\\xfe utf8  W+X  /tmp' "$TMP/out" && grep -q -- '-w-p' "$TMP/out" &&
		grep -q '│ \[vsyscall\]  the gate page' "$TMP/out" || return
	for type in svg pdf png; do
		draw --from "$TMP/strange.raw" -o "$TMP/strange.$type" || return
	done
	text "$TMP/strange.pdf" && cat "$TMP/pdf.txt" && grep -q 'evil\\x1b\[31m\\x0aname' "$TMP/pdf.txt" &&
		[ "$(grep -c 'W+X' "$TMP/pdf.txt")" = 2 ]
}

groups()
{
	COLUMNS=120 draw --from "$TMP/elf.raw" >"$TMP/out" && cat "$TMP/out" &&
		grep -q '│ libone.so  28 K  with 8 K anonymous, 4 K unmapped in it' "$TMP/out" &&
		[ "$(grep -c 'libone.so' "$TMP/out")" = 1 ] &&
		grep -q '│ *unmapped  *4 K │' "$TMP/out" &&
		grep -q '│ rw-p  *4 K │ libtwo.so  /lib' "$TMP/out" &&
		grep -q '│ rw-p  *64 K │ anonymous' "$TMP/out" &&
		grep -q '│ libthree.so  12 K  with 4 K anonymous  /tmp' "$TMP/out"
}

# --from takes nothing from this machine: what it infers, it says.
elsewhere()
{
	for pair in "arm64:ffff000000000000: inferred from the stack's address: arm64" \
		"x86-64:ffff800000000000: inferred from the stack's address: as on x86-64"; do
		helper make_of "$TMP/of.raw" "${pair%%:*}" &&
			says --from "$TMP/of.raw" && grep -qF "begins at ${pair#*:}" "$TMP/line" &&
			grep -q 'hole: non-canonical' "$TMP/line" || return
	done
	for pair in "32bit:inferred from the addresses: a 32-bit process" \
		"strange:the addresses are like those of no machine known"; do
		helper make_of "$TMP/of.raw" "${pair%%:*}" && says --from "$TMP/of.raw" &&
			grep -qF "Where user space ends is not known: ${pair#*:}" "$TMP/line" &&
			grep -q 'unknown: the rest of user space' "$TMP/line" || return
	done
	helper make_of "$TMP/of.raw" ia32 && says --from "$TMP/of.raw" &&
		grep -qF "User space ends at 100000000: inferred" "$TMP/line" &&
		! says --from "$raw" | grep -q "$(uname -r)"
}

summary()
{
	# As on arm64, where the image is inside of the vmalloc area; and what is not known yet
	printf '%s\n' 'Pid:	4711' 'Code:	-' 'TaskSize:	800000000000' 'KernelVmas:	0' \
		'KernelStart:	ffff000000000000' \
		'KernelDirectMap:	ffff000000000000-ffff000040000000	1048576 kB' \
		'KernelVmalloc:	ffff800080000000-fffffdffc0000000	1 kB' \
		'KernelImage:	ffff800080010000-ffff800082000000	1 kB' \
		'KernelNewThing:	fffffffffff00000-0000000000000000	1 kB' >"$TMP/summary"
	says --from "$TMP/elf.raw" --summary "$TMP/summary" >/dev/null && cat "$TMP/out" &&
		grep -qF 'ends at 800000000000, the kernel' "$TMP/line" &&
		grep -qF 'begins at ffff000000000000: from the module' "$TMP/line" &&
		[ "$(grep -o 'kernel: [a-zN].*' "$TMP/out" | paste -sd, | tr -s ' ')" = \
			'kernel: NewThing,kernel: no known region,kernel: vmalloc, ioremap,kernel: its image,kernel: vmalloc, ioremap,kernel: no known region,kernel: direct map of all memory' ] &&
		grep -q '^ffff800080010000 ├' "$TMP/out" || return
	# Of the guest that the captures are from; the gate page is not a VMA.
	vmas=$(grep -vc '^ffffffffff600000-' "$maps")
	says --from "$raw" --summary "$CAPTURES/python.summary" >/dev/null &&
		grep -q '^python3 (pid [0-9]*) '"$vmas VMAs" "$TMP/line" &&
		grep -q "User space ends at $(sed -n 's/^TaskSize:.//p' "$CAPTURES/python.summary")" \
			"$TMP/line" &&
		fails 1 'it does not say where user space ends' draw --from "$raw" --summary "$maps" &&
		fails 1 'is not a copy of /proc/vmainfo/summary: it is too long' \
			limited 60 vmainfo draw --from "$raw" --summary /dev/zero &&
		fails 1 'cannot open' draw --from "$raw" --summary "$TMP/none" &&
		fails 1 '--summary is for --from' draw --summary "$TMP/summary"
}

pdf()
{
	draw --from "$raw" --title 'A title of "mine"' -o "$TMP/x.pdf" && text "$TMP/x.pdf" &&
		helper check_text "$TMP/pdf.txt" "$maps" 'A title of "mine"' &&
		pdfinfo "$TMP/x.pdf" >"$TMP/info" && grep -q '^Pages: *1$' "$TMP/info" &&
		grep -q '^Title: *A title of "mine"$' "$TMP/info"
}

svg()
{
	draw --from "$raw" -o "$TMP/x.svg" && helper check_svg "$TMP/x.svg" "$maps"
}

png()
{
	draw --from "$raw" --columns=1 --scale=1 --boxes=0 -o "$TMP/x.PNG" &&
		helper check_png "$TMP/x.PNG"
}

many()
{
	limited 120 vmainfo draw --from "$TMP/many.raw" >"$TMP/out" &&
		helper check_many "$TMP/out" || return
	for type in svg png pdf; do
		limited 120 vmainfo draw --from "$TMP/many.raw" -o "$TMP/many.$type" || return
		[ "$(wc -c <"$TMP/many.$type")" -lt 4000000 ] || return
	done
	text "$TMP/many.pdf" && grep -q 'of the VMAs are merged with small neighbours' "$TMP/pdf.txt"
}

# Without merging it is drawn as well, or said that it cannot be.
all_of_many()
{
	draw --from "$TMP/many.raw" --boxes=0 >"$TMP/out" &&
		[ "$(grep -cE '│ (r--|rw-|rwx)p' "$TMP/out")" = 60001 ] &&
		fails 1 'too high for .png' draw --from "$TMP/many.raw" --boxes=0 -o "$TMP/huge.png" &&
		[ ! -e "$TMP/huge.png" ]
}

bad_arguments()
{
	fails 1 'does not end in .html, .svg, .png or .pdf' draw --from "$raw" -o "$TMP/x.jpg" &&
		fails 1 'does not end in .html, .svg, .png or .pdf' draw --from "$raw" -o "$TMP/png" &&
		[ ! -e "$TMP/x.jpg" ] && [ ! -e "$TMP/png" ] &&
		fails 1 'not both' draw --from "$raw" 1 &&
		fails 1 'one process at a time' draw 1 2 &&
		fails 1 'invalid number of boxes' draw --boxes=-1 &&
		fails 1 'invalid number of columns' draw --columns=13 &&
		fails 1 'invalid scale' draw --scale=0 &&
		fails 1 'cannot open' draw --from "$TMP/none"
}

# A capture of a kernel thread has no VMAs, and nothing tells of which machine it is.
no_vmas()
{
	helper make_empty "$TMP/empty.raw" && COLUMNS=100 says --from "$TMP/empty.raw" >/dev/null && cat "$TMP/out" &&
		grep -qF '0 VMAs, 0 B mapped' "$TMP/line" && grep -q '^ *ffffffffffffffff ┌' "$TMP/out" &&
		grep -q '16 E ≈ unknown: the rest of user space' "$TMP/out" || return
	for type in svg pdf png html; do
		draw --from "$TMP/empty.raw" -o "$TMP/empty.$type" || return
	done
}

# Without vmainfo-draw a picture is an error before anything is read, and PATH is not searched.
no_helper()
{
	mkdir -p "$TMP/alone" "$TMP/path" && cp "$VMAINFO" "$TMP/alone/" || return
	printf '#!/bin/sh\ntouch "%s"\n' "$TMP/found" >"$TMP/path/vmainfo-draw"
	chmod +x "$TMP/path/vmainfo-draw"
	(
		cd "$TMP/path" && PATH=$TMP/path:$PATH &&
			fails 1 'install the package vmainfo-draw' \
				"$TMP/alone/vmainfo" draw --from "$TMP/none" -o "$TMP/alone.svg"
	) && [ ! -e "$TMP/found" ] && [ ! -e "$TMP/alone.svg" ] &&
		"$TMP/alone/vmainfo" draw --from "$raw" >"$TMP/out" && grep -q '\[stack\]' "$TMP/out"
}

# It is found where "make install" puts it, below any prefix, and gets all arguments and stdin.
installed_helper()
{
	mkdir -p "$TMP/usr/bin" "$TMP/usr/libexec/vmainfo" && cp "$VMAINFO" "$TMP/usr/bin/" &&
		cp "$VMAINFO-draw" "$TMP/usr/libexec/vmainfo/" && ln -s usr/bin/vmainfo "$TMP/link" &&
		draw --from "$raw" --title 'a  "b"' --columns 2 -o "$TMP/built.svg" &&
		"$TMP/link" draw --from - --title 'a  "b"' --columns 2 -o "$TMP/installed.svg" <"$raw" &&
		cmp "$TMP/built.svg" "$TMP/installed.svg" && grep -q '<svg' "$TMP/built.svg"
}

live()
{
	sleeper sleep && says --quiet "$pid" && grep -q "^sleep (pid $pid) " "$TMP/line" &&
		grep -q "$(uname -r) on $(uname -m)" "$TMP/line" && grep -q '\[stack\]' "$TMP/line" &&
		says --quiet && grep -q "^vmainfo (pid [0-9]*) .*│ vmainfo " "$TMP/line"
}

helper make_strange "$TMP/strange.raw"
helper make_many "$TMP/many.raw"
helper make_elf "$TMP/elf.raw"

result "terminal: every VMA, file, gap and address in order" terminal
for columns in 60 80 200; do
	result "terminal: fits COLUMNS=$columns" width "$columns"
done
result "terminal: sizes and counts are not cut" counts
result "the gate page of a 32-bit kernel" gate_page
result "--summary: what is not one" strict_summary
result "terminal: ASCII in the locale C" ascii
result "terminal: --color" colours
result "hostile names escaped" strange
result "groups: segments, gaps between them and .bss" groups
result "listing of another architecture" elsewhere
result "--summary: kernel regions drawn" summary
result "pdf: title, files, gaps, addresses" pdf
result "svg: a rectangle of the right colour for each VMA, in their order" svg
result "png: name in any case, size" png
result "60,000 VMAs: merged without loss" many
result "60,000 VMAs: --all draws each" all_of_many
result "no VMAs" no_vmas
result "bad arguments rejected" bad_arguments
result "pictures need vmainfo-draw" no_helper
result "pictures with vmainfo-draw installed" installed_helper
result "live processes drawn" live
finish
