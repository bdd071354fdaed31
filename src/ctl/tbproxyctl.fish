# SPDX-License-Identifier: Apache-2.0
# fish completion of tbproxyctl(1) and tbproxyd(8): tbproxyctl itself knows what can come next.
function __tbproxyctl_complete
    set -l words (commandline -opc)
    tbproxyctl complete $argv -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c tbproxyctl -f -a '(__tbproxyctl_complete)'
complete -c tbproxyd -f -a '(__tbproxyctl_complete tbproxyd)'
