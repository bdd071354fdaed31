#compdef tbproxyctl tbproxyd
# SPDX-License-Identifier: Apache-2.0
# zsh completion of tbproxyctl(1) and tbproxyd(8): tbproxyctl itself knows what can come next.
_tbproxyctl() {
    local -a found
    found=("${(@f)$(tbproxyctl complete ${service:#tbproxyctl} -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    # No blank after what goes on.
    compadd -S '' -- "${(@M)found:#*[/:=@]}"
    compadd -- "${(@)found:#(|*[\/:=@])}"
}
_tbproxyctl "$@"
