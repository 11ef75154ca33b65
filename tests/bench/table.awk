# SPDX-License-Identifier: GPL-2.0
#
# Makes a table of what bench has printed, a name and a number each line.
# "times": the peer's value divided by ours. "walks": our value divided by that
# of a bare walk over the same VMAs. A row is omitted if its numbers are
# missing: it belongs to another kernel.
#
# kept=FILE names the file of kept figures. Rows whose value is more than 3 %
# above the kept one are listed below the table, and the exit status is 1. With
# new=FILE, the figures to keep are written there, and nothing is compared.

BEGIN {
	while (kept && (getline figure < kept) > 0)
		if (split(figure, field) == 3)
			kept_value[field[1], field[2]] = field[3]
}

{ value[$1] = $2 }

$1 ~ /^kernel\./ { kernel = substr($1, 8); version = $2 }

function line(what, peer, a, b, times, wanted, walks) {
	printf "%-45s %-27s %9s %9s %6s %6s %6s\n", what, peer, a, b, times, wanted, walks
}

# row WHAT PEER OURS THEIRS WANTED FORMAT: peer / ours shall be at least WANTED,
# if that is not ""
function row(what, peer, ours, theirs, wanted, form,    times, target, walks, mark) {
	if (!(ours in value) || !(theirs in value))
		return
	times = value[theirs] / value[ours]
	target = ours
	sub(/\..*/, "", target)
	if (form == "%.0f" && (target ".walk") in value)
		walks = sprintf("%.1f", value[ours] / value[target ".walk"])
	mark = wanted == "" || times >= wanted ? "" : " <"
	line(what, peer, sprintf(form, value[ours]), sprintf(form, value[theirs]),
	     sprintf("%.2f", times), wanted mark, walks)
	if (ours in figures)
		return
	figures[ours] = value[ours]
	if ((kernel, ours) in kept_value && value[ours] > 1.03 * kept_value[kernel, ours])
		worse = worse sprintf("%-45s %9s, and was " form " (%+.1f %%)\n", what,
			sprintf(form, value[ours]), kept_value[kernel, ours],
			100 * value[ours] / kept_value[kernel, ours] - 100)
}

END {
	printf "Linux %s (%s)\n\n", version, kernel
	# The targets are lower for 6.1 and older kernels.
	old = version ~ /^(5|6\.1)\./
	line("", "peer", "vmainfo", "peer", "times", "wanted", "walks")
	if ("anon60000.maps" in value || "small35.maps" in value)
		print "instructions per VMA"
	row("maps, 60,000 anonymous VMAs", "/proc/PID/maps", "anon60000.ours", "anon60000.maps", old ? 3.2 : 3.5, "%.0f")
	row("maps, 60,000 VMAs of 7,500 files", "/proc/PID/maps", "files60000.ours", "files60000.maps", 2.5, "%.0f")
	row("maps, 60,000 VMAs of two files alternating", "/proc/PID/maps", "alternating60000.ours", "alternating60000.maps", 2, "%.0f")
	row("maps, 1,000 anonymous VMAs", "/proc/PID/maps", "anon1000.ours", "anon1000.maps", 2, "%.0f")
	row("maps, a process of 35 VMAs", "/proc/PID/maps", "small35.ours", "small35.maps", 1, "%.0f")
	row("maps, a process of 35 VMAs, by itself", "/proc/PID/maps", "small35.self_ours", "small35.self_maps", 1.5, "%.0f")
	row("raw, 60,000 anonymous VMAs", "/proc/PID/maps", "anon60000.raw", "anon60000.maps", old ? 7 : 8, "%.0f")
	row("raw, 60,000 anonymous VMAs", "the same, sscanf as in pmap", "anon60000.raw", "anon60000.maps_sscanf", "", "%.0f")
	row("raw, 60,000 anonymous VMAs", "PROCMAP_QUERY in a loop", "anon60000.raw", "anon60000.maps_query", 8, "%.0f")
	row("raw, 60,000 anonymous VMAs", "BPF task_vma iterator", "anon60000.raw", "anon60000.bpf", 4, "%.0f")
	row("raw, 60,000 VMAs of 7,500 files", "/proc/PID/maps", "files60000.raw", "files60000.maps", 8, "%.0f")
	row("raw, 60,000 VMAs of two files alternating", "/proc/PID/maps", "alternating60000.raw", "alternating60000.maps", 8, "%.0f")
	row("raw, 1,000 anonymous VMAs", "/proc/PID/maps", "anon1000.raw", "anon1000.maps", "", "%.0f")
	row("raw, a process of 35 VMAs", "/proc/PID/maps", "small35.raw", "small35.maps", 1, "%.0f")
	row("raw, a process of 35 VMAs, by itself", "/proc/PID/maps", "small35.self_raw", "small35.self_maps", 1.5, "%.0f")
	row("raw, 60,000 into an array of structs", "/proc/PID/maps, parsed", "anon60000.raw_parse", "anon60000.maps_parse", 8, "%.0f")
	row("raw, 600 executables of files of 60,000", "/proc/PID/maps", "exec60000.raw_exec", "exec60000.maps", 30, "%.1f")
	row("raw, 600 executables of files of 60,000", "/proc/PID/maps, parsed", "exec60000.raw_exec", "exec60000.maps_parse", "", "%.1f")
	row("raw, 600 executables of files of 60,000", "the same, sscanf as in pmap", "exec60000.raw_exec", "exec60000.maps_sscanf", 150, "%.1f")
	row("vmas, 60,000 anonymous VMAs", "/proc/PID/maps", "anon60000.ours_vmas", "anon60000.maps", 1, "%.0f")
	row("vmas, 60,000 VMAs of 7,500 files", "/proc/PID/maps", "files60000.ours_vmas", "files60000.maps", 1, "%.0f")
	row("vmas, 60,000 VMAs of two files alternating", "/proc/PID/maps", "alternating60000.ours_vmas", "alternating60000.maps", 1, "%.0f")
	row("vmas, 1,000 anonymous VMAs", "/proc/PID/maps", "anon1000.ours_vmas", "anon1000.maps", 1, "%.0f")
	row("vmas, a process of 35 VMAs", "/proc/PID/maps", "small35.ours_vmas", "small35.maps", 1, "%.0f")
	row("vmas, a process of 35 VMAs, by itself", "/proc/PID/maps", "small35.self_ours_vmas", "small35.self_maps", 1, "%.0f")
	row("PROCMAP_QUERY, one, of 60,000 anonymous VMAs", "/proc/PID/maps", "anon60000.ours_query_one", "anon60000.maps_query_one", 1.1, "%.0f")
	row("PROCMAP_QUERY, one, of 60,000 VMAs of files", "/proc/PID/maps", "files60000.ours_query_one", "files60000.maps_query_one", 1.1, "%.0f")
	row("raw, of an address, 1,000 in a filter", "PROCMAP_QUERY of each", "exec60000.filter_addresses", "exec60000.query_addresses", 4, "%.0f")
	row("raw, the same in 60,000 VMAs of 7,500 files", "PROCMAP_QUERY of each", "files60000.filter_addresses", "files60000.query_addresses", "", "%.0f")
	row("maps, 1,000,000 anonymous VMAs", "vmainfo, 1,000", "anon1000000.ours", "anon1000.ours", 0.91, "%.0f")
	row("raw, 1,000,000 anonymous VMAs", "vmainfo, 1,000", "anon1000000.raw", "anon1000.raw", 0.91, "%.0f")
	if ("procs.maps" in value)
		print "instructions per process, to know how many VMAs each has"
	row("procs, 500 processes of 1,000 VMAs", "wc -l of /proc/PID/maps", "procs.ours", "procs.maps", 100, "%.0f")
	if ("anon60000.ours_hold" in value) {
		print "nanoseconds under mmap_lock per VMA, of 60,000"
		# From 7.x on neither takes it: the rest is page faults.
		if (value["anon60000.maps_hold"] > 1)
			row("maps", "/proc/PID/maps, the sum", "anon60000.ours_hold", "anon60000.maps_hold", 6, "%.1f")
		else
			line("maps", "/proc/PID/maps, the sum", value["anon60000.ours_hold"],
			     value["anon60000.maps_hold"], "", "", "")
	}
	if ("anon60000.memory" in value) {
		print "bytes per VMA while a snapshot is held, of 60,000"
		value["64"] = 64
		row("anonymous", "at most", "anon60000.memory", "64", 1, "%.1f")
		row("of 7,500 files, with their names", "at most, without names", "files60000.memory", "64", "", "%.1f")
		row("of two files alternating", "at most", "alternating60000.memory", "64", 1, "%.1f")
	}
	if ("writer.nobody_ops" in value) {
		print "a target of 60,000 VMAs that maps and unmaps while it is listed without end"
		new = version ~ /^([7-9]|[1-9][0-9])\./
		value["writer.ours_us"] = 1e6 / value["writer.ours_ops"]
		value["writer.maps_us"] = 1e6 / value["writer.maps_ops"]
		value["writer.allowed"] = 250 + value["writer.nobody_max"]
		row("microseconds of an operation: maps", "/proc/PID/maps", "writer.ours_us", "writer.maps_us", new ? "" : 1, "%.1f")
		row("the longest", "max_hold_us + nobody's", "writer.ours_max", "writer.allowed", 1, "%.0f")
		row("99 of 100 are faster: with max_hold_us=25", "/proc/PID/maps", "writer.ours25_p99", "writer.maps_p99", new ? "" : 1, "%.1f")
		row("99 of 100 are faster", "nobody lists", "writer.ours_p99", "writer.nobody_p99", new ? 0.91 : "", "%.1f")
	}
	if (new) {
		for (ours in figures)
			print kernel, ours, figures[ours] >new
	} else if (worse) {
		printf "\nworse by more than 3 %% than in %s:\n%s", kept, worse
	}
	print ""
	exit !new && worse != ""
}
