#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which process a name means, and what is seen without the module of one whose main thread has
# exited, and of what kind its VMAs are.

. "$(dirname "$0")/lib.sh"
begin
check script "NAME of a script found"
check program "NAME of a program found"
check prefix "NAME longer than comm: processes with the same beginning told apart"
check argument "NAME in an argument not found"
check same_name "comm of any bytes: why and top agree in any locale"
check name_of_threads "NAME found after the main thread exited"
as_root "NAME: only cmdline of processes with that comm read" own_proc python3 "$HERE/process.py" stuck
as_root "gate pages of all architectures not counted" own_proc python3 "$HERE/process.py" gate
check long_line "line of maps of two megabytes: VMA shown without its name"
check threads_show "main thread exited: show"
check threads_top "main thread exited: top"
check threads_export "main thread exited: export"
check threads_watch "main thread exited: watch"
as_root "kinds: files of mounted file systems" python3 "$HERE/process.py" mounted
check memory "kinds: devices, and memory without a path"
finish
