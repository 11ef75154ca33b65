# SPDX-License-Identifier: GPL-2.0
#
# Sums up the logs of scripts/check-part: for each, its results, its time, how much its tests
# tried ("# figure: N WHAT"), and what was skipped, by reason; then what failed in any of them,
# and the sum. Exit status 1 if a test failed, or none ran. A test that fails, or breaks off,
# without a point that fails is a failure of its own.

function point(verdict, name, reason) {
	if (test != "")
		name = name == "" ? test : test ": " name
	if (step != "tests" || name == "")
		name = name == "" ? step : step ": " name
	n[verdict]++
	got[verdict]++
	if (verdict == "failed")
		failures = failures "  FAILED   " part ": " name (reason == "" ? "" : ": " reason) "\n"
	if (verdict != "skipped")
		return
	if (!(reason in skips))
		reasons[++nr_reasons] = reason
	skips[reason] = skips[reason] (skips[reason] == "" ? "" : ", ") name
}

# ok 1 - NAME # SKIP REASON
function leaf(line,    verdict, reason) {
	verdict = line ~ /^not / ? "failed" : "passed"
	sub(/^(not )?ok [0-9]* *(- )?/, "", line)
	if (match(line, /# *SKIP */)) {
		reason = substr(line, RSTART + RLENGTH)
		line = substr(line, 1, RSTART - 1)
		if (verdict == "passed")
			verdict = "skipped"
	}
	sub(/ *(# *)?$/, "", line)
	point(verdict, line, reason)
}

function begin_test(name) {
	test = name
	plan = "none"
	delete got
}

# end_test VERDICT REASON: what a test's exit status and plan add to its points
function end_test(verdict, reason,    all) {
	all = got["passed"] + got["failed"] + got["skipped"]
	if (verdict == "failed" && !got["failed"])
		point("failed", "", "it failed (" reason ")")
	else if (verdict == "skipped" && !all)
		point("skipped", "", "no reason given")
	else if (verdict == "passed" && plan == "none")
		point("failed", "", "no plan")
	else if (verdict != "failed" && plan ~ /^[0-9]+$/ && plan != all)
		point("failed", "", "planned " plan " points, got " all)
	test = ""
}

# Called at the beginning of each step, with its name, and at the end. A step that QEMU broke off must
# be the next one, too.
function end_repeated(next_step) {
	if (repeated != "" && repeated != next_step) {
		step = repeated
		point("failed", "", "the guest died of a fault of QEMU again and again")
		step = ""
	}
	repeated = ""
}

function end_log(    i, verdict) {
	if (step != "")
		point("failed", "", "broken off")
	end_repeated("")
	printf "\n%s%s: %d passed, %d failed, %d skipped\n", part, version, n["passed"], n["failed"], n["skipped"]
	if (took != "")
		print "  took     " took
	for (i = 1; i <= nr_figures; i++)
		printf "%s%d %s%s", i == 1 ? "  tried    " : ", ", figures[names[i]], names[i], i == nr_figures ? "\n" : ""
	if (again != "")
		print "  again    the guest died of a fault of QEMU: " again
	for (i = 1; i <= nr_reasons; i++)
		print "  skipped  " (reasons[i] == "" ? "" : reasons[i] ": ") skips[reasons[i]]
	for (verdict in n)
		total[verdict] += n[verdict]
	step = test = version = took = again = ""
	nr_reasons = nr_figures = 0
	delete n
	delete skips
	delete figures
}

FNR == 1 && NR > 1 { end_log() }

/^== took / { took = substr($0, 9); next }
/^== version / { version = " (Linux " $3 ")"; next }

/^== status / {
	if (ktap && $3 == 98 && ran == planned)
		; # It died at the end.
	else if (ktap && $3 == 98) {
		# The step is repeated from this test on.
		n["passed"] -= got["passed"]
		n["skipped"] -= got["skipped"]
		again = again (again == "" ? "" : ", ") test
		repeated = step
	} else if ($3 != 0 && !ktap)
		point("failed", "", "it failed" (error == "" ? "" : " (" error ")"))
	else if ($3 != 0)
		point("failed", "", ($3 == 99 ? "the kernel reported a bug" : \
			$3 == 124 ? "it did not come back in time" : "exit status " $3) ", see the log")
	else if (ktap && ran != planned)
		point("failed", "", planned " tests were to run, and " ran " ran")
	step = test = ""
	next
}

/^== / {
	part = $2
	sub(/:$/, "", part)
	sub(/^== [^ ]* /, "")
	end_repeated($0)
	step = $0
	ktap = step ~ /^tests$|=/
	planned = -1
	ran = 0
	error = ""
	begin_test("")
	next
}

!ktap {
	if (error == "" && / ([Ee]rror|E): /)
		error = $0
	next
}

/^1\.\./ { planned = substr($0, 4) + 0 }
/^# selftests: / { begin_test(NF > 2 ? $NF : "") }
/^# (not )?ok / { leaf(substr($0, 3)) }
/^# 1\.\./ {
	plan = substr($2, 4)
	if (match($0, /# *SKIP */) && RSTART > 1) {
		point("skipped", "", substr($0, RSTART + RLENGTH))
		plan = "skipped"
	}
}
/^(not )?ok [0-9]+ selftests: / {
	ran++
	reason = $0
	sub(/^[^#]*#? */, "", reason)
	end_test(/^not / ? "failed" : /# SKIP/ ? "skipped" : "passed", reason)
}
match($0, /^(# )+figure: [0-9]+ /) {
	what = substr($0, RSTART + RLENGTH)
	if (!(what in figures))
		names[++nr_figures] = what
	sub(/.*figure: /, "")
	figures[what] += $1
}

END {
	if (NR)
		end_log()
	print ""
	printf "%s%d passed, %d failed, %d skipped\n", failures, total["passed"], total["failed"], total["skipped"]
	exit total["failed"] || !total["passed"]
}
