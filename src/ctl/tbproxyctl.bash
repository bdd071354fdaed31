# SPDX-License-Identifier: Apache-2.0
# bash completion of tbproxyctl(1) and tbproxyd(8): tbproxyctl itself knows what can come next.
# Bash splits words at "=", ":" and "@", too, and replaces only the last part; so the line is split again here.
_tbproxyctl() {
    local words part candidate IFS=$' \t\n'
    # Without -r, because a backslash keeps a blank in a word.
    # shellcheck disable=SC2162
    read -a words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:blank:]] ]] && words+=("")
    part=${COMP_WORDS[COMP_CWORD]//\\/}
    [[ $part == [=:@] ]] && part=
    local kept=${words[-1]%"$part"}
    COMPREPLY=()
    while IFS= read -r candidate; do
        printf -v candidate %q "${candidate#"$kept"}"
        COMPREPLY+=("$candidate")
    done < <("$@" -- "${words[@]:1}" 2>/dev/null)
    [[ ${COMPREPLY-} == *[/:=@] ]] && compopt -o nospace 2>/dev/null
}
# The name as it was typed: with "~", for example.
_tbproxyctl_ctl() { _tbproxyctl "${1/#\~\//$HOME/}" complete; }
_tbproxyctl_daemon() { _tbproxyctl tbproxyctl complete tbproxyd; }
complete -F _tbproxyctl_ctl tbproxyctl
complete -F _tbproxyctl_daemon tbproxyd
