# SPDX-License-Identifier: Apache-2.0
"""The list of what the daemon's default policy refuses, for docs/policy.md."""

from .classes import PRIVILEGED
from .reference import cell

WHEN = {
    "always": "always",
    "user_authority": "unless the user has less authority than tbproxyd's own",
    "user_in_path": "if the path names tbproxyd's own user",
    "user_in_body": "if the body is tbproxyd's own user, or one without less authority",
    "user_in_list": "if the body names tbproxyd's own user",
    "email_in_body": "if the e-mail is that of tbproxyd's own user",
    "id_in_body": "if the body has an id, so that it is not new",
    "key_in_path": "if tbproxyd authenticates with an API key",
    "entity_type_in_path": "if the path names a user",
    "settings_in_path": "if the settings are `jwt`",
    "group_type": "if it is a group of users",
}
LOCAL = ("login", "logout", "refreshToken")  # never forwarded


def text_of_refused(apis):
    """A table with a row for each operation of all documents that is or may be in session or account."""
    rows = {}
    for api in apis:
        for operation in api.operations:
            sets = [one for one in operation.sets if one in PRIVILEGED]
            if sets and operation.id not in LOCAL:
                row = rows.setdefault((operation.path, operation.method, operation.id), {})
                row.update({one: operation.reasons[one] for one in sets}, when=operation.condition)
    lines = ["| operation | request | set | refused | because |", "|---|---|---|---|---|"]
    for (path, method, name), row in sorted(rows.items()):
        sets = [one for one in PRIVILEGED if one in row]
        reasons = dict.fromkeys(row[one] for one in sets)
        lines.append(f"| `{name}` | `{method} {cell(path)}` | {', '.join(sets)} | {WHEN[row['when']]} |"
                     f" {cell('; '.join(reasons))} |")
    return "\n".join(lines) + "\n"
