#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo draw -o FILE.html: the data in the page. What it shows and does is in browser.sh.

. "$(dirname "$0")/lib.sh"
begin

raw=$CAPTURES/python.raw

# Unlike pictures, it needs no other program.
alone()
{
	mkdir "$TMP/alone" && cp "$VMAINFO" "$TMP/alone/" &&
		"$TMP/alone/vmainfo" draw --from "$raw" -o "$TMP/alone/page.HTML" &&
		[ "$(stat -c %a "$TMP/alone/page.HTML")" = 600 ]
}

bad_before()
{
	fails 1 "--before is for -o FILE.html" vmainfo draw --from "$raw" --before "$raw" &&
		fails 1 "--before is for -o FILE.html" \
			vmainfo draw --from "$raw" --before "$raw" -o "$TMP/x.svg" &&
		fails 1 "only one of the two can be stdin" \
			vmainfo draw --from - --before - -o "$TMP/x.html" &&
		fails 1 "cannot open '$TMP/none'" \
			vmainfo draw --from "$raw" --before "$TMP/none" -o "$TMP/x.html" &&
		[ ! -e "$TMP/x.svg" ] && [ ! -e "$TMP/x.html" ]
}

live()
{
	vmainfo save -q $$ "$TMP/before.raw" &&
		vmainfo draw -q --before "$TMP/before.raw" -o "$TMP/live.html" $$ &&
		check_live "$TMP/live.html"
}
check_live() { python3 "$HERE/web.py" live "$1" $$; }

result "written without vmainfo-draw, with mode 0600" alone
result "--before without a page rejected" bad_before
result "a live process, and what has changed in it" live
check data "every VMA of the capture is in the data"
check hostile_data "hostile names stay texts in the data"
finish
