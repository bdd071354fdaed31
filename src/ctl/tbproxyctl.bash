# SPDX-License-Identifier: Apache-2.0
# bash completion of tbproxyctl(1): the program itself knows what can come next.
_tbproxyctl() {
    mapfile -t COMPREPLY < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _tbproxyctl tbproxyctl
