# SPDX-License-Identifier: Apache-2.0
# Makes the manual page tbproxyd.conf(5) from etc/tbproxyd.conf, which is made from the option table.
function text(line) {
	gsub(/\\/, "\\e", line)
	gsub(/-/, "\\-", line)
	# Each word on a line of its own: no line is too long, and a sentence ends a line.
	gsub(/ /, "\n", line)
	sub(/^[.']/, "\\\\\\&&", line)
	gsub(/\n[.']/, "\n\\\\\\&&", line)
	gsub(/\\&\n/, "\\\\\\&", line)
	return line
}

BEGIN {
	print ".\\\" SPDX-License-Identifier: Apache-2.0"
	print ".\\\" Made from the option table by docs/conf5.awk."
	print ".TH TBPROXYD.CONF 5 2026-11-29 tbproxyd \"File Formats\""
	while ((getline line < intro) > 0)
		print line
}

/^[a-z_]+ = \{$/ {
	section = $1
	print ".SS " section
}

/^    # [a-z_0-9]+ = .*;$/ {
	name = $2
	value = $0
	sub(/^    # [a-z_0-9]+ = /, "", value)
	sub(/;$/, "", value)
	gsub(/"/, "\\(dq", value)
	gsub(/-/, "\\-", value)
	print ".TP"
	print ".BR " section "." name " \" = " value "\""
	for (i = 1; i <= count; i++)
		print text(lines[i])
	count = 0
	next
}

/^    # / { lines[++count] = substr($0, 7) }

END {
	while ((getline line < outro) > 0)
		print line
}
