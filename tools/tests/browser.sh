#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The page of vmainfo draw -o FILE.html in chromium, without a window. What the page shows and does
# is compared with the captures that the page was made of.

. "$(dirname "$0")/lib.sh"
begin
needs chromium chromedriver

check pixels "to scale: each pixel has the colour of its address"
check hover "logarithmic: each pixel has the colour of the VMA that its text names, and no VMA is missing"
check search "search by name, kind and address"
check zoom "zoom with the wheel, keys and buttons, down to a page"
check table "table: all VMAs, keys, sorting"
check diff "two captures: both columns, and the changes of diff"
check hostile "hostile names are shown as text"
check unusual "no VMAs, 32-bit, copies of maps, and two without a common VMA"
check many "65,530 VMAs: few elements, and each VMA is found"
check offline "loads nothing, and its policy refuses all requests"
check dark "light and dark"
check narrow "a narrow screen, with two device pixels per CSS pixel"
check keyboard "all controls can be reached with the keyboard, and have names"
finish
